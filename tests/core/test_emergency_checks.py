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


def test_workers_that_can_stop() -> None:
    threads = [worker(name, pool="threads") for name in "ihgfedcba"]
    shaky = jobs(redis=False, restores_prefetch=True)
    says(checks.stoppable(shaky, threads, LEASE), WARNING, "a, b, c, d, e, f, g, h", "reduction = False")
    assert ", i" not in checks.stoppable(shaky, threads, LEASE).seen
    says(checks.stoppable(shaky, [worker(pool="prefork")], LEASE), OK)
    says(checks.stoppable(shaky, [worker(pool="threads", seen=9)], LEASE), OK)
    says(checks.stoppable(jobs(redis=False), threads, LEASE), OK, "no worker of the threads pool")


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


def test_eight_or_five_names_at_most() -> None:
    nine = [worker(f"w{number}", pool="threads") for number in range(9)]
    says(checks.remote_control([], nine, LEASE), PROBLEM, "w0, w1, w2, w3, w4, w5, w6, w7")
    says(checks.endable(nine, LEASE), WARNING, "w7 (threads)")
    six = [task(name, limit=4000.0 + number) for number, name in enumerate("abcdef")]
    says(
        checks.visibility(jobs(*six, visibility=3600.0), 60),
        PROBLEM,
        "a, b, c, d, e may run",
        "'visibility_timeout': 6008",
    )
    endless = [task(name, limit=None) for name in "abcdef"]
    says(checks.visibility(jobs(*endless, visibility=3600.0), 60), WARNING, "a, b, c, d, e has no")
    says(checks.late_acks(jobs(*[task(name, late=False) for name in "fedcba"])), WARNING, "a, b, c, d, e")
    strangers = tuple(replace(JOB, task=name, task_id=f"id-{name}") for name in "fedcba")
    facts = ParkedFacts(waiting=6, jobs=strangers, known_tasks=frozenset({"t"}))
    says(checks.parked_known(facts), PROBLEM, "6 parked jobs", "a, b, c, d, e", "discard id-f")
    held = [HeldLock(name=name, holder="1@h", alive=False, left=60.0) for name in "abcdef"]
    says(checks.locks(held), WARNING, "e (by 1@h, 1 minute more)")


def test_edges() -> None:
    solo = worker(pool="solo")
    says(checks.remote_control([], [solo, worker("x", pool="prefork")], LEASE), PROBLEM, "w, x")
    says(checks.visibility(jobs(task(limit=3600.0), visibility=3600.0), 60), OK)
    mixed = [task("a", limit=5000.0, late=False), task("b", limit=None), task("c", limit=3700.0)]
    says(
        checks.visibility(jobs(*mixed, visibility=3600.0), 60),
        PROBLEM,
        "c may run",
        "'visibility_timeout': 5550",
    )
    says(checks.overdue(OPENED, 60, 150.0), OK, "is open")
    says(checks.overdue(replace(OPENED, duration=None), 60, 161.0), WARNING, "1 second ago")
    held = HeldLock(name="sweep", holder="1@h", alive=False, left=60.0)
    says(checks.locks([held, replace(held, name="b", left=120.0)]), WARNING, "wait 2 minutes")
    for left in (-5.0, 0.0):
        says(checks.locks([replace(held, left=left)]), WARNING, "0 seconds more", "wait 0 seconds")
    both = [held, replace(held, name="c", left=None), replace(held, name="d", left=None)]
    says(checks.locks(both), WARNING, "redis-cli DEL 'c'")
    says(checks.locks([held, replace(held, name="b", alive=True)]), WARNING, "sweep (by 1@h")
    says(checks.locks([replace(held, alive=True, left=None)]), WARNING, "for good")
    known = ParkedFacts(
        waiting=2, jobs=(JOB, replace(JOB, task="u", task_id="u1")), known_tasks=frozenset({"t"})
    )
    says(checks.parked_known(known), PROBLEM, "1 parked jobs", "knows: u", "discard u1")
