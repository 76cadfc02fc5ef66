"""`guard.should_stop()` and its like, outside and inside of a job."""

from __future__ import annotations

import sys

import pytest
from celery.exceptions import Ignore, Reject, Retry, SoftTimeLimitExceeded

import guard
from guard.clock import boot_ms
from guard.gates import interrupted
from guard.gates.interrupted import left_by, outlived
from guard.gates.not_started import Interrupted
from guard.gates.page import Rung, SharedPage, SlotState
from guard.gates.runtime import Runtime


def test_outside_of_a_job_nobody_is_asked_to_stop() -> None:
    assert guard.should_stop() is False
    assert guard.time_left() is None
    guard.checkpoint()
    guard.checkpoint(lambda: pytest.fail("nothing to clean up"))
    with guard.on_stop(lambda: pytest.fail("nothing to clean up")):
        pass
    with pytest.raises(ValueError, match="its own"), guard.on_stop(lambda: pytest.fail("not asked")):
        raise ValueError("its own")


def test_a_jobs_own_except_does_not_swallow_it() -> None:
    assert not issubclass(guard.JobInterrupted, Exception)


class Job:
    """A job that runs in a slot of a page, as a pool child has it."""

    def __init__(self) -> None:
        self.page = SharedPage()
        self.runtime = Runtime(ensure_agent=lambda: None, count_at_once=lambda *_: None)
        self.runtime.page = self.page
        self.runtime.is_worker = self.runtime.is_pool_child = True
        self.slot = self.runtime.child_slot = self.page.slot(3)
        self.slot.words[self.slot.base + 3] = boot_ms() - 1000
        self.slot.words[self.slot.base] = SlotState.RUNNING
        self.slot.busy = True

    @property
    def view(self):  # type: ignore[no-untyped-def]
        return self.page.view(3)


@pytest.fixture
def job():  # type: ignore[no-untyped-def]
    made = Job()
    yield made
    made.slot.busy = False


def test_a_job_that_is_asked(job: Job) -> None:
    assert not guard.should_stop()
    job.page.ask(job.view, boot_ms() + 5_000)
    assert job.view.rung is Rung.ASKED
    assert guard.should_stop()
    assert 4 < (guard.time_left() or 0) <= 5
    cleaned: list[int] = []
    with pytest.raises(guard.JobInterrupted), guard.on_stop(lambda: cleaned.append(2)):
        guard.checkpoint(lambda: cleaned.append(1))
    assert cleaned == [1, 2]
    job.page.set_rung(job.view, Rung.NONE)
    assert not guard.should_stop()
    guard.checkpoint()


def test_a_late_answer_says_no_time_is_left(job: Job) -> None:
    job.page.ask(job.view, boot_ms() - 5_000)
    assert guard.time_left() == 0


def test_the_next_job_in_the_slot_was_not_asked(job: Job) -> None:
    asked = job.view
    job.page.ask(asked, boot_ms() + 5_000)
    job.slot.words[job.slot.base + 3] += 1
    assert not guard.should_stop()
    job.page.set_rung(job.view, Rung.SIGNALLED)
    assert not guard.should_stop()
    assert not job.view.is_same(asked)


def test_one_that_may_run_while_closed_is_marked(job: Job) -> None:
    job.slot.exempt()
    assert job.view.rung is Rung.EXEMPT
    assert not guard.should_stop()


class Task:
    name = "shop.job"
    soft_stop = False


class SoftTask(Task):
    soft_stop = True


ERRORS = [ValueError("own"), SoftTimeLimitExceeded(), Retry(), Ignore(), Reject("no"), SystemExit(1)]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_what_a_job_raises_that_was_only_asked_is_its_own(job: Job, error: BaseException) -> None:
    job.page.ask(job.view, 0)
    assert left_by(error, job.slot, Task()) is SlotState.FAILED  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "task"), [(guard.JobInterrupted(), Task()), (SoftTimeLimitExceeded(), SoftTask())]
)
def test_what_it_raises_because_it_was_asked(job: Job, error: BaseException, task: Task) -> None:
    job.page.ask(job.view, 0)
    with pytest.raises(Interrupted):
        left_by(error, job.slot, task)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_what_it_raises_after_the_signal(job: Job, error: BaseException) -> None:
    """A handler of its own took the signal. Celery's ways to end a job stay what they are."""
    job.page.ask(job.view, 0)
    job.page.set_rung(job.view, Rung.SIGNALLED)
    if isinstance(error, (Retry, Ignore, Reject)):
        assert left_by(error, job.slot, Task()) is SlotState.FAILED  # type: ignore[arg-type]
    else:
        with pytest.raises(Interrupted):
            left_by(error, job.slot, Task())  # type: ignore[arg-type]


def test_celerys_handler_of_the_signal_ends_the_process(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    job.page.ask(job.view, 0)
    job.page.set_rung(job.view, Rung.SIGNALLED)
    monkeypatch.setattr(interrupted, "is_exiting", lambda: True)
    assert left_by(SystemExit(1), job.slot, Task()) is SlotState.EXITING  # type: ignore[arg-type]
    with pytest.raises(Interrupted):  # the cleanup failed, or the exit was swallowed before
        left_by(ValueError("own"), job.slot, Task())  # type: ignore[arg-type]


@pytest.mark.parametrize("signalled", [True, False])
def test_a_process_that_was_told_to_end_goes_on_with_the_next_job(
    job: Job, monkeypatch: pytest.MonkeyPatch, signalled: bool
) -> None:
    heard: list[bool] = []
    monkeypatch.setattr(interrupted, "hear_sigterm_again", lambda: heard.append(True))
    job.page.ask(job.view, 0)
    if signalled:
        job.page.set_rung(job.view, Rung.SIGNALLED)
    job.slot.busy = False
    try:
        sys.exit(1)
    except SystemExit:  # still on its way up: this process ends, and reports nothing
        outlived(job.slot)
    assert heard == []
    outlived(job.slot)
    assert heard == [True] * signalled
