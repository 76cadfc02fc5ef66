"""Judgements of ways out, parked jobs, locks and how jobs are delivered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core import emergency_checks as checks
from guard.core.doctor_facts import HeldLock, MachineFacts, ParkedFacts, Reply
from guard.core.modes import Mode, Phase
from guard.core.parked import ParkedJob
from guard.core.state import GuardState
from tests.core.test_activation_checks import OK, PROBLEM, UNKNOWN, WARNING, says
from tests.core.test_blocking_checks import LEASE, jobs, task, worker

if TYPE_CHECKING:
    from guard.core.diagnosis import Status

STATE = GuardState.first("ours", 1.0)
OPENED = replace(STATE, phase=Phase.ACTIVE, mode=Mode.NORMAL, started_at=100.0, duration=50)
JOB = ParkedJob(
    park_id="p", task_id="4f1c", task="t", operation="o", queue="q", retries=0, publication="",
    generation="original",
    parked_at=1.0, window_id="", worker="w",
)  # fmt: skip


def test_remote_control() -> None:
    heard = [Reply(node="w", agent_id="id-w")]
    says(checks.remote_control(heard, [worker()], LEASE), OK)
    says(checks.remote_control([], [worker()], LEASE), PROBLEM, "worker_enable_remote_control=True")
    says(checks.remote_control([], [worker(pool="solo")], LEASE), UNKNOWN, "solo")
    says(checks.remote_control([], [worker(seen=9)], LEASE), OK)
    says(checks.remote_control(heard, [worker(), worker("x")], LEASE), PROBLEM, "x")


def test_jobs_that_can_be_ended() -> None:
    says(checks.endable([worker(terminable=True)], LEASE), OK)
    says(checks.endable([worker(pool="threads")], LEASE), WARNING, "w (threads)")


@pytest.mark.parametrize(
    ("visibility", "limit", "late", "window", "status", "word"),
    [
        (None, 9999.0, True, 9999.0, OK, "gone"),
        (3600.0, 60.0, True, 3600.0, OK, "1 hour"),
        (3600.0, 3601.0, True, 60.0, PROBLEM, "t may run"),
        (3600.0, 3601.0, False, 60.0, OK, ""),
        (3600.0, 60.0, True, 3601.0, WARNING, "'visibility_timeout': 5402"),
        (3600.0, None, True, 60.0, WARNING, "task_time_limit = 3240"),
        (3600.0, None, False, 60.0, OK, ""),
    ],
)
def test_visibility(
    visibility: float | None, limit: float | None, late: bool, window: float, status: Status, word: str
) -> None:
    says(checks.visibility(jobs(task(limit=limit, late=late), visibility=visibility), window), status, word)


def test_late_acks() -> None:
    says(checks.late_acks(jobs(task(late=False), redis=False)), OK)
    says(checks.late_acks(jobs(task())), OK)
    says(checks.late_acks(jobs(task(), rejects_lost=False)), WARNING, "task_reject_on_worker_lost")
    says(checks.late_acks(jobs(task(late=False))), WARNING, "task_acks_late = True", "t")
    says(checks.late_acks(jobs(task(late=False, by_choice=True))), OK)


def test_a_local_close() -> None:
    there = MachineFacts(disks={}, closed_by="/x.closed", unknown_zones=(), versions=())
    says(checks.local_close(replace(there, closed_by=""), STATE), OK)
    says(checks.local_close(there, STATE), PROBLEM, "/x.closed", "close-local --open")
    says(checks.local_close(there, OPENED), WARNING)
    says(checks.local_close(there, None), WARNING)


def test_a_window_past_its_end() -> None:
    says(checks.overdue(STATE, 60, 1e9), OK, "no window")
    says(checks.overdue(OPENED, 60, 149.0), OK, "is open (active)")
    says(checks.overdue(OPENED, 60, 151.0), WARNING, "1 second ago", "maintenance disable")


def test_parked_jobs() -> None:
    facts = ParkedFacts(waiting=2, jobs=(JOB,), known_tasks=frozenset({"t"}))
    says(checks.parked_left(replace(facts, waiting=None), STATE), UNKNOWN)
    says(checks.parked_left(replace(facts, waiting=0), STATE), OK)
    says(checks.parked_left(facts, OPENED), OK)
    says(checks.parked_left(facts, replace(OPENED, phase=Phase.RELEASING)), OK)
    says(checks.parked_left(facts, STATE), PROBLEM, "2 jobs")
    says(checks.parked_known(replace(facts, jobs=())), OK)
    says(checks.parked_known(facts), OK)
    says(checks.parked_known(replace(facts, known_tasks=frozenset())), UNKNOWN)
    says(checks.parked_known(replace(facts, known_tasks=frozenset({"x"}))), PROBLEM, "discard 4f1c")


def test_locks() -> None:
    held = HeldLock(name="sweep", holder="1@h", alive=True, left=60.0)
    says(checks.locks([]), OK, "no lock")
    says(checks.locks([held, replace(held, alive=None)]), OK, "2 locks")
    says(
        checks.locks([replace(held, alive=False)]), WARNING, "sweep (by 1@h, 1 minute more)", "wait 1 minute"
    )
    says(
        checks.locks([replace(held, alive=None, left=None, holder="")]),
        WARNING,
        "for good",
        "redis-cli DEL 'sweep'",
    )
