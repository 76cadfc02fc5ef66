"""Rows as lines and cells: the same rows come back, and no cell is a formula."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.audit_chain import ChainKeys, ChainRow, Ends, Head
from guard.core.audit_export import (
    COLUMNS,
    ExportForm,
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


AS_JSON = {
    "version": 1, "form": "csv", "sha256": "00", "rows": 2, "first": 3, "last": 4, "link": "l",
    "begins_after": 2, "previous": "p", "made_at": 1.5, "made_by": "ann", "seal": "",
}  # fmt: skip


def test_a_manifest_as_json_and_what_its_seal_is_over() -> None:
    assert MANIFEST.to_dict() == AS_JSON
    assert Manifest.of_text(json.dumps(AS_JSON)) == MANIFEST
    said = {name: value for name, value in AS_JSON.items() if name != "seal"}
    assert MANIFEST.payload == json.dumps(["manifest", said], sort_keys=True).encode()
    assert MANIFEST.payload.startswith(b'["manifest", {"begins_after": 2, "first": 3, "form": "csv", ')
    empty = Manifest.of_text(json.dumps({**AS_JSON, "rows": 0, "first": None, "last": None, "made_at": 2}))
    assert (empty.first, empty.last, empty.made_at) == (None, None, 2)


@pytest.mark.parametrize("text", ["", "[]", "7", "{}", json.dumps({**AS_JSON, "version": 2})])
def test_what_is_no_manifest_in_these_words(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Manifest.of_text(text)
    assert str(caught.value) == "the manifest is none that `maintenance audit export` has written"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("form", 1), ("sha256", None), ("rows", "2"), ("rows", True), ("rows", None), ("first", "3"),
        ("first", True), ("last", 4.5), ("link", 7), ("begins_after", None), ("begins_after", 2.0),
        ("previous", None), ("made_at", "now"), ("made_at", True), ("made_by", 7), ("seal", None),
    ],
)  # fmt: skip
def test_a_manifest_with_a_field_of_a_wrong_type(name: str, wrong: object) -> None:
    with pytest.raises(InvalidRequest):
        Manifest.of_text(json.dumps({**AS_JSON, name: wrong}))


def test_where_a_file_begins_and_ends() -> None:
    assert MANIFEST.ends == Ends(after=Head(number=2, link="p"), least=Head(number=4, link="l"))
    first = replace(MANIFEST, begins_after=0, previous="", last=None)
    assert first.ends == Ends(after=None, least=Head(number=0, link="l"))
    nothing = replace(MANIFEST, last=None)
    assert nothing.ends == Ends(after=Head(number=2, link="p"), least=Head(number=2, link="l"))
    assert replace(MANIFEST, begins_after=1).ends.after == Head(number=1, link="p")


FULL = ChainRow(
    seq=3, at=1.5, actor="=a", action="b", epoch=1, outcome="'c", detail="{}", number=7, previous="", link="l"
)


def test_a_row_as_a_line_and_as_cells() -> None:
    assert COLUMNS == (
        "seq", "time", "actor", "action", "epoch", "outcome", "detail", "number", "previous", "link", "at",
    )  # fmt: skip
    assert [form.value for form in ExportForm] == ["jsonl", "csv"]
    assert line_of(FULL, "now") == (
        '{"seq": 3, "time": "now", "actor": "=a", "action": "b", "epoch": 1, "outcome": "\'c", '
        '"detail": "{}", '
        '"number": 7, "previous": "", "link": "l", "at": 1.5}'
    )
    assert cells_of(FULL, "now") == ["3", "now", "'=a", "b", "1", "''c", "{}", "7", "", "l", "1.5"]
    assert row_of_cells(cells_of(FULL, "now")) == row_of_line(line_of(FULL, "now")) == FULL
    assert row_of_cells(["3", "now", "a", "b", "1", "c", "d", "", "p", "", "1.5"]) == ChainRow(
        seq=3, at=1.5, actor="a", action="b", epoch=1, outcome="c", detail="d"
    )


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "'"])
def test_what_a_spreadsheet_would_take_for_a_formula(sign: str) -> None:
    assert cells_of(replace(UNCHAINED, actor=f"{sign}1", action=f"1{sign}"), "now")[2:4] == [
        f"'{sign}1",
        f"1{sign}",
    ]


def test_a_number_below_zero_is_no_formula() -> None:
    cells = cells_of(replace(UNCHAINED, at=-1.5), "now")
    assert cells[-1] == "-1.5"
    assert row_of_cells(cells).at == -1.5


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nothing", "a line is no JSON"),
        ("[]", f"a line does not have the fields {', '.join(COLUMNS)}"),
        ('{"seq": 1}', f"a line does not have the fields {', '.join(COLUMNS)}"),
        (json.dumps({**json.loads(line_of(FULL, "")), "seq": "3"}), "a row has no seq"),
        (json.dumps({**json.loads(line_of(FULL, "")), "number": "7"}), "a row has a number that is none"),
        (json.dumps({**json.loads(line_of(FULL, "")), "number": True}), "a row has a number that is none"),
    ],
)
def test_what_is_no_line_in_these_words(line: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        row_of_line(line)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seq": ""}, "a row has no seq"),
        ({"seq": "x"}, "a cell that holds a number holds none"),
        ({"epoch": "x"}, "a cell that holds a number holds none"),
        ({"number": "x"}, "a cell that holds a number holds none"),
        ({"at": ""}, "a cell that holds a number holds none"),
    ],
)
def test_what_is_no_row_of_cells_in_these_words(change: dict[str, str], said: str) -> None:
    cells = dict(zip(COLUMNS, cells_of(UNCHAINED, "now"), strict=True))
    with pytest.raises(InvalidRequest) as caught:
        row_of_cells(list({**cells, **change}.values()))
    assert str(caught.value) == said
    with pytest.raises(InvalidRequest) as caught:
        row_of_cells([*cells.values(), ""])
    assert str(caught.value) == "a row has 12 cells instead of 11"


@pytest.mark.parametrize("name", ["previous", "link"])
def test_a_row_with_a_link_that_is_none(name: str) -> None:
    values = json.loads(line_of(FULL, ""))
    with pytest.raises(InvalidRequest) as caught:
        row_of_line(json.dumps({**values, name: 7}))
    assert str(caught.value) == "a row has a link that is none"
    assert getattr(row_of_line(json.dumps({**values, name: None})), name) is None
