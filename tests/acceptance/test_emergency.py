"""P5: in an emergency nothing is killed before its grace period ended; by grace + 2.5 s every job that can
be ended is out; each has an outcome, and it is the right one."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from celery import chain, chord
from celery.exceptions import ChordError, TaskRevokedError

from guard.core.outcome import Ended, JobOutcome, Went
from tests.support.eventually import eventually, throughout
from tests.support.processes import is_gone
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.processes import LocalProcess
    from tests.support.shop import Shop


def emergency(shop: Shop, grace: int) -> float:
    """Open one; gives the moment before the call."""
    before = time.time()
    shop.guard.enable(reason="fire", by="tests", mode="emergency", grace=grace, duration=600)
    return before


def runs_now(shop: Shop, number: int = 1) -> list[dict[str, Any]]:
    """Wait until this many jobs have started."""
    return eventually(lambda: (lines := shop.events()) and len(lines) >= number and lines, what="jobs to run")


def outcomes(shop: Shop, number: int, within: float = 10.0) -> list[JobOutcome]:
    """Wait until this many outcomes are recorded for the window."""
    window_id = shop.guard._parts.stores.plane.read().window_id

    def recorded() -> list[JobOutcome]:
        found = shop.guard._parts.stores.outcomes.of(window_id)
        if len(found) < number:
            seen = {outcome.task_id: outcome.outcome.value for outcome in found}
            others = [
                line for line in shop.journal.read_text().splitlines() if json.loads(line)["id"] not in seen
            ]
            raise LookupError(f"recorded {seen}; the last of the others did {others[-2 * number :]}")
        return found

    return eventually(recorded, within=within, what=f"{number} outcomes")


@pytest.mark.parametrize("broker", ["redis", pytest.param("rabbitmq", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["long", "mixed_long"])
def test_a_late_ack_job_runs_again_after_the_release(
    make_shop: Callable[..., Shop], broker: str, name: str
) -> None:
    """L4: Celery's `revoke(terminate=True)` loses it and says REVOKED."""
    shop = make_shop(broker)
    worker = shop.worker("w1")
    result = shop.send(name, 60, "value")
    victim = psutil.Process(runs_now(shop)[0]["pid"])

    watch = Stopwatch()
    begun = emergency(shop, grace=1)

    throughout(lambda: not is_gone(victim), during=1 - (time.time() - begun) - 0.05, what="the grace period")
    eventually(lambda: is_gone(victim), within=3.5, what="the child to be gone")
    assert watch.seconds < 1 + 2.5
    (outcome,) = outcomes(shop, 1)
    assert (outcome.outcome, outcome.task_id, outcome.pid) == (Ended.KILLED, result.id, victim.pid)
    assert outcome.went is (Went.REQUEUED if name == "long" else Went.PARKED)
    throughout(lambda: result.state in {"PENDING", "STARTED"}, during=0.5, what="no state of an end")
    assert shop.runs()[result.id] == 1
    eventually(lambda: len(worker.children()) == 2, what="the child to be replaced")

    shop.guard.disable(by="tests")

    assert result.get(timeout=15) == "value"
    throughout(lambda: shop.runs()[result.id] == 2, during=0.5, what="one more run")
    assert "Traceback" not in worker.log


def test_a_job_that_cleans_up_stays_visible_until_it_has_ended(shop: Shop) -> None:
    """L5: after Celery's revoke it is gone from `inspect` while it cleans up, and nothing can end it."""
    shop.worker("w1")
    result = shop.send("tidy", 60, 3.0)
    runs_now(shop)
    asked_at = emergency(shop, grace=6)
    cleaning = eventually(lambda: shop.events("cleaning"), what="the cleanup to begin")[0]
    assert cleaning["at"] - asked_at < 1
    assert 4 < cleaning["left"] <= 6

    def visible() -> bool:
        reports = [entry.report for entry in shop.guard._parts.stores.plane.roster() if entry.report]
        running = [job for report in reports for job in report.running]
        return [(job.task_id, job.asked) for job in running] == [(result.id, True)] or bool(
            shop.events("cleaned")
        )

    eventually(visible, what="the job to be in its worker's report")
    throughout(visible, during=2, what="the job to be in its worker's report")
    (outcome,) = outcomes(shop, 1)
    assert shop.events("cleaned")
    assert (outcome.outcome, outcome.went) == (Ended.INTERRUPTED, Went.REQUEUED)
    assert outcome.ended_at - asked_at < 4.5
    assert not shop.events("swallowed")
    assert result.state == "PENDING"
    shop.guard.disable(by="tests")
    assert result.get(timeout=10) == "whole"


def test_a_deaf_job_is_gone_in_time_and_no_other_job_is_hurt(shop: Shop) -> None:
    worker = shop.worker("w1", concurrency=3)
    neighbour = shop.send("unguarded_long", 6, "unhurt")
    deaf = shop.send("deaf", 60)
    pids = {line["task"]: line["pid"] for line in runs_now(shop, 2)}
    victim, bystander = psutil.Process(pids["shop.deaf"]), psutil.Process(pids["shop.unguarded_long"])

    watch = Stopwatch()
    begun = emergency(shop, grace=2)

    throughout(
        lambda: not is_gone(victim) and not shop.events("swallowed"),
        during=2 - (time.time() - begun) - 0.05,
        what="nothing to be signalled in the grace period",
    )
    eventually(lambda: is_gone(victim), within=4, what="the deaf child to be gone")
    assert watch.seconds < 2 + 2.5
    assert [line["error"] for line in shop.events("swallowed")] == ["SystemExit"]
    (outcome,) = outcomes(shop, 1)
    assert outcome.outcome is Ended.KILLED
    assert outcome.ended_at - begun - watch.withheld < 2 + 2.5
    eventually(lambda: len(worker.children()) == 3, what="the child to be replaced")
    assert not is_gone(bystander)
    assert neighbour.get(timeout=15) == "unhurt"
    assert shop.runs()[neighbour.id] == 1
    shop.guard.disable(by="tests")
    deaf.get(timeout=15)


def test_a_child_that_has_outlived_a_signal_lets_its_next_job_clean_up(shop: Shop) -> None:
    """billiard's handler of SIGTERM takes itself away when it has run. In a child whose job had swallowed
    what it raised, the next emergency's SIGTERM then ended another job at once (found by `make kills`)."""
    shop.worker("w1", concurrency=1)
    swallows = shop.send("swallows_once")
    child = runs_now(shop)[0]["pid"]
    emergency(shop, grace=0)
    (outcome,) = outcomes(shop, 1)
    assert outcome.outcome is Ended.COMPLETED
    assert shop.events("swallowed")
    swallows.get(timeout=10)
    shop.guard.disable(by="tests")
    shop.send("cleans", 60, 0.2)
    assert runs_now(shop, 2)[1]["pid"] == child

    emergency(shop, grace=0)

    (outcome,) = outcomes(shop, 1)
    assert outcome.outcome is Ended.KILLED
    assert [line["pid"] for line in shop.events("cleaned")] == [child]


def test_a_job_that_ends_within_its_grace_period_is_completed(shop: Shop) -> None:
    """Asking hurts nobody: one that does not look ends by itself, one that looks returns what it has."""
    shop.worker("w1")
    results = [shop.send("long", 4, "whole"), shop.send("partial", 60)]
    runs_now(shop, 2)
    emergency(shop, grace=20)
    assert [result.get(timeout=10) for result in results] == ["whole", "part"]
    found = outcomes(shop, 2)
    assert {(outcome.outcome, outcome.went) for outcome in found} == {(Ended.COMPLETED, Went.FINISHED)}
    eventually(
        lambda: shop.guard.account().to_fields().get("completed:job_creation") == 2, what="two to be counted"
    )


def test_what_a_task_says_of_its_grace_period_counts(shop: Shop) -> None:
    shop.worker("w1")
    shop.send("own_grace", 60)
    victim = psutil.Process(runs_now(shop)[0]["pid"])
    begun = emergency(shop, grace=0)
    throughout(lambda: not is_gone(victim), during=2.4 - (time.time() - begun), what="its own grace period")
    eventually(lambda: is_gone(victim), within=2.6, what="the child to be gone")


def test_a_soft_signal_is_only_for_tasks_that_want_it(shop: Shop) -> None:
    shop.worker("w1", concurrency=3)
    soft, early = shop.send("soft", 60), shop.send("soft_early", 60)
    shop.send("long", 3)
    runs_now(shop, 3)
    begun = emergency(shop, grace=10)
    found = {outcome.task: outcome for outcome in outcomes(shop, 3)}
    assert found["shop.soft"].outcome is Ended.INTERRUPTED
    assert found["shop.soft"].went is Went.REQUEUED
    assert found["shop.soft"].ended_at - begun < 2
    assert found["shop.soft_early"].went is Went.REVOKED
    assert found["shop.long"].outcome is Ended.COMPLETED
    assert soft.state == "PENDING"
    with pytest.raises(TaskRevokedError, match="fire"):
        early.get(timeout=5)


def test_what_was_acknowledged_early(shop: Shop) -> None:
    """It ends as REVOKED and says why, unless it may run again: then it was parked before the signal."""
    shop.worker("w1", concurrency=4)
    killed, parked = shop.send("early", 60), shop.send("early_resumable", 60, "value")
    left, left_parked = shop.send("tidy_early", 60), shop.send("tidy_early_resumable", 60)
    runs_now(shop, 4)
    emergency(shop, grace=1)
    found = {outcome.task_id: (outcome.outcome, outcome.went) for outcome in outcomes(shop, 4)}
    assert found == {
        killed.id: (Ended.KILLED, Went.REVOKED),
        parked.id: (Ended.KILLED, Went.PARKED),
        left.id: (Ended.INTERRUPTED, Went.REVOKED),
        left_parked.id: (Ended.INTERRUPTED, Went.PARKED),
    }
    for result in (killed, left):
        with pytest.raises(TaskRevokedError, match="ended by maintenance: fire"):
            result.get(timeout=5)
        assert result.state == "REVOKED"
    assert {parked.state, left_parked.state} == {"PENDING"}
    assert shop.guard.status().parked == 2
    shop.guard.disable(by="tests")
    assert parked.get(timeout=15) == "value"
    assert left_parked.get(timeout=15) == "whole"
    throughout(
        lambda: [shop.runs()[result.id] for result in (killed, left, parked, left_parked)] == [1, 1, 2, 2],
        during=1,
        what="each to run as often as it should",
    )


def test_easing_back_before_the_signal_lets_the_job_run_on(shop: Shop) -> None:
    worker = shop.worker("w1")
    result = shop.send("long", 12, "whole")
    looks = shop.send("tidy", 60)
    runs_now(shop, 2)
    emergency(shop, grace=10)  # enough for a busy machine to be eased in
    outcomes(shop, 1)  # of the one that looks
    eventually(lambda: _asked(shop) == [result.id], what="the other one to be asked")
    shop.guard.change(by="tests", mode="normal")
    eventually(lambda: _asked(shop) == [], what="the request to be taken back")
    assert result.get(timeout=30) == "whole"
    assert shop.runs()[result.id] == 1
    assert "runs on: the emergency is over" in worker.log
    assert "SIGTERM" not in worker.log
    shop.guard.disable(by="tests")
    assert looks.get(timeout=15) == "whole"


# Once a bug: the job was on the ladder of the first still: ended at once, and in the books of the first.
def test_the_next_emergency_begins_before_a_worker_hears_that_this_one_is_over(shop: Shop) -> None:
    worker = shop.worker("w1")
    result = shop.send("long", 60, "whole")
    victim = psutil.Process(runs_now(shop)[0]["pid"])
    first = shop.guard.enable(reason="fire", by="tests", mode="emergency", grace=300, duration=600)
    eventually(lambda: _asked(shop) == [result.id], what="the job to be asked")
    eventually(lambda: _freeze_between_transactions(shop, worker), what="the worker to be frozen")
    shop.guard.disable(by="tests")
    second = shop.guard.enable(reason="again", by="tests", mode="emergency", grace=2, duration=600)
    worker.thaw()
    throughout(lambda: not is_gone(victim), during=1.9, what="the grace period of the second")
    eventually(lambda: is_gone(victim), within=10, what="the child to be gone")
    (outcome,) = outcomes(shop, 1)
    assert (outcome.outcome, outcome.went) == (Ended.KILLED, Went.REQUEUED)
    assert second.window_id != first.window_id

    books = [("running", "ran_on"), ("running", "requeued", "killed")]

    def in_the_books_of_both() -> bool:
        accounts = [shop.guard.account(window.window_id).to_fields() for window in (first, second)]
        return accounts == [dict.fromkeys((f"{kind}:job_creation" for kind in kinds), 1) for kinds in books]

    eventually(in_the_books_of_both, what="the job in the books of both")


def test_escalating_a_normal_window(shop: Shop) -> None:
    """Nothing is asked in a normal window; the grace period begins with the escalation."""
    shop.worker("w1")
    result = shop.send("deaf", 60)
    victim = psutil.Process(runs_now(shop)[0]["pid"])
    shop.enable(grace=1)
    throughout(lambda: not is_gone(victim) and not _asked(shop), during=2, what="nobody to be asked")
    begun = time.time()
    shop.guard.change(by="tests", mode="emergency")
    throughout(lambda: not is_gone(victim), during=0.95 - (time.time() - begun), what="the grace period")
    eventually(lambda: is_gone(victim), within=3.5, what="the child to be gone")
    shop.guard.disable(by="tests")
    result.get(timeout=15)


def _freeze_between_transactions(shop: Shop, worker: LocalProcess) -> bool:
    """Whether it is frozen now. In the middle of a transaction it would keep SQLite's file from everybody."""
    worker.freeze()
    with closing(sqlite3.connect(shop.folder / "guard.db", timeout=0.1, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            worker.thaw()
            return False
        connection.execute("ROLLBACK")
        return True


def _asked(shop: Shop) -> list[str]:
    reports = [entry.report for entry in shop.guard._parts.stores.plane.roster() if entry.report]
    return [job.task_id for report in reports for job in report.running if job.asked]


@pytest.mark.parametrize("broker", ["redis", pytest.param("rabbitmq", marks=pytest.mark.slow)])
def test_after_a_warm_shutdown_has_begun(make_shop: Callable[..., Shop], broker: str) -> None:
    """L7: Celery's control channel is dead by then, and nothing can end the job."""
    shop = make_shop(broker)
    worker = shop.worker("w1", concurrency=3)
    late, early = shop.send("deaf", 60), shop.send("early", 60)
    parked = shop.send("early_resumable", 60, "value")
    runs_now(shop, 3)
    shop.accepted(3)
    worker.signal(15)
    eventually(lambda: "Warm shutdown" in worker.log, what="the warm shutdown")

    watch = Stopwatch()
    emergency(shop, grace=1)

    found = {outcome.task_id: (outcome.outcome, outcome.went) for outcome in outcomes(shop, 3)}
    assert watch.seconds < 1 + 2.5 + 0.5
    assert found == {
        late.id: (Ended.KILLED, Went.REQUEUED),
        early.id: (Ended.KILLED, Went.REVOKED),
        parked.id: (Ended.KILLED, Went.PARKED),
    }
    assert worker.wait(15) == 0
    shop.guard.disable(by="tests")
    shop.worker("w2")
    late.get(timeout=20)
    assert parked.get(timeout=20) == "value"
    with pytest.raises(TaskRevokedError):
        early.get(timeout=5)
    assert [shop.runs()[result.id] for result in (late, early, parked)] == [2, 1, 2]


@pytest.mark.parametrize("pool", ["threads", pytest.param("solo", marks=pytest.mark.slow)])
def test_a_pool_that_cannot_end_a_job_asks_and_says_so(shop: Shop, pool: str) -> None:
    worker = shop.worker("w1", pool=pool, concurrency=2 if pool == "threads" else 1)
    looks = shop.send("tidy", 60)
    runs_now(shop)
    emergency(shop, grace=1)
    (outcome,) = outcomes(shop, 1)
    assert (outcome.outcome, outcome.went) == (Ended.INTERRUPTED, Went.REQUEUED)
    shop.guard.disable(by="tests")
    assert looks.get(timeout=15) == "whole"

    deaf = shop.send("long", 5, "whole")
    eventually(lambda: shop.runs()[deaf.id], what="the next job")
    emergency(shop, grace=0)
    eventually(lambda: _asked(shop) == [deaf.id], what="it to be asked")
    assert deaf.get(timeout=15) == "whole"
    (outcome,) = outcomes(shop, 1)
    assert (outcome.outcome, outcome.went) == (Ended.COMPLETED, Went.FINISHED)
    assert "cannot end a job, it can only ask. To end them all the same, end the worker" in worker.log
    assert f"kill -KILL {worker.pid}" in worker.log
    assert "SIG" not in worker.log.replace("SIGINT", "")
    card = next(
        entry.card for entry in shop.guard._parts.stores.plane.roster() if entry.card.role == "worker"
    )
    assert not card.terminable


def test_chains_and_chords_end_when_a_step_of_theirs_is_ended_for_good(shop: Shop) -> None:
    """L15, L16: Celery's own revoke leaves the steps after it PENDING for ever."""
    shop.worker("w1", concurrency=4)
    tasks = shop.app.tasks
    errback = tasks["shop.errback"].s()
    chain_ = chain(tasks["shop.early"].si(60), tasks["shop.add"].si(1, 1), tasks["shop.add"].s(1))
    last = chain_.apply_async(link_error=errback)
    body = chord(
        [tasks["shop.early"].si(60), tasks["shop.add"].si(1, 1)], tasks["shop.total"].s()
    ).apply_async()
    kept = chord(
        [tasks["shop.long"].si(60, 5), tasks["shop.add"].si(1, 1)], tasks["shop.total"].s()
    ).apply_async()
    eventually(
        lambda: len([e for e in shop.events() if e["task"] in {"shop.early", "shop.long"}]) == 3, what="3"
    )
    eventually(
        lambda: len([e for e in shop.events() if e["task"] == "shop.add"]) == 2, what="the others", within=3
    )

    emergency(shop, grace=0)

    outcomes(shop, 3)
    with pytest.raises(TaskRevokedError):
        last.get(timeout=10)
    assert [step.state for step in (last, last.parent, last.parent.parent)] == ["REVOKED"] * 3
    with pytest.raises((ChordError, TaskRevokedError), match="ended by maintenance: fire"):
        body.get(timeout=10)
    assert body.state == "FAILURE"
    assert kept.state == "PENDING"
    shop.guard.disable(by="tests")
    assert kept.get(timeout=15) == 7
    eventually(
        lambda: [e["of"] for e in shop.events() if e["task"] == "shop.errback"], what="the error callback"
    )


SPRINTS = ("sprint", "sprint_early", "sprint_early_resumable")
CHILDREN = 8


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kills", [48, pytest.param(1000, marks=pytest.mark.slow)])
def test_jobs_that_finish_as_they_are_killed(make_shop: Callable[..., Shop], kills: int) -> None:
    """E9: Celery's revoke recorded 26 of 125 jobs as REVOKED that had completed. Here a job's outcome is
    `completed` exactly when its journal says that it ended and its result is SUCCESS; what was killed runs
    again, or is REVOKED, and what completed does neither."""
    seed = random.randrange(2**32)
    print("seed", seed)
    dice = random.Random(seed)
    shop = make_shop("redis", SHOP_PREFETCH="1")
    shop.worker("w1", concurrency=CHILDREN)
    seen: Counter[str] = Counter()
    wrong: list[object] = []
    while seen["killed"] + seen["completed"] < kills:
        results = {}
        for number in range(CHILDREN):
            result = shop.send(SPRINTS[number % 3], dice.uniform(0, 0.006))
            results[result.id] = result
        eventually(lambda results=results: results.keys() <= shop.runs().keys(), what="all to run")
        emergency(shop, grace=0)
        found = outcomes(shop, CHILDREN)
        ended = {line["id"] for line in shop.events("end")}
        for outcome in found:
            seen[outcome.outcome.value] += 1
            state = results[outcome.task_id].state
            done = outcome.task_id in ended and state == "SUCCESS"
            if done != (outcome.outcome is Ended.COMPLETED):
                wrong.append((outcome, state))
        shop.guard.disable(by="tests")
        for outcome in found:
            if outcome.went is Went.REVOKED:
                assert results[outcome.task_id].state == "REVOKED"
            else:
                assert results[outcome.task_id].get(timeout=20) == "done"
            expected = 2 if outcome.went in {Went.REQUEUED, Went.PARKED} else 1
            if shop.runs()[outcome.task_id] != expected:
                wrong.append((outcome, shop.runs()[outcome.task_id]))
    print(dict(seen))
    assert wrong == []
    assert seen["killed"] > kills / 20
    assert seen["completed"] > kills / 20
    assert set(seen) == {"killed", "completed"}
