"""What is wrong with a chain of journal rows, if anything: pure, row by row, in little memory.

The rows come in the database's order. A row that does not fit its own link was changed. A number that is
not there was removed; one that comes later was moved; one that comes twice, or has no link, was slipped in.
After a row that was changed the chain is taken up again, so that one attack is not told as a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.audit_chain import GENESIS, AnchorKind, is_signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from guard.core.audit_chain import ChainKeys, ChainRow, Ends, Head

__all__ = ["Break", "BreakKind", "Verdict", "verify_chain"]

_MOST_BREAKS = 100
_MOST_PAIRS = 50


class BreakKind(StrEnum):
    """What happened to a row."""

    CHANGED = "changed"
    REMOVED = "removed"
    REORDERED = "reordered"
    INSERTED = "inserted"
    CUT = "cut at the end"
    UNKNOWN_KEY = "made with a key that is not here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One thing that is wrong.

    Attributes:
        seq: of the row, or of the first row after what is missing; None: at the end.
        number: the row's number in the chain, where it has one.
        text: a sentence for people.
    """

    kind: BreakKind
    seq: int | None
    number: int | None
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Plain types."""
        return {"kind": self.kind.value, "seq": self.seq, "number": self.number, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What verifying found.

    Attributes:
        rows: how many were judged.
        first, last: their numbers; None: there were none.
        unsigned: rows whose link is a plain digest.
        apart: whether the head that is kept in another store agrees; None: nobody can say.
        breaks: in the order of the rows, at most 100; `more`: how many are not listed.
        passed_over: rows before the anchor that somebody accepted.
    """

    rows: int
    first: int | None
    last: int | None
    unsigned: int
    apart: bool | None
    breaks: tuple[Break, ...]
    more: int = 0
    passed_over: int = 0

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.breaks

    def to_dict(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "intact": self.intact,
            "rows": self.rows,
            "first": self.first,
            "last": self.last,
            "unsigned": self.unsigned,
            "apart": self.apart,
            "passed_over": self.passed_over,
            "breaks": [one.to_dict() for one in self.breaks],
            "more": self.more,
        }


def verify_chain(
    rows: Iterable[ChainRow], *, ends: Ends, keys: ChainKeys, latest: Callable[[], Head | None] | None = None
) -> Verdict:
    """Judge all rows, in the order of `seq`.

    Args:
        latest: asked for the head once all rows were read, since rows may be written meanwhile; None: the
            head of `ends`.
    """
    walk = _Walk(ends, keys)
    for row in rows:
        walk.take(row)
    return walk.end(latest() if latest is not None else ends.least)


class _Walk:
    """The state of one look at a chain."""

    def __init__(self, ends: Ends, keys: ChainKeys) -> None:
        self._ends, self._keys = ends, keys
        anchor = ends.anchor
        begin = anchor or ends.after
        self._begin = begin.number if begin else 0
        self._expected = self._begin + 1
        self._before: str | None = begin.link if begin else GENESIS
        self._missing: dict[int, int] = {}
        self._bad: list[ChainRow] = []
        self._breaks: list[Break] = []
        self._noted = {one.number for one in (ends.least, ends.apart) if one is not None}
        self._links: dict[int, str] = {self._begin: begin.link if begin else GENESIS}
        self._rows = self._unsigned = self._passed_over = self._more = 0
        self._first: int | None = None
        self._signed = begin is not None and is_signed(begin.link)
        self._strange_key = False
        if anchor is not None:
            fits = keys.fits(anchor.seal, anchor.payload)
            if is_signed(anchor.link) and not is_signed(anchor.seal):
                fits = False
            if fits is None:
                self._meet_strange_key(anchor.seq, anchor.number)
            elif not fits:
                said = "the anchor where the chain begins is forged or changed"
                self._append(Break(kind=BreakKind.CHANGED, seq=anchor.seq, number=anchor.number, text=said))

    def take(self, row: ChainRow) -> None:
        anchor = self._ends.anchor
        if anchor is not None and row.seq <= anchor.seq and anchor.kind is AnchorKind.ACCEPTED:
            self._passed_over += 1
            return
        self._rows += 1
        if row.number is None or row.link is None or row.previous is None:
            said = "it has no link: written by hand, or by a release that knows no chain"
            self._add(BreakKind.INSERTED, row, said)
            return
        fits = self._keys.fits(row.link, row.payload)
        if fits is False or (self._signed and not is_signed(row.link)):
            self._change(row)
            return
        if fits is None:
            self._meet_strange_key(row.seq, row.number)
        self._signed = self._signed or is_signed(row.link)
        self._unsigned += not is_signed(row.link)
        self._place(row, row.number, row.link)

    def _change(self, row: ChainRow) -> None:
        if len(self._bad) < _MOST_PAIRS:
            self._bad.append(row)
        signed = isinstance(row.link, str) and is_signed(row.link)  # in a file it may be anything
        said = "it does not say any more what it said" if signed or not self._signed else "it is not signed"
        self._add(BreakKind.CHANGED, row, said)
        # It stands in the place of the one that is expected, whatever number it has now.
        self._first = self._first if self._first is not None else self._expected
        self._expected, self._before = self._expected + 1, None

    def _place(self, row: ChainRow, number: int, link: str) -> None:
        if number < self._expected:
            if self._missing.pop(number, None) is not None:
                self._add(BreakKind.REORDERED, row, f"it belongs before the row with number {number + 1}")
                self._note(number, link)
            else:
                self._add(BreakKind.INSERTED, row, f"number {number} was there before: a copy")
            return
        if number > self._expected:
            for gone in range(self._expected, min(number, self._expected + _MOST_BREAKS)):
                self._missing[gone] = row.seq
            self._more += max(0, number - self._expected - _MOST_BREAKS)
        elif self._before is not None and row.previous != self._before:
            self._add(BreakKind.CHANGED, row, "it was linked to another row than the one before it")
        self._first = self._first if self._first is not None else number
        self._expected, self._before = number + 1, link
        self._note(number, link)

    def _note(self, number: int, link: str) -> None:
        if number in self._noted:
            self._links[number] = link

    def end(self, most: Head | None) -> Verdict:
        for number, seq in self._missing.items():
            said = f"the row with number {number} is gone; the next one has seq {seq}"
            self._append(Break(kind=BreakKind.REMOVED, seq=seq, number=number, text=said))
        self._find_swapped()
        last = self._expected - 1
        self._judge_heads(last, most)
        breaks = sorted(self._breaks, key=lambda one: (one.seq is None, one.seq or 0, one.number or 0))
        return Verdict(
            rows=self._rows,
            first=self._first,
            last=last if self._first is not None else None,
            unsigned=self._unsigned,
            apart=self._agrees(self._ends.apart, last),
            breaks=tuple(breaks[:_MOST_BREAKS]),
            more=self._more + max(0, len(breaks) - _MOST_BREAKS),
            passed_over=self._passed_over,
        )

    def _find_swapped(self) -> None:
        """What two rows say may have been exchanged: then each fits the link of the other."""
        for row in self._bad:
            for other in self._bad:
                if row is other:
                    continue
                there = replace(row, number=other.number, previous=other.previous, link=other.link)
                if self._keys.fits(there.link, there.payload):
                    said = f"what it says belongs to the row with number {other.number}"
                    self._breaks = [
                        replace(one, kind=BreakKind.REORDERED, text=_sentence(row, said))
                        if one.seq == row.seq and one.kind is BreakKind.CHANGED
                        else one
                        for one in self._breaks
                    ]

    def _judge_heads(self, last: int, most: Head | None) -> None:
        least, apart = self._ends.least, self._ends.apart
        if least is None:
            self._cut(None, "the record of the newest row is gone")
        elif least.number > last:
            self._cut(last + 1, f"rows {last + 1} to {least.number} are gone")
        elif not self._agrees(least, last):
            self._append(_at_end(BreakKind.CHANGED, least.number, "is not what the head says"))
        if most is not None and most.number < last:
            self._append(_at_end(BreakKind.INSERTED, most.number + 1, "is newer than the head says"))
        if apart is None:
            return
        unsigned = self._signed and not is_signed(apart.seal)
        if unsigned or self._keys.fits(apart.seal, apart.payload) is False:
            said = "is named by another store in a forged record"
            self._append(_at_end(BreakKind.CHANGED, apart.number, said))
        elif apart.number > max(last, most.number if most else 0):
            self._cut(last + 1, f"rows {last + 1} to {apart.number} were there, as another store knows")
        elif not self._agrees(apart, last):
            self._append(_at_end(BreakKind.CHANGED, apart.number, "is not what another store knows of it"))

    def _agrees(self, head: Head | None, last: int) -> bool | None:
        if head is None:
            return None
        if head.number > last:
            return False
        found = self._links.get(head.number)
        # A row that is gone or changed is told by itself; of one that was cut nobody can say.
        return found is None or found == head.link

    def _cut(self, number: int | None, said: str) -> None:
        self._append(Break(kind=BreakKind.CUT, seq=None, number=number, text=said))

    def _meet_strange_key(self, seq: int, number: int) -> None:
        if self._strange_key:
            return
        self._strange_key = True
        said = (
            f"from the row with number {number} on there are links that were made with another key: "
            "give that one in GUARD_FORMER_SECRET_KEYS, or verify where GUARD_SECRET_KEY is set"
        )
        self._append(Break(kind=BreakKind.UNKNOWN_KEY, seq=seq, number=number, text=said))

    def _add(self, kind: BreakKind, row: ChainRow, said: str) -> None:
        self._append(Break(kind=kind, seq=row.seq, number=row.number, text=_sentence(row, said)))

    def _append(self, found: Break) -> None:
        if len(self._breaks) < 10 * _MOST_BREAKS:
            self._breaks.append(found)
        else:
            self._more += 1


def _sentence(row: ChainRow, said: str) -> str:
    named = f"row {row.seq}" + (f" (number {row.number})" if row.number is not None else "")
    return f"{named}: {said}"


def _at_end(kind: BreakKind, number: int, said: str) -> Break:
    return Break(kind=kind, seq=None, number=number, text=f"the row with number {number} {said}")
