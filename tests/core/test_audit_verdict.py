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
    new = data.draw(numbers if isinstance(old, int | float) else st.text("ab:1 {}é\x00", max_size=20))
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


# Once a bug: after a cut with a key, the rows that were there from before the key were named as changed.
def test_rows_from_before_there_was_a_key_are_no_change_after_a_cut_either() -> None:
    made = journal(4, ChainKeys())
    row = replace(made.rows[3], seq=5)
    made.rows.append(linked(row, number=5, previous=str(row.link), keys=KEYS))
    made.head = made.apart = head_of(5, str(made.rows[4].link), KEYS)
    made.anchor = anchored(made, 2)
    made.rows = made.rows[2:]
    found = made.judged()
    assert (found.breaks, found.unsigned, found.rows) == ((), 2, 3)
    plain = linked(replace(row, seq=6), number=6, previous=str(made.rows[2].link), keys=ChainKeys())
    made.rows.append(plain)
    assert made.judged().breaks[0].text == "row 6 (number 6): it is not signed"


# -- in these words, and at their edges --------------------------------------------------------------------


def said(found: Verdict) -> list[tuple[str, int | None, int | None, str]]:
    return [(one.kind.value, one.seq, one.number, one.text) for one in found.breaks]


def relinked(made: Journal, at: int, **changed: Any) -> None:
    """A row that whoever has the key has written anew."""
    made.rows[at] = replace(made.rows[at], **changed)
    made.rows[at] = replace(made.rows[at], link=KEYS.digest(made.rows[at].payload))


def test_a_verdict_as_plain_types() -> None:
    made = journal(3)
    assert made.judged().to_dict() == {
        "intact": True, "rows": 3, "first": 1, "last": 3, "unsigned": 0, "apart": True, "passed_over": 0,
        "breaks": [], "more": 0,
    }  # fmt: skip
    made.rows[1] = replace(made.rows[1], actor="x")
    assert made.judged().to_dict() == {
        "intact": False, "rows": 3, "first": 1, "last": 3, "unsigned": 0, "apart": True, "passed_over": 0,
        "breaks": [
            {"kind": "changed", "seq": 2, "number": 2,
             "text": "row 2 (number 2): it does not say any more what it said"},
        ],
        "more": 0,
    }  # fmt: skip
    bare = Verdict(rows=0, first=None, last=None, unsigned=0, apart=None, breaks=())
    assert (bare.more, bare.passed_over) == (0, 0)
    assert [kind.value for kind in BreakKind] == [
        "changed", "removed", "reordered", "inserted", "cut at the end", "made with a key that is not here",
    ]  # fmt: skip


def test_what_is_said_of_a_row_that_was_changed() -> None:
    made = journal(3)
    made.rows[1] = linked(made.rows[1], number=2, previous=str(made.rows[0].link), keys=ChainKeys())
    assert said(made.judged()) == [("changed", 2, 2, "row 2 (number 2): it is not signed")]
    plain = journal(3, ChainKeys())
    plain.rows[0] = replace(plain.rows[0], actor="x")
    assert said(plain.judged(ChainKeys())) == [
        ("changed", 1, 1, "row 1 (number 1): it does not say any more what it said")
    ]
    assert plain.judged(ChainKeys()).first == 1


def test_rows_from_before_there_was_a_key_are_no_change() -> None:
    made = journal(2, ChainKeys())
    row = replace(made.rows[1], seq=3)
    made.rows.append(linked(row, number=3, previous=str(row.link), keys=KEYS))
    made.head = made.apart = head_of(3, str(made.rows[2].link), KEYS)
    found = made.judged()
    assert (found.breaks, found.unsigned) == ((), 2)


def test_a_number_that_was_changed_stands_in_its_place() -> None:
    made = journal(4)
    made.rows[1] = replace(made.rows[1], number=9)
    assert said(made.judged()) == [
        ("changed", 2, 9, "row 2 (number 9): it does not say any more what it said")
    ]


@pytest.mark.parametrize("name", ["number", "previous", "link"])
def test_what_is_said_of_a_row_without_a_link(name: str) -> None:
    made = journal(3)
    made.rows.insert(2, replace(made.rows[1], seq=2, **{name: None}))
    named = "row 2" if name == "number" else "row 2 (number 2)"
    assert said(made.judged()) == [
        (
            "inserted", 2, None if name == "number" else 2,
            f"{named}: it has no link: written by hand, or by a release that knows no chain",
        )
    ]  # fmt: skip
    assert made.judged().rows == 4


def test_what_is_said_of_a_row_in_another_place() -> None:
    made = journal(4, gap=10)
    made.rows.append(replace(made.rows[1], seq=55))
    assert said(made.judged()) == [
        ("inserted", 55, 2, "row 55 (number 2): number 2 was there before: a copy")
    ]
    made = journal(4)
    made.rows[1], made.rows[2] = replace(made.rows[2], seq=2), replace(made.rows[1], seq=3)
    assert said(made.judged()) == [
        ("reordered", 3, 2, "row 3 (number 2): it belongs before the row with number 3")
    ]
    for link, agrees in ((str(made.rows[2].link), True), ("k00000000:0", False)):
        made.apart = head_of(2, link, KEYS)
        assert made.judged().apart is agrees, "it is known all the same"
    made.apart = made.head
    made.rows.append(replace(made.rows[2], seq=9))
    assert said(made.judged())[1] == (
        "inserted", 9, 2, "row 9 (number 2): number 2 was there before: a copy"
    )  # fmt: skip
    made = journal(4, gap=10)
    del made.rows[1:3]
    assert said(made.judged()) == [
        ("removed", 40, 2, "the row with number 2 is gone; the next one has seq 40"),
        ("removed", 40, 3, "the row with number 3 is gone; the next one has seq 40"),
    ]


def test_what_is_said_of_a_row_that_was_linked_anew() -> None:
    made = journal(3)
    relinked(made, 1, previous="k00000000:0")
    relinked(made, 2, previous=made.rows[1].link)
    made.head = made.apart = head_of(3, str(made.rows[2].link), KEYS)
    assert said(made.judged()) == [
        ("changed", 2, 2, "row 2 (number 2): it was linked to another row than the one before it")
    ]


def test_what_is_said_of_two_rows_that_were_exchanged() -> None:
    made = journal(5)
    for to, source in ((1, made.rows[3]), (3, made.rows[1])):
        made.rows[to] = replace(made.rows[to], **{name: getattr(source, name) for name in FIELDS})
    made.rows[4] = replace(made.rows[4], actor="x")
    assert said(made.judged()) == [
        ("reordered", 2, 2, "row 2 (number 2): what it says belongs to the row with number 4"),
        ("reordered", 4, 4, "row 4 (number 4): what it says belongs to the row with number 2"),
        ("changed", 5, 5, "row 5 (number 5): it does not say any more what it said"),
    ]


def test_as_many_rows_as_fifty_are_looked_at_for_an_exchange() -> None:
    for wrong, kinds in ((48, {"changed", "reordered"}), (49, {"changed"})):
        made = journal(60)
        for to, source in ((wrong, made.rows[wrong + 1]), (wrong + 1, made.rows[wrong])):
            made.rows[to] = replace(made.rows[to], **{name: getattr(source, name) for name in FIELDS})
        for at in range(wrong):
            made.rows[at] = replace(made.rows[at], actor="x")
        assert {one.kind.value for one in made.judged().breaks} == kinds


def test_what_is_said_of_the_end() -> None:
    made = journal(5)
    link = {row.number: str(row.link) for row in made.rows}
    other = head_of(5, "k00000000:0", KEYS)

    def ends(least: Head | None, apart: Head | None = None, most: Head | None = None) -> list[Any]:
        latest = (lambda: most) if most is not None else None
        return said(verify_chain(made.rows, ends=Ends(least=least, apart=apart), keys=KEYS, latest=latest))

    assert ends(None) == [("cut at the end", None, None, "the record of the newest row is gone")]
    assert ends(head_of(7, "l", KEYS)) == [("cut at the end", None, 6, "rows 6 to 7 are gone")]
    assert ends(other) == [("changed", None, 5, "the row with number 5 is not what the head says")]
    four = head_of(4, link[4], KEYS)
    assert ends(four) == [("inserted", None, 5, "the row with number 5 is newer than the head says")]
    assert ends(four, most=made.head) == [], "it was written meanwhile"
    gone = ("cut at the end", None, None, "the record of the newest row is gone")
    assert ends(None, made.head) == [gone]
    nothing = verify_chain([], ends=Ends(apart=head_of(1, "l", KEYS)), keys=KEYS)
    assert said(nothing) == [
        gone, ("cut at the end", None, 1, "rows 1 to 1 were there, as another store knows")
    ]  # fmt: skip
    assert ends(made.head, head_of(0, GENESIS, KEYS)) == []
    assert ends(made.head, head_of(3, link[3], KEYS)) == []
    assert ends(made.head, head_of(3, "k00000000:0", KEYS)) == [
        ("changed", None, 3, "the row with number 3 is not what another store knows of it")
    ]
    assert ends(made.head, head_of(6, "l", KEYS)) == [
        ("cut at the end", None, 6, "rows 6 to 6 were there, as another store knows")
    ]
    assert ends(made.head, head_of(6, "l", KEYS), most=head_of(6, "l", KEYS)) == [
        ("changed", None, 6, "the row with number 6 is not what another store knows of it")
    ]
    forged = ("changed", None, 5, "the row with number 5 is named by another store in a forged record")
    assert ends(made.head, replace(made.head, seal=four.seal)) == [forged]
    assert ends(made.head, head_of(5, link[5], ChainKeys())) == [forged]


def test_whether_the_head_apart_agrees() -> None:
    made = journal(5)
    for number, link, agrees in (
        (5, made.rows[4].link, True), (5, "k00000000:0", False), (6, "l", False), (4, made.rows[3].link, True)
    ):  # fmt: skip
        made.apart = head_of(number, str(link), KEYS)
        assert made.judged().apart is agrees
    made.anchor = anchored(made, 3)
    made.rows = made.rows[3:]
    own = made.anchor.link
    for number, link, agrees in ((2, "anything", True), (3, own, True), (3, "k00000000:0", False)):
        made.apart = head_of(number, link, KEYS)
        assert made.judged().apart is agrees


def test_what_is_said_of_an_anchor() -> None:
    made = journal(9, gap=2)
    true = anchored(made, 5)
    made.rows = made.rows[5:]
    said_of_it = ("changed", 10, 5, "the anchor where the chain begins is forged or changed")
    made.anchor = replace(true, reason="another")
    assert said(made.judged()) == [said_of_it]
    made.anchor = sealed(true, ChainKeys())
    assert said(made.judged()) == [said_of_it]
    made.anchor = true
    assert said(made.judged()) == []
    assert (made.judged().first, made.judged().last, made.judged().rows) == (6, 9, 4)


def test_a_part_begins_after_the_row_before_it() -> None:
    made = journal(6)
    ends = Ends(after=Head(number=2, link=str(made.rows[1].link)), least=made.head)
    assert said(verify_chain(made.rows[2:], ends=ends, keys=KEYS)) == []
    wrong = replace(ends, after=Head(number=2, link="k00000000:0"))
    assert said(verify_chain(made.rows[2:], ends=wrong, keys=KEYS)) == [
        ("changed", 3, 3, "row 3 (number 3): it was linked to another row than the one before it")
    ]
    unsigned = journal(6, ChainKeys())
    ends = Ends(after=Head(number=2, link=str(made.rows[1].link)), least=unsigned.head)
    found = verify_chain(unsigned.rows[2:], ends=ends, keys=KEYS)
    assert found.breaks[0].text == "row 3 (number 3): it is not signed", "it goes on after a signed row"


def test_what_is_said_of_a_key_that_is_not_here() -> None:
    made = journal(3)
    strange = ChainKeys(b"another secret, given later")
    found = made.judged(strange)
    sentence = (
        "from the row with number 1 on there are links that were made with another key: "
        "give that one in GUARD_FORMER_SECRET_KEYS, or verify where GUARD_SECRET_KEY is set"
    )
    assert said(found) == [("made with a key that is not here", 1, 1, sentence)]
    made.anchor = anchored(made, 2)
    made.rows = made.rows[2:]
    assert [one[:3] for one in said(made.judged(strange))] == [("made with a key that is not here", 2, 2)]


def test_what_was_accepted_is_passed_over_to_its_last_row() -> None:
    made = journal(9, gap=2)
    made.anchor = anchored(made, 6, AnchorKind.ACCEPTED)
    found = made.judged()
    assert (found.passed_over, found.rows, found.first, found.breaks) == (6, 3, 7, ())


def test_a_great_hole_is_counted_and_not_listed_whole() -> None:
    for gone, listed, more in ((100, 100, 0), (101, 100, 1), (130, 100, 30)):
        made = journal(gone + 2)
        made.rows = [made.rows[0], made.rows[-1]]
        found = made.judged()
        assert (len(found.breaks), found.more) == (listed, more)
        assert found.breaks[-1].number == 101


def test_great_holes_are_counted_together() -> None:
    made = journal(205)
    made.rows = [made.rows[0], made.rows[102], made.rows[204]]
    found = made.judged()
    assert (len(found.breaks), found.more) == (100, 102)


def test_of_more_than_a_thousand_breaks_the_later_found_are_only_counted() -> None:
    for changed, first, more in ((999, BreakKind.REMOVED, 900), (1000, BreakKind.CHANGED, 901)):
        made = journal(changed + 2)
        made.rows = [made.rows[1], *(replace(row, actor="x") for row in made.rows[2:])]
        found = made.judged()
        assert (found.breaks[0].kind, len(found.breaks), found.more) == (first, 100, more)


def test_breaks_of_rows_in_no_order_are_told_in_that_of_the_database() -> None:
    made = journal(4, gap=10)
    made.rows[3] = replace(made.rows[3], actor="x")
    made.rows.append(replace(made.rows[1], seq=55))
    assert [one[:3] for one in said(made.judged())] == [("changed", 40, 4), ("inserted", 55, 2)]
    made = journal(3)  # a file may hold any seq
    made.rows[0] = replace(made.rows[0], seq=0, number=9)
    made.rows[1] = replace(made.rows[1], seq=1, actor="x")
    assert [one[:3] for one in said(made.judged())] == [("changed", 0, 9), ("changed", 1, 2)]
    made = journal(3)
    made.rows[0] = replace(made.rows[0], actor="x")
    made.rows.insert(1, replace(made.rows[1], seq=1, number=None))
    assert [one[:3] for one in said(made.judged())] == [("inserted", 1, None), ("changed", 1, 1)]


def test_of_breaks_at_one_row_the_lower_number_is_told_first() -> None:
    made = journal(3)
    del made.rows[0]
    found = made.judged(ChainKeys(b"another secret, given later"))
    assert [(one.kind, one.seq, one.number) for one in found.breaks] == [
        (BreakKind.REMOVED, 2, 1), (BreakKind.UNKNOWN_KEY, 2, 2)
    ]  # fmt: skip


def test_breaks_are_told_in_the_order_of_the_rows() -> None:
    made = journal(9, gap=2)
    made.rows[7] = replace(made.rows[7], actor="x")
    del made.rows[3:5]
    made.rows[1] = replace(made.rows[1], actor="x")
    made.head = head_of(11, "l", KEYS)
    assert [(one.seq, one.number) for one in made.judged().breaks] == [
        (4, 2), (12, 4), (12, 5), (16, 8), (None, 10)
    ]  # fmt: skip
