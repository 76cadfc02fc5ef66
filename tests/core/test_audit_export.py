"""Rows as lines and cells: the same rows come back, and no cell is a formula."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.audit_chain import ChainKeys, ChainRow
from guard.core.audit_export import (
    COLUMNS,
    Manifest,
    cells_of,
    line_of,
    row_of_cells,
    row_of_line,
)
from guard.errors import InvalidRequest

TEXTS = st.text("=+-@\t\r\n'\",;aé|", max_size=8)
ROWS = st.builds(
    ChainRow,
    seq=st.integers(1, 10**12),
    at=st.floats(0, 4e9),
    actor=TEXTS,
    action=TEXTS,
    epoch=st.integers(0, 2**62),
    outcome=TEXTS,
    detail=TEXTS,
    number=st.just(7),
    previous=st.sampled_from(["", "plain:ab"]),
    link=st.just("k01234567:ab"),
)
UNCHAINED = ChainRow(seq=3, at=1.0, actor="a", action="b", epoch=1, outcome="c", detail="{}")
MANIFEST = Manifest(
    form="csv", sha256="00", rows=2, first=3, last=4, link="l", begins_after=2, previous="p", made_at=1.5,
    made_by="ann",
)  # fmt: skip


@given(ROWS)
def test_both_forms_give_the_same_row_back(row: ChainRow) -> None:
    assert row_of_line(line_of(row, "now")) == row
    cells = cells_of(row, "now")
    assert row_of_cells(cells) == row
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


def test_a_row_without_a_link_stays_one() -> None:
    assert row_of_line(line_of(UNCHAINED, "now")) == UNCHAINED
    assert row_of_cells(cells_of(UNCHAINED, "now")) == UNCHAINED


@pytest.mark.parametrize("line", ["", "[]", "{}", "nothing", '{"seq": 1}'])
def test_what_is_no_line_is_said(line: str) -> None:
    with pytest.raises(InvalidRequest):
        row_of_line(line)


@pytest.mark.parametrize("change", [{"seq": "x"}, {"at": "soon"}, {"number": "x"}])
def test_what_is_no_row_of_cells_is_said(change: dict[str, str]) -> None:
    cells = dict(zip(COLUMNS, cells_of(UNCHAINED, "now"), strict=True))
    with pytest.raises(InvalidRequest):
        row_of_cells(list({**cells, **change}.values()))
    with pytest.raises(InvalidRequest, match="3 cells"):
        row_of_cells(["1", "2", "3"])


def test_a_manifest_is_sealed_over_all_of_it() -> None:
    keys = ChainKeys(b"a secret of sixteen or more")
    sealed = MANIFEST.with_seal(keys)
    read = Manifest.of_text(json.dumps(sealed.to_dict()))
    assert read == sealed
    assert keys.fits(read.seal, read.payload) is True
    for name, value in {"rows": 3, "last": 5, "link": "m", "made_by": "bob", "sha256": "01"}.items():
        other = Manifest.of_text(json.dumps({**sealed.to_dict(), name: value}))
        assert keys.fits(other.seal, other.payload) is False
    with pytest.raises(InvalidRequest, match="manifest"):
        Manifest.of_text(json.dumps({**sealed.to_dict(), "version": 2}))


def test_a_part_begins_after_the_row_before_it() -> None:
    ends = MANIFEST.ends
    assert ends.after is not None
    assert (ends.after.number, ends.after.link) == (2, "p")
    assert ends.least is not None
    assert ends.least.number == 4
