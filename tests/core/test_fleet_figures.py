"""What monitoring is told, from what was seen: unknown stays unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.core.account import Account
from guard.core.agents import AgentCard, AgentReport, RunningJob
from guard.core.counts import Count
from guard.core.fleet_figures import (
    MODES,
    FleetFigures,
    Part,
    with_state,
    with_sums,
    with_window,
    with_workers,
    workers_by_standing,
)
from guard.core.generation import Generation
from guard.core.modes import Mode, Phase
from guard.core.roster import RosterEntry
from guard.core.session_sweep import Marks
from guard.core.state import GuardState
from guard.core.terms import Terms

NOW = 10_000.0
FIRST = GuardState.first("store", 0.0)
NOTHING = FleetFigures()


def opened(phase: Phase, mode: Mode = Mode.NORMAL, **changed: Any) -> GuardState:
    return replace(
        FIRST,
        **{
            "epoch": 7,
            "phase": phase,
            "mode": mode,
            "window_id": "w",
            "reason": "test",
            "started_at": NOW - 100,
            "duration": 60,
            **changed,
        },
    )


def entry(*, role: str = "worker", report: AgentReport | None = None, **changed: Any) -> RosterEntry:
    card = AgentCard(agent_id="1", role=role, node="n", host="h", pid=1, problem=changed.pop("problem", ""))
    return RosterEntry(
        card=card,
        acknowledged_epoch=changed.pop("acknowledged", 7),
        seen_seconds_ago=changed.pop("seen", 0.5),
        report=report,
    )


def test_of_nothing_nothing_is_known() -> None:
    assert {getattr(NOTHING, name) for name in FleetFigures.__slots__ if name != "up"} == {None}
    assert NOTHING.up == {}


def test_words_of_monitoring() -> None:
    assert MODES == ("off", "normal", "emergency", "test")
    assert [part.value for part in Part] == ["redis", "sql", "broker"]


@pytest.mark.parametrize(
    ("state", "mode", "age", "overrun", "drain_age", "drain_overrun"),
    [
        (FIRST, "off", None, None, None, None),
        (opened(Phase.ACTIVE), "normal", 100, 40, None, None),
        (opened(Phase.ACTIVE, duration=None), "normal", 100, 0, None, None),
        (opened(Phase.ACTIVE, duration=None, started_at=NOW - 8000), "normal", 8000, 800, None, None),
        (opened(Phase.ACTIVE, Mode.EMERGENCY, duration=3600), "emergency", 100, 0, None, None),
        (opened(Phase.ACTIVE, Mode.TEST), "test", 100, None, None, None),
        (opened(Phase.ACTIVE, terms=Terms(drain_within=90)), "normal", 100, 40, None, None),
        (opened(Phase.DRAINING), "normal", 100, 40, 100, None),
        (opened(Phase.DRAINING, terms=Terms(drain_within=300)), "normal", 100, 40, 100, 0),
        (opened(Phase.DRAINING, terms=Terms(drain_within=90)), "normal", 100, 40, 100, 10),
        (opened(Phase.RELEASING), "off", None, None, None, None),
    ],
)
def test_the_window(
    state: GuardState,
    mode: str,
    age: float | None,
    overrun: float | None,
    drain_age: float | None,
    drain_overrun: float | None,
) -> None:
    figures = with_state(NOTHING, state, now=NOW, usual_length=7200)
    assert (figures.mode, figures.phase, figures.epoch) == (mode, state.phase.value, state.epoch)
    assert (figures.window_age, figures.window_overrun) == (age, overrun)
    assert (figures.drain_age, figures.drain_overrun) == (drain_age, drain_overrun)


def test_invalidations_are_the_number_of_the_generation() -> None:
    state = replace(FIRST, generation=Generation(number=4, valid_after=1.0))
    assert with_state(NOTHING, state, now=NOW, usual_length=1).invalidations == 4
    for cleaned, left in ((3, True), (4, False)):
        assert with_window(NOTHING, state, None, Marks(cleaned=cleaned)).sessions_left is left


def test_workers_by_standing() -> None:
    roster = [entry(), entry(acknowledged=6), entry(seen=30.0), entry(problem="no gate")]
    assert workers_by_standing(roster, epoch=7) == {
        "live": 3,
        "acknowledged": 3,
        "unconfirmed": 1,
        "broken": 1,
    }
    assert workers_by_standing(roster, epoch=None) == {"live": 3, "broken": 1}
    assert workers_by_standing([], epoch=7) == {"live": 0, "acknowledged": 0, "unconfirmed": 0, "broken": 0}


def test_jobs_in_workers_are_known_while_a_window_is_open() -> None:
    job = RunningJob(task_id="t", task="shop.job", since=1.0)
    roster = [
        entry(report=AgentReport(running=(job, job), reserved=3)),
        entry(report=AgentReport(running=(job,))),
        entry(),
        entry(role="producer"),
    ]
    figures = with_workers(NOTHING, roster, opened(Phase.DRAINING))
    assert (figures.in_flight, figures.reserved, figures.not_reported) == (3, 3, 1)
    for state in (FIRST, None):
        unknown = with_workers(NOTHING, roster, state)
        assert (unknown.in_flight, unknown.reserved, unknown.not_reported) == (None, None, None)
        assert unknown.workers is not None


def test_refused_in_this_window() -> None:
    account = Account({(Count.REFUSED, "x"): 2, (Count.REFUSED, "y"): 1, (Count.PARKED, "x"): 9})
    assert with_window(NOTHING, opened(Phase.ACTIVE), account, Marks()).refused == 3
    assert with_window(NOTHING, FIRST, None, Marks()).refused == 0
    assert with_window(NOTHING, None, None, Marks()) == NOTHING


def test_what_was_never_counted_is_zero_once_somebody_has_answered() -> None:
    figures = with_sums(NOTHING, {})
    assert figures.failures == {"redis": 0, "sql": 0}
    assert figures.decisions is not None
    assert sum(figures.decisions["publish"].counts) == 0
    assert figures.jobs == {}


def test_a_clock_that_went_back_makes_no_negative_age() -> None:
    figures = with_state(NOTHING, opened(Phase.ACTIVE, started_at=NOW + 5), now=NOW, usual_length=7200)
    assert (figures.window_age, figures.window_overrun) == (0.0, 0.0)
    assert (
        with_state(NOTHING, opened(Phase.ACTIVE, started_at=None), now=NOW, usual_length=1).window_age is None
    )


@pytest.mark.parametrize(
    ("phase", "mode", "name"), [(Phase.ACTIVE, None, "off"), (Phase.RELEASING, Mode.TEST, "off")]
)
def test_a_window_without_a_mode_or_that_is_over_is_off(phase: Phase, mode: Any, name: str) -> None:
    assert with_state(NOTHING, opened(phase, mode), now=NOW, usual_length=1).mode == name


def test_what_was_known_stays_known() -> None:
    known = replace(NOTHING, age=1.0, parked=3, up={"redis": True})
    account = Account({(Count.REFUSED, "x"): 2})
    more = with_state(known, opened(Phase.ACTIVE), now=NOW, usual_length=1)
    more = with_sums(with_window(with_workers(more, [entry()], FIRST), FIRST, account, Marks()), {})
    assert (more.age, more.parked, more.up, more.phase, more.refused) == (
        1.0,
        3,
        {"redis": True},
        "active",
        2,
    )
    assert more.workers == {"live": 1, "acknowledged": 0, "unconfirmed": 1, "broken": 0}


def test_workers_alone_are_workers() -> None:
    figures = with_workers(NOTHING, [entry(), entry(role="producer")], None)
    assert figures.workers == {"live": 1, "broken": 0}


def test_what_was_summed_up() -> None:
    sums = {"request:x": 4, "job:held:y": 5, "failed:sql": 6, "decision:start:0": 7, "drain:0": 8}
    figures = with_sums(NOTHING, sums)
    assert (figures.jobs, figures.requests) == ({("held", "y"): 5}, {"x": 4})
    assert figures.failures == {"redis": 0, "sql": 6}
    assert figures.decisions is not None
    assert figures.drains is not None
    assert (figures.decisions["start"].counts[0], figures.drains.counts[0]) == (7, 8)


@pytest.mark.parametrize(("seen", "live"), [(0.0, 1), (4.9, 1), (5.0, 0)])
def test_who_was_seen_lately_lives(seen: float, live: int) -> None:
    assert workers_by_standing([entry(seen=seen)], epoch=None)["live"] == live
