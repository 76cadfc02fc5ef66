"""The emergency ladder: each step by table, and what must hold whatever happens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from guard.core.ladder import KILL_AFTER, LATEST_TERM, Climb, Code, Step, next_signal_at, next_step
from tests.core.strategies import many

ASKED = Climb(grace=10.0, asked_at=100.0)
SIGNALLED = replace(ASKED, terminated_at=110.0)

TABLE = [
    ("asked at once", Climb(grace=10.0), 0.0, Step.ASK),
    ("not when its code is over", Climb(grace=10.0, code=Code.OVER), 0.0, Step.WAIT),
    ("not without an emergency", Climb(grace=10.0, wanted=False), 0.0, Step.LEAVE),
    ("has its grace period", ASKED, 109.999, Step.WAIT),
    ("all of it", ASKED, 110.0, Step.TERM),
    ("none when there is none", replace(ASKED, grace=0.0), 100.0, Step.TERM),
    ("parked first", replace(ASKED, must_park=True), 110.0, Step.PARK),
    ("not parked before it must be", replace(ASKED, must_park=True), 109.0, Step.WAIT),
    ("its result is on the way", replace(ASKED, code=Code.OVER), 999.0, Step.WAIT),
    ("it ends without a signal of ours", replace(ASKED, code=Code.EXITING), 999.0, Step.WAIT),
    ("a pool that cannot end it", replace(ASKED, terminable=False), 999.0, Step.WAIT),
    ("eased before the signal", replace(ASKED, wanted=False), 999.0, Step.LEAVE),
    ("eased, and its result on the way", replace(ASKED, code=Code.OVER, wanted=False), 999.0, Step.WAIT),
    ("over, and never asked", Climb(grace=10.0, code=Code.OVER, wanted=False), 0.0, Step.LEAVE),
    ("two seconds to unwind", SIGNALLED, 111.999, Step.WAIT),
    ("and no more", SIGNALLED, 112.0, Step.KILL),
    ("a late SIGTERM does not put it off", replace(ASKED, terminated_at=110.4), 112.0, Step.KILL),
    ("a very late one does", replace(ASKED, terminated_at=110.6), 112.5, Step.WAIT),
    ("by as much", replace(ASKED, terminated_at=110.6), 112.6, Step.KILL),
    ("once", replace(SIGNALLED, killed_at=112.0), 999.0, Step.WAIT),
    ("it swallowed the signal and returned", replace(SIGNALLED, code=Code.OVER), 999.0, Step.WAIT),
    ("it hangs on its way out", replace(SIGNALLED, code=Code.EXITING), 112.0, Step.KILL),
    ("eased after the signal", replace(SIGNALLED, wanted=False), 112.0, Step.KILL),
    ("its process is gone", replace(SIGNALLED, alive=False), 110.1, Step.CONCLUDE),
    ("it died by itself, and Celery has not said how", replace(ASKED, alive=False), 999.0, Step.WAIT),
    ("nor when the emergency is over", replace(ASKED, alive=False, wanted=False), 999.0, Step.WAIT),
    ("and when it has", replace(ASKED, alive=False, reported=True), 100.1, Step.CONCLUDE),
    ("Celery said how it ended", replace(ASKED, reported=True), 100.1, Step.CONCLUDE),
    (
        "and that the emergency is over matters no more",
        replace(ASKED, reported=True, wanted=False),
        0.0,
        Step.CONCLUDE,
    ),
]


@pytest.mark.parametrize(("climb", "now", "step"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_next_step(climb: Climb, now: float, step: Step) -> None:
    assert next_step(climb, now) is step


times = some.none() | some.floats(0, 1000)
climbs = some.builds(
    Climb,
    grace=some.floats(0, 300),
    asked_at=times,
    terminated_at=times,
    killed_at=times,
    code=some.sampled_from(Code),
    alive=some.booleans(),
    reported=some.booleans(),
    terminable=some.booleans(),
    must_park=some.booleans(),
    wanted=some.booleans(),
)


@given(climbs, some.floats(0, 2000))
@many
def test_no_signal_that_must_not_be(climb: Climb, now: float) -> None:
    step = next_step(climb, now)
    if step in {Step.TERM, Step.KILL}:
        assert climb.alive
        assert climb.terminable
        assert not climb.reported
        assert climb.code is not Code.OVER
        assert climb.asked_at is not None
    if step in {Step.TERM, Step.PARK}:
        assert climb.asked_at is not None
        assert now >= climb.asked_at + climb.grace
        assert climb.wanted
        assert climb.code is Code.RUNS
    if step is Step.TERM:
        assert not climb.must_park
    if step is Step.KILL:
        assert climb.terminated_at is not None
        assert now >= climb.terminated_at + KILL_AFTER - LATEST_TERM
        assert climb.asked_at is None or now >= climb.asked_at + climb.grace + KILL_AFTER


@given(some.floats(0, 300), some.booleans(), some.floats(0.001, 0.05))
@many
def test_a_deaf_job_has_met_every_step_in_time(grace: float, must_park: bool, slice_seconds: float) -> None:
    """Walked in steps of some milliseconds, with a park that takes one of them."""
    climb, now, met = Climb(grace=grace, must_park=must_park), 0.0, []
    while climb.killed_at is None:
        step = next_step(climb, now)
        match step:
            case Step.ASK:
                climb = replace(climb, asked_at=now)
                now += grace - slice_seconds if grace > slice_seconds else 0
            case Step.PARK:
                climb = replace(climb, must_park=False)
            case Step.TERM:
                climb = replace(climb, terminated_at=now)
            case Step.KILL:
                climb = replace(climb, killed_at=now)
        met += [step] if step is not Step.WAIT else []
        now += slice_seconds
    assert met == [Step.ASK, *([Step.PARK] if must_park else []), Step.TERM, Step.KILL]
    assert now <= grace + KILL_AFTER + 6 * slice_seconds + 1e-6
    assert next_step(replace(climb, alive=False), now) is Step.CONCLUDE


@pytest.mark.parametrize(
    ("known", "due"),
    [
        pytest.param({}, None, id="nobody was asked"),
        pytest.param({"asked_at": 10.0}, 13.0, id="after the grace period"),
        pytest.param({"asked_at": 10.0, "terminated_at": 13.5}, 15.0, id="two seconds after SIGTERM was due"),
        pytest.param({"asked_at": 10.0, "terminated_at": 13.5, "killed_at": 15.5}, None, id="no more"),
        pytest.param({"asked_at": 10.0, "terminable": False}, None, id="a pool without signals"),
    ],
)
def test_when_the_next_signal_is_due(known: dict[str, Any], due: float | None) -> None:
    assert next_signal_at(Climb(grace=3.0, **known)) == due
