"""How a job ended whose process is gone. Found by the simulator: a job stopped because it was asked to, its
process ended right afterwards, and the main loop, which was busy, had not read yet how."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from billiard.exceptions import WorkerLostError

from guard.clock import SystemClock
from guard.core.ladder import Report, Step, next_step
from guard.core.modes import Gate as GateState
from guard.gates.inner_celery import worker_state
from guard.gates.not_started import Interrupted
from guard.gates.page import Rung, SlotState
from guard.worker.climber import Climber
from guard.worker.ladder import Ladder
from guard.worker.running import attempts
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.gates.page import SharedPage, SlotView

NOW = 100.0


class Request:
    """A request of Celery's, which is known by weak references."""

    def __init__(self) -> None:
        self.task = SimpleNamespace(acks_late=False)
        self.guard_climb: Climber | None = None
        self.id = "a job"
        self.worker_pid = os.getpid()


class Child:
    """A process that is gone."""

    def is_gone(self) -> bool:
        return True


@pytest.fixture
def slot(page: SharedPage) -> SlotView:
    page.slot(0)
    return page.view(0)


@pytest.fixture
def climber(slot: SlotView) -> Iterator[Climber]:
    """A job of a busy worker: it was asked, and Celery holds it for running."""
    request: Any = Request()
    made = Climber(slot=slot, request=request, operation="x", child=Child(), tell=lambda _: None)  # type: ignore[arg-type]
    made.asked(SimpleNamespace(window_id="w", reason="fire"), NOW)  # type: ignore[arg-type]
    worker_state.active_requests.add(request)
    yield made
    worker_state.active_requests.discard(request)


def step(climber: Climber, slot: SlotView) -> Step:
    return next_step(climber.look(slot, grace=1.0, terminable=True, wanted=True), NOW + 999)


@pytest.mark.parametrize(
    ("error", "is_ours", "report"),
    [
        pytest.param(Interrupted("asked"), True, Report.INTERRUPTED, id="stopped because it was asked"),
        pytest.param(ValueError(), False, Report.RAISED, id="failed"),
        pytest.param(WorkerLostError(), False, Report.LOST, id="died"),
    ],
)
def test_celery_says_how_it_ended_when_we_have_not_signalled_it(
    climber: Climber, slot: SlotView, error: Exception, is_ours: bool, report: Report
) -> None:
    assert (step(climber, slot), climber.report) == (Step.WAIT, None)
    assert climber.takes(error) is is_ours
    assert (step(climber, slot), climber.report) == (Step.CONCLUDE, report)


def test_it_returned(climber: Climber, slot: SlotView) -> None:
    worker_state.active_requests.discard(climber.request)
    assert (step(climber, slot), climber.report) == (Step.CONCLUDE, Report.RETURNED)


def test_what_we_have_signalled_needs_nobodys_word(climber: Climber, slot: SlotView) -> None:
    climber.terminated_at = NOW + 1
    assert (step(climber, slot), climber.report) == (Step.CONCLUDE, Report.LOST)


class Gate:
    """Knows which requests an emergency ends."""

    def __init__(self, broken: object) -> None:
        self._broken = broken

    def ended_by_emergency(self, request: object) -> str:
        if request is self._broken:
            raise OSError("too many open files")
        return "x"


@pytest.mark.parametrize("broken", [0, 1])
def test_the_ladder_stumbles_over_one_job_and_asks_the_other(page: SharedPage, broken: int) -> None:
    requests: list[Any] = [Request(), Request()]
    for index, request in enumerate(requests):
        request.id, request.name = f"job {index}", "a task"
        request.task.grace_period = None
        made = page.slot(index)
        made.name(request.id)
        page.words[made.base + 3] = 1000 + index
        page.words[made.base] = SlotState.RUNNING
    state: Any = SimpleNamespace(
        gate=GateState.EMERGENCY, window_id="w", reason="fire", terms=SimpleNamespace(grace=9)
    )
    ladder = Ladder(
        page=page,
        gate=Gate(requests[broken]),  # type: ignore[arg-type]
        make_conclusions=lambda: None,  # type: ignore[arg-type,return-value]
        clock=SystemClock(),
        grace=9.0,
        terminable=False,
        how_to_end="",
        announce=lambda *_, **__: None,
    )
    worker_state.active_requests.update(requests)
    try:
        ladder.follow(state)
        eventually(lambda: page.view(1 - broken).rung is Rung.ASKED, what="the other to be asked")
        assert page.view(broken).rung is Rung.NONE
    finally:
        ladder.leave_off()
        eventually(lambda: not ladder._walking, what="the ladder to end")
        worker_state.active_requests.difference_update(requests)


def _request_that_runs(page: SharedPage) -> tuple[object, object]:
    """What the ladder and what the drain take for the job in the slot."""
    nothing: Any = None
    ladder = Ladder(
        page=page,
        gate=nothing,
        make_conclusions=nothing,
        clock=nothing,
        grace=0.0,
        terminable=True,
        how_to_end="",
        announce=nothing,
    )
    ((attempt,), _lost) = attempts(page)
    return ladder._request_in(page.view(0)), attempt.request


def test_a_job_is_known_by_its_process(climber: Climber, page: SharedPage) -> None:
    page.words[8] = SlotState.RUNNING
    assert _request_that_runs(page) == (climber.request, climber.request)


def test_a_child_runs_its_next_job_before_its_last_one_is_given_back(
    climber: Climber, page: SharedPage
) -> None:
    """Found by the simulator: the broker was away, so a job that one emergency had stopped was active still
    for Celery. The next took it for what ran in its child: that job got two outcomes, the other none."""
    page.words[8] = SlotState.RUNNING
    climber.takes(Interrupted("asked"))
    assert _request_that_runs(page) == (None, None)
    following: Any = Request()
    stopped: list[Any] = [Request() for _ in range(9)]  # they are in a set: whichever comes first
    for one in stopped:
        one.guard_climb = climber
    worker_state.active_requests.update([*stopped, following])
    try:
        assert _request_that_runs(page) == (following, following)
    finally:
        worker_state.active_requests.difference_update([*stopped, following])
