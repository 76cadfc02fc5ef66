"""Files of the journal: written whole or not at all, and judged without a server."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from guard.core.audit_chain import GENESIS
from guard.core.audit_export import (
    COLUMNS,
    ExportForm,
    Manifest,
    cells_of,
    line_of,
    row_of_cells,
    row_of_line,
)
from guard.core.audit_verdict import Break, BreakKind, verify_chain
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from guard.core.audit_chain import ChainKeys, ChainRow
    from guard.core.audit_verdict import Verdict

__all__ = ["judge_file", "write_rows"]

csv.field_size_limit(2**20)


def write_rows(
    target: Path, form: ExportForm, rows: Iterable[ChainRow], *, keys: ChainKeys, by: str, at: float
) -> Manifest:
    """Write rows to a new file, and the manifest beside it. What an error leaves half is deleted.

    Raises:
        InvalidRequest: a file is there already, or cannot be made.
    """
    beside = _manifest_of(target)
    for path in (target, beside):
        if _is_there(path):
            raise InvalidRequest(f"{str(path)!r} is there already: nothing was written")
    count, first, last, digest = 0, None, None, sha256()
    try:
        with _new(target) as file:
            for text, row in _texts(form, rows):
                data = text.encode()
                file.write(data)
                digest.update(data)
                if row is None:
                    continue
                count += 1
                if row.number is not None:
                    first, last = first or row, row
        manifest = Manifest(
            form=form.value,
            sha256=digest.hexdigest(),
            rows=count,
            first=first.number if first else None,
            last=last.number if last else None,
            link=str(last.link) if last else GENESIS,
            begins_after=(first.number or 1) - 1 if first else 0,
            previous=str(first.previous) if first else GENESIS,
            made_at=at,
            made_by=by,
        ).with_seal(keys)
        with _new(beside) as file:
            file.write((json.dumps(manifest.to_dict(), indent=2) + "\n").encode())
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return manifest


def judge_file(path: Path, keys: ChainKeys) -> Verdict:
    """Judge a file by its manifest, row by row.

    Raises:
        InvalidRequest: the file or its manifest cannot be read, or is something else.
    """
    manifest = Manifest.of_text(_read(_manifest_of(path)).decode("utf-8", "replace"))
    data = _read(path)
    found: list[Break] = []
    fits = keys.fits(manifest.seal, manifest.payload)
    if fits is None:
        found.append(_wrong(BreakKind.UNKNOWN_KEY, "the manifest was sealed with a key that is not here"))
    elif not fits or (keys.signs and manifest.seal.startswith("plain:")):
        found.append(_wrong(BreakKind.CHANGED, "the manifest is forged, changed, or not signed"))
    verdict = verify_chain(_rows(data, manifest.form), ends=manifest.ends, keys=keys)
    if sha256(data).hexdigest() != manifest.sha256 and verdict.intact:
        found.append(_wrong(BreakKind.CHANGED, "the file is not the one that the manifest describes"))
    return replace(verdict, breaks=(*found, *verdict.breaks))


def _manifest_of(path: Path) -> Path:
    if not path.name:  # an empty path is the working folder
        raise InvalidRequest(f"{str(path)!r} is no file: give a file's name")
    return path.with_name(f"{path.name}.manifest.json")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:  # a name that is too long, say
        raise InvalidRequest(f"{str(path)[:200]!r} cannot be made: {error.strerror}") from error


def _new(path: Path) -> io.FileIO:
    try:
        return io.FileIO(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")
    except OSError as error:
        raise InvalidRequest(f"{str(path)!r} cannot be made: {error.strerror}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidRequest(f"{str(path)!r} cannot be read: {error.strerror}") from error


def _texts(form: ExportForm, rows: Iterable[ChainRow]) -> Iterator[tuple[str, ChainRow | None]]:
    if form is ExportForm.CSV:
        yield _csv(list(COLUMNS)), None
    for row in rows:
        time = _time(row.at)
        yield (line_of(row, time) + "\n" if form is ExportForm.JSONL else _csv(cells_of(row, time))), row


def _csv(cells: list[str]) -> str:
    held = io.StringIO()
    csv.writer(held, lineterminator="\r\n").writerow(cells)
    return held.getvalue()


def _time(at: object) -> str:
    try:
        return datetime.fromtimestamp(float(str(at)), UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return ""


def _rows(data: bytes, form: str) -> Iterator[ChainRow]:
    text = data.decode("utf-8", "replace")
    if form == ExportForm.CSV:
        cells = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            if next(cells, None) != list(COLUMNS):
                raise InvalidRequest("the file does not begin with the names of its columns")
            yield from (row_of_cells(one) for one in cells)
        except csv.Error as error:
            raise InvalidRequest("the file is no CSV any more") from error
    else:
        yield from (row_of_line(line) for line in text.split("\n") if line)


def _wrong(kind: BreakKind, text: str) -> Break:
    return Break(kind=kind, seq=None, number=None, text=text)
