"""The journal as a file that proves itself: one row a line, and a manifest beside it.

A CSV cell that a spreadsheet would take for a formula gets an apostrophe before it, and so does one that
begins with an apostrophe; reading takes exactly that one away, so both forms hold the same rows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.audit_chain import ChainRow, Ends, Head
from guard.core.plain import read_json
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from guard.core.audit_chain import ChainKeys

__all__ = ["COLUMNS", "ExportForm", "Manifest", "cells_of", "line_of", "row_of_cells", "row_of_line"]

COLUMNS = ("seq", "time", "actor", "action", "epoch", "outcome", "detail", "number", "previous", "link", "at")
"""`time` is for people; `at` is what the link is over."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
_VERSION = 1


class ExportForm(StrEnum):
    """How rows are written."""

    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a file of rows holds, and what it has to be.

    Attributes:
        sha256: of the file, hexadecimal.
        rows: how many; `first`, `last`: their numbers in the chain, None without any.
        begins_after: number and link before the first row. `link` is that of the last one.
        made_at: UTC seconds.
        seal: proves all the others; made with GUARD_SECRET_KEY where there is one.
    """

    form: str
    sha256: str
    rows: int
    first: int | None
    last: int | None
    link: str
    begins_after: int
    previous: str
    made_at: float
    made_by: str
    seal: str = ""

    @property
    def payload(self) -> bytes:
        """What the seal is over."""
        said = {name: value for name, value in self.to_dict().items() if name != "seal"}
        return json.dumps(["manifest", said], sort_keys=True).encode()

    def to_dict(self) -> dict[str, Any]:
        """Plain types."""
        return {"version": _VERSION, **{field.name: getattr(self, field.name) for field in fields(self)}}

    def with_seal(self, keys: ChainKeys) -> Manifest:
        """The manifest, with its seal."""
        return replace(self, seal=keys.digest(self.payload))

    @classmethod
    def of_text(cls, text: str) -> Manifest:
        """Read one. Raises InvalidRequest when it is none."""
        try:
            read = read_json(text)
            values = {field.name: read[field.name] for field in fields(cls)}
            right = read["version"] == _VERSION and all(_fits(name, value) for name, value in values.items())
        except (ValueError, KeyError, TypeError):
            right = False
        if not right:
            raise InvalidRequest("the manifest is none that `maintenance audit export` has written")
        return cls(**values)

    @property
    def ends(self) -> Ends:
        """Where the chain in the file has to begin and end."""
        return Ends(
            after=Head(number=self.begins_after, link=self.previous) if self.begins_after else None,
            least=Head(number=self.begins_after if self.last is None else self.last, link=self.link),
        )


def _fits(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return False
    if name in {"first", "last"}:
        return value is None or isinstance(value, int)
    if name in {"rows", "begins_after"}:
        return isinstance(value, int)
    return isinstance(value, (int, float) if name == "made_at" else str)


def line_of(row: ChainRow, time: str) -> str:
    """A row as one line of JSON, without its end."""
    return json.dumps(_values(row, time))


def row_of_line(line: str) -> ChainRow:
    """The row of such a line. Raises InvalidRequest when it is none."""
    try:
        values = read_json(line)
    except ValueError as error:
        raise InvalidRequest("a line is no JSON") from error
    if not isinstance(values, dict) or set(values) != set(COLUMNS):
        raise InvalidRequest(f"a line does not have the fields {', '.join(COLUMNS)}")
    return _row(values)


def cells_of(row: ChainRow, time: str) -> list[str]:
    """A row as cells of CSV, in the order of `COLUMNS`."""
    return ["" if value is None else _safe(value) for value in _values(row, time).values()]


def row_of_cells(cells: Sequence[str]) -> ChainRow:
    """The row of such cells. Raises InvalidRequest when they are none."""
    if len(cells) != len(COLUMNS):
        raise InvalidRequest(f"a row has {len(cells)} cells instead of {len(COLUMNS)}")
    texts = {name: cell.removeprefix("'") for name, cell in zip(COLUMNS, cells, strict=True)}
    try:
        numbers = {name: int(texts[name]) for name in ("seq", "epoch", "number") if texts[name]}
        at = float(texts["at"])
    except ValueError as error:
        raise InvalidRequest("a cell that holds a number holds none") from error
    chained = {name: texts[name] or None for name in ("number", "link")}
    previous = texts["previous"] if chained["number"] else None
    return _row({**texts, **chained, "previous": previous, **numbers, "at": at})


def _values(row: ChainRow, time: str) -> dict[str, Any]:
    return {name: time if name == "time" else getattr(row, name) for name in COLUMNS}


def _row(values: Mapping[str, Any]) -> ChainRow:
    if not isinstance(values["seq"], int):
        raise InvalidRequest("a row has no seq")
    number = values["number"]
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        raise InvalidRequest("a row has a number that is none")
    if any(values[name] is not None and not isinstance(values[name], str) for name in ("previous", "link")):
        raise InvalidRequest("a row has a link that is none")
    return ChainRow(**{name: values[name] for name in COLUMNS if name != "time"})


def _safe(value: object) -> str:
    if isinstance(value, (int, float)):
        return repr(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
