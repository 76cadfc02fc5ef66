"""The harness with real workers, in little: the guard, and plain Celery whose consumers are cancelled."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from benchmarks.compare.__main__ import broken
from benchmarks.compare.contestants import CONTESTANTS
from benchmarks.compare.contestants.guarded import GuardRefuse
from benchmarks.compare.rounds import QUICK, Played, play

if TYPE_CHECKING:
    from benchmarks.compare.contestant import Span
    from benchmarks.compare.stage import Stage


def _round(name: str) -> Played:
    played = play(CONTESTANTS[name](quick=True), "calm", QUICK, random.Random(1))
    print(name, played.to_dict())
    return played


@pytest.mark.parametrize("name", ["guard", "celery-cancel"])
def test_a_round_balances_and_only_the_guard_stops_what_was_fetched(name: str) -> None:
    figures = _round(name).figures
    assert figures.accepted > 0
    assert (figures.ended, figures.kept, figures.lost, figures.twice) == (figures.accepted, 0, 0, 0)
    assert figures.held >= figures.owed - 1, "one may be published between the two questions"
    assert figures.call is not None
    if name == "guard":
        assert figures.after == 0
        assert figures.refused_meanwhile > 0
        assert figures.accepted_meanwhile == 0
    else:
        assert figures.last_start is not None
        assert figures.last_start > 0, "prefetched jobs start after the consumers were cancelled"
        assert figures.accepted_meanwhile > 0


class _Pretends(GuardRefuse):
    """A guard whose `enable()` returns, and has closed nothing."""

    def pause(self, stage: Stage) -> Span:
        return stage.controller.timed("held")

    def resume(self, stage: Stage) -> Span:
        return stage.controller.timed("held")


@pytest.mark.slow
def test_a_guard_that_closes_nothing_is_found_out() -> None:
    played = play(_Pretends(quick=True), "calm", replace(QUICK, backlog=300), random.Random(1))
    assert played.figures.after > 0
    assert any("after" in problem for problem in broken({"rounds": [played.to_dict()]}))
