"""A chain of journal rows, attacked at random places: what was done is found, and the row is named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.audit_chain import (
    GENESIS,
    Anchor,
    AnchorKind,
    ChainKeys,
    ChainRow,
    Ends,
    Head,
    head_of,
    linked,
    sealed,
)
from guard.core.audit_verdict import BreakKind, Verdict, verify_chain

SECRET = b"a secret of sixteen or more"
KEYS = ChainKeys(SECRET)
FIELDS = ("at", "actor", "action", "epoch", "outcome", "detail")


@dataclass
class Journal:
    """Rows as they were written, and both heads."""

    rows: list[ChainRow]
    head: Head
    apart: Head | None
    anchor: Anchor | None = None

    def judged(self, keys: ChainKeys = KEYS) -> Verdict:
        ends = Ends(anchor=self.anchor, least=self.head, apart=self.apart)
        return verify_chain(self.rows, ends=ends, keys=keys)


def journal(n: int, keys: ChainKeys = KEYS, *, gap: int = 1) -> Journal:
    rows: list[ChainRow] = []
    previous = GENESIS
    for number in range(1, n + 1):
        row = ChainRow(
            seq=number * gap,
            at=1000.5 + number,
            actor=f"actor {number % 3}",
            action="enable" if number % 2 else "disable",
            epoch=number,
            outcome="done",
            detail=f'{{"n": {number}}}',
        )
        rows.append(linked(row, number=number, previous=previous, keys=keys))
        previous = str(rows[-1].link)
    head = head_of(n, previous, keys)
    return Journal(rows, head, head)


sizes = st.integers(2, 40)


@given(size=st.integers(0, 60), gap=st.integers(1, 5), key=st.sampled_from([None, SECRET]))
def test_what_nobody_touched_is_intact(size: int, gap: int, key: bytes | None) -> None:
    keys = ChainKeys(key)
    found = journal(size, keys, gap=gap).judged(keys)
    assert found.intact, found.breaks
    assert (found.rows, found.apart) == (size, True)
    assert found.unsigned == (0 if key else size)
    assert (found.first, found.last) == ((1, size) if size else (None, None))


@given(data=st.data(), size=sizes, key=st.sampled_from([None, SECRET]))
def test_a_changed_row_is_named(data: st.DataObject, size: int, key: bytes | None) -> None:
    keys = ChainKeys(key)
    made = journal(size, keys)
    at = data.draw(st.integers(0, size - 1))
    name = data.draw(st.sampled_from([*FIELDS, "number", "previous", "link"]))
    old = getattr(made.rows[at], name)
    numbers = st.one_of(st.integers(0, 100), st.floats(0, 3000))
    new = data.draw(
        numbers if isinstance(old, int | float) else st.text("ab:1 {}é\x00", max_size=20)
    )
    if name == "at":
        new = float(new)
    elif name in {"epoch", "number"}:
        new = int(new)
    if new == old:
        return
    made.rows[at] = replace(made.rows[at], **{name: new})
    found = made.judged(keys)
    assert not found.intact
    assert (found.breaks[0].kind, found.breaks[0].seq) == (BreakKind.CHANGED, made.rows[at].seq)


@given(data=st.data(), size=sizes)
def test_a_removed_row_is_named_and_where_it_was(data: st.DataObject, size: int) -> None:
    made = journal(size, gap=3)
    at = data.draw(st.integers(0, size - 2))
    gone = made.rows.pop(at)
    found = made.judged()
    assert [(one.kind, one.number, one.seq) for one in found.breaks] == [
        (BreakKind.REMOVED, gone.number, made.rows[at].seq)
    ]


@given(data=st.data(), size=sizes)
def test_a_row_that_was_moved_is_named(data: st.DataObject, size: int) -> None:
    made = journal(size)
    at = data.draw(st.integers(0, size - 1))
    to = data.draw(st.integers(0, size - 1).filter(lambda one: one != at))
    order = list(made.rows)
    order.insert(to, order.pop(at))
    made.rows = [replace(row, seq=number) for number, row in enumerate(order, 1)]
    found = made.judged()
    assert {one.kind for one in found.breaks} == {BreakKind.REORDERED}
    moved = {one.number for one in found.breaks}
    # a row that went down by one is one that let another pass: both say the same
    assert moved & {at + 1, *range(to + 1, at + 1), *range(at + 2, to + 2)}


@given(data=st.data(), size=sizes)
def test_two_rows_that_exchanged_what_they_say(data: st.DataObject, size: int) -> None:
    made = journal(size)
    one = data.draw(st.integers(0, size - 1))
    two = data.draw(st.integers(0, size - 1).filter(lambda other: other != one))
    for to, source in ((one, made.rows[two]), (two, made.rows[one])):
        said = {name: getattr(source, name) for name in FIELDS}
        made.rows[to] = replace(made.rows[to], **said)
    found = made.judged()
    assert [(each.kind, each.seq) for each in found.breaks] == [
        (BreakKind.REORDERED, seq) for seq in sorted((one + 1, two + 1))
    ]


@given(data=st.data(), size=sizes, linked_by=st.sampled_from(["nobody", "plain", "another key", "a copy"]))
def test_an_inserted_row_is_named(data: st.DataObject, size: int, linked_by: str) -> None:
    made = journal(size, gap=2)
    at = data.draw(st.integers(1, size))
    new = ChainRow(seq=at * 2 + 1, at=5.0, actor="x", action="enable", epoch=1, outcome="done", detail="{}")
    if linked_by == "a copy":
        new = replace(made.rows[data.draw(st.integers(0, at - 1))], seq=new.seq)
    elif linked_by != "nobody":
        keys = ChainKeys(None if linked_by == "plain" else b"the wrong secret, by somebody")
        new = linked(new, number=at + 1, previous=str(made.rows[at - 1].link), keys=keys)
    made.rows.insert(at, new)
    found = made.judged()
    assert not found.intact
    assert any(one.seq == new.seq for one in found.breaks[:2])


@given(data=st.data(), size=sizes, turned_back=st.booleans())
def test_what_is_cut_at_the_end_shows_by_the_head_apart(
    data: st.DataObject, size: int, turned_back: bool
) -> None:
    made = journal(size)
    left = data.draw(st.integers(0, size - 1))
    made.rows = made.rows[:left]
    if turned_back:  # whoever has the database may also write an older head
        link = str(made.rows[-1].link) if made.rows else GENESIS
        made.head = head_of(left, link, KEYS)
    found = made.judged()
    assert found.apart is False
    assert (found.breaks[0].kind, found.breaks[0].number) == (BreakKind.CUT, left + 1)


def test_without_a_head_apart_that_is_unknown_and_not_good() -> None:
    made = journal(5)
    made.apart = None
    assert made.judged().apart is None


def test_a_head_that_is_gone_is_told() -> None:
    made = journal(5)
    found = verify_chain(made.rows, ends=Ends(), keys=KEYS)
    assert [one.kind for one in found.breaks] == [BreakKind.CUT]


@pytest.mark.parametrize("keys", [ChainKeys(), ChainKeys(b"the wrong secret, by somebody")])
def test_a_forged_head_apart_is_told(keys: ChainKeys) -> None:
    made = journal(5)
    made.apart = head_of(3, str(made.rows[2].link), keys)
    found = made.judged()
    assert len(found.breaks) == (0 if keys.signs else 1)  # a key that is not here is unknown, not wrong


def test_another_history_up_to_the_same_number_is_told() -> None:
    made = journal(5)
    made.apart = head_of(5, "k00000000:" + "0" * 64, KEYS)
    assert [one.kind for one in made.judged().breaks] == [BreakKind.CHANGED]


def anchored(made: Journal, number: int, kind: AnchorKind = AnchorKind.CUT, keys: ChainKeys = KEYS) -> Anchor:
    row = made.rows[number - 1]
    return sealed(
        Anchor(
            kind=kind, number=number, link=str(row.link), seq=row.seq, rows=number, at=9.0, by="b", reason="r"
        ),
        keys,
    )


@given(data=st.data(), size=sizes)
def test_what_retention_cut_leaves_a_chain_that_is_whole(data: st.DataObject, size: int) -> None:
    made = journal(size)
    number = data.draw(st.integers(1, size))
    made.anchor = anchored(made, number)
    kept = list(made.rows)
    made.rows = made.rows[number:]
    assert made.judged().intact
    if made.rows:  # and one more that somebody deletes is not taken for a part of it
        made.rows = made.rows[1:]
        assert made.judged().breaks[0].number == number + 1
    made.rows = kept
    assert {one.kind for one in made.judged().breaks} == {BreakKind.INSERTED}  # back from a backup


@pytest.mark.parametrize("keys", [ChainKeys(), KEYS])
def test_a_forged_anchor_hides_nothing(keys: ChainKeys) -> None:
    made = journal(9)
    made.anchor = replace(anchored(made, 5), number=6, link=str(made.rows[5].link))
    if not keys.signs:
        made.anchor = sealed(made.anchor, keys)
    made.rows = made.rows[6:]
    assert BreakKind.CHANGED in {one.kind for one in made.judged().breaks}


def test_what_was_accepted_is_passed_over_and_counted() -> None:
    made = journal(9)
    made.rows[2] = replace(made.rows[2], actor="somebody else")
    made.anchor = anchored(made, 6, AnchorKind.ACCEPTED)
    found = made.judged()
    assert found.intact
    assert (found.passed_over, found.rows) == (6, 3)


def test_rows_of_a_former_secret_need_it() -> None:
    made = journal(4)
    row = replace(made.rows[-1], seq=5)
    newer = ChainKeys(b"another secret, given later", [SECRET])
    made.rows.append(linked(row, number=5, previous=str(row.link), keys=newer))
    made.head = made.apart = head_of(5, str(made.rows[-1].link), newer)
    assert made.judged(newer).intact
    found = made.judged(ChainKeys(b"another secret, given later"))
    assert [one.kind for one in found.breaks] == [BreakKind.UNKNOWN_KEY]
    assert "GUARD_FORMER_SECRET_KEYS" in found.breaks[0].text


def test_a_thousand_wrong_rows_are_counted_and_not_all_listed() -> None:
    made = journal(1500)
    made.rows = [replace(row, actor="x") for row in made.rows]
    found = made.judged()
    assert len(found.breaks) == 100
    assert found.more == 1400


@given(text=st.text("0123456789 :k٣", max_size=40))
def test_a_head_is_read_from_its_text_alone(text: str) -> None:
    head = head_of(7, "plain:abc", KEYS)
    assert Head.of_text(head.to_text()) == head
    read = Head.of_text(text)
    assert read is None or Head.of_text(read.to_text()) == read


# Once a bug: a file of rows in which somebody had put a number where a link was, or a time that no clock
# shows, ended in a traceback.
@pytest.mark.parametrize("changed", [{"link": 7}, {"link": ["x"]}, {"at": 10**400}])
def test_a_row_of_a_file_that_holds_another_type_was_changed(changed: dict[str, Any]) -> None:
    made = journal(3)
    made.rows[1] = replace(made.rows[1], **changed)
    assert [(one.kind, one.seq) for one in made.judged().breaks] == [(BreakKind.CHANGED, 2)]
