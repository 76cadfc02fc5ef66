"""What was counted arrives once, however often its answer is lost."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from guard.agent.sums import AtOnce, Sums
from guard.core.counts import Count
from guard.errors import StoreUnavailable
from guard.store.memory import MemoryTally


class Loses(MemoryTally):
    """A control plane of which these answers are lost: the request before ("ask") or the answer after it."""

    def __init__(self, *losses: str) -> None:
        super().__init__()
        self.losses = list(losses)

    def add(self, *args: Any, **more: Any) -> None:
        lost = self.losses.pop(0) if self.losses else ""
        if lost != "ask":
            super().add(*args, **more)
        if lost:
            raise StoreUnavailable("no answer")


class Counted:
    """What a process has counted and nobody has taken."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, Count, str]] = Counter()

    def take(self) -> Counter[tuple[str, Count, str]]:
        taken, self.counts = self.counts, Counter()
        return taken


LOSSES = [(), ("ask",), ("answer",), ("ask", "answer"), ("answer", "answer", "ask")]


@pytest.mark.parametrize("losses", LOSSES)
def test_an_answer_that_is_lost_counts_nothing_twice(losses: tuple[str, ...]) -> None:
    tally, counted = Loses(*losses), Counted()
    sums = Sums(tally, counted.take, sender="a-1")
    for _ in range(5):
        counted.counts["w-1", Count.PARKED, "x"] += 1
        counted.counts["w-2", Count.RUNNING, "x"] += 2
        sums.send()
    sums.send()
    assert tally.account("w-1").total(Count.PARKED) == 5
    assert tally.account("w-2").total(Count.RUNNING) == 10


def test_two_senders_do_not_take_each_other_for_a_repetition() -> None:
    tally = Loses()
    for name in ("a-1", "a-2"):
        counted = Counted()
        counted.counts["w-1", Count.PARKED, "x"] += 1
        Sums(tally, counted.take, sender=name).send()
    assert tally.account("w-1").total(Count.PARKED) == 2


def test_while_nobody_answers_all_of_it_waits() -> None:
    tally, counted = Loses(*["ask"] * 50), Counted()
    sums = Sums(tally, counted.take, sender="a-1")
    for _ in range(50):
        counted.counts["w-1", Count.REFUSED, "x"] += 1
        sums.send()
    assert tally.account("w-1").total(Count.REFUSED) == 0
    sums.send()
    assert tally.account("w-1").total(Count.REFUSED) == 50


@pytest.mark.parametrize("loss", ["ask", "answer"])
def test_one_event_is_sent_once_more(loss: str) -> None:
    tally = Loses(loss)
    at_once = AtOnce(lambda: tally)
    for _ in range(3):
        at_once.add("w-1", Count.RELEASED, "x")
    assert tally.account("w-1").total(Count.RELEASED) == 3


@pytest.mark.parametrize("losses", [("ask", "answer"), ("answer", "ask"), ("ask", "ask")])
def test_one_event_that_got_no_answer_twice_is_said_and_comes_with_the_next(losses: tuple[str, ...]) -> None:
    tally = Loses(*losses)
    at_once = AtOnce(lambda: tally)
    with pytest.raises(StoreUnavailable):
        at_once.add("w-1", Count.RELEASED, "x")
    at_once.add("w-1", Count.RELEASED, "x")
    assert tally.account("w-1").total(Count.RELEASED) == 2
