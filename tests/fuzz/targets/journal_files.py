"""Files that say what the journal, or a folder of evidence, holds: exported, carried about, changed by whoever."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from hypothesis import strategies as st

from guard.core.audit_chain import ChainKeys, ChainRow, linked
from guard.core.audit_export import Manifest, cells_of, line_of, row_of_cells, row_of_line
from guard.core.audit_verdict import verify_chain
from guard.core.evidence import FoundFile, PartRecord, PartStatus, verify
from guard.core.evidence import Manifest as Evidence
from guard.errors import InvalidRequest
from tests.fuzz.strange import as_text, damaged, damaged_bytes, odd_texts, odd_values, one_of_lists
from tests.fuzz.target import Target, on_nothing

_KEYS = ChainKeys(b"a key of sixteen")


def _chain() -> list[ChainRow]:
    rows: list[ChainRow] = []
    for number in range(1, 5):
        row = ChainRow(
            seq=number,
            at=1.5 * number,
            actor="ops",
            action="enable",
            epoch=number,
            outcome="done",
            detail="{}",
        )
        previous = rows[-1].link if rows else ""
        rows.append(linked(row, number=number, previous=previous or "", keys=_KEYS))
    return rows


_ROWS = _chain()
_LINES = [line_of(row, "2026-01-01T00:00:00+00:00") for row in _ROWS]
_MANIFEST = Manifest(
    form="jsonl",
    sha256="0" * 64,
    rows=4,
    first=1,
    last=4,
    link=str(_ROWS[-1].link),
    begins_after=0,
    previous="",
    made_at=1.0,
    made_by="ops",
).with_seal(_KEYS)
_EVIDENCE = json.loads(
    json.dumps(
        {
            "format": 1,
            **asdict(
                Evidence(
                    evidence_id="e", by="ops", host="h", began_at=1.0, ended_at=2.0, complete=True,
                    parts=(PartRecord(name="state", status=PartStatus.COLLECTED, file="state.json", size=3, sha256="0" * 64),),
                )
            ),
        }
    )
)  # fmt: skip


@st.composite
def _lines(draw: st.DrawFn) -> list[str]:
    lines = draw(st.permutations(_LINES)) if draw(st.booleans()) else list(_LINES)
    place = draw(st.integers(0, 3))
    right = json.loads(lines[place])
    lines[place] = draw(damaged(right).flatmap(as_text) | odd_texts | st.just(lines[0]))
    return lines


def _rows(case: dict[str, Any]) -> tuple[list[ChainRow], bool]:
    rows, whole = [], True
    for line in case["lines"]:
        try:
            rows.append(row_of_line(line))
        except InvalidRequest:
            whole = False
    return rows, whole


def check(case: dict[str, Any]) -> str:
    word = "manifest "
    try:
        manifest = Manifest.of_text(case["manifest"])
        if _KEYS.fits(manifest.seal, manifest.payload):
            assert manifest == _MANIFEST, "a manifest is proven that we did not make"
            word += "proven"
        else:
            word += "read"
        ends = manifest.ends
    except InvalidRequest:
        word, ends = "manifest refused", _MANIFEST.ends
    rows, whole = _rows(case)
    verdict = verify_chain(rows, ends=ends, keys=_KEYS)
    if whole and verdict.intact and ends == _MANIFEST.ends:
        said = [(row.number, row.link, row.payload) for row in rows]
        assert said == [(row.number, row.link, row.payload) for row in _ROWS], (
            "a changed journal is called whole"
        )
    json.dumps(verdict.to_dict())
    try:
        row = row_of_cells([str(cell) for cell in case["cells"]])
        assert row_of_cells(cells_of(row, "t")) == row, "a row is written as another"
    except InvalidRequest:
        pass
    try:
        evidence = Evidence.from_dict(case["evidence"])
    except InvalidRequest:
        return f"{word}, {len(rows)} rows, evidence refused"
    found = verify(
        evidence,
        {
            "state.json": FoundFile(size=3, sha256="0" * 64),
            "x": FoundFile(size=None, sha256=None, why="gone"),
        },
    )
    assert len(found) >= len([part for part in evidence.parts if part.file]), "a part is not told of"
    return f"{word}, {len(rows)} rows, {'intact' if verdict.intact else 'broken'}, evidence read"


TARGET = Target(
    name="journal_files",
    promise="a changed journal or manifest is never called whole, and reading any file never raises anything else",
    cases=st.fixed_dictionaries(
        {
            "manifest": damaged(_MANIFEST.to_dict()).flatmap(as_text)
            | damaged_bytes(json.dumps(_MANIFEST.to_dict()).encode()).map(
                lambda raw: raw.decode("utf-8", "replace")
            )
            | odd_texts
            | st.just(json.dumps(_MANIFEST.to_dict())),
            "lines": _lines(),
            "cells": st.just(cells_of(_ROWS[1], "t")) | one_of_lists(odd_texts, 12),
            "evidence": damaged(_EVIDENCE) | odd_values,
        }
    ),
    ready=on_nothing(check),
    seeds=[
        {
            "manifest": json.dumps(_MANIFEST.to_dict()),
            "lines": _LINES,
            "cells": cells_of(_ROWS[0], "t"),
            "evidence": _EVIDENCE,
        }
    ],
    few=250,
)
