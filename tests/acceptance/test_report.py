"""P10: the report of a window says what became of every job that met it, and whether that adds up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from celery import chain

from guard.core.counts import Count
from tests.support.eventually import eventually
from tests.support.stopwatch import Stopwatch
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop


def balanced(shop: Shop, **wanted: int) -> dict[str, Any]:
    """Wait until the report adds up and these totals are in it; workers send their sums once a second."""

    def looked() -> dict[str, Any] | None:
        report = shop.guard.report().to_dict()
        right = all(report["totals"][name] == number for name, number in wanted.items())
        books = report["books"]
        return report if right and books["adds_up"] and not books["uncounted"] else None

    try:
        return eventually(looked, within=15, what="the books to balance")
    except AssertionError as error:
        raise AssertionError(json.dumps(shop.guard.report().to_dict(), indent=1)) from error


def test_a_drain(shop: Shop) -> None:
    """Jobs that ran when the gate closed are completed; those that came later are refused, held or parked."""
    import guard

    shop.worker("w1", concurrency=2)
    running = [shop.send("job", n, 3.0) for n in range(2)]
    eventually(lambda: len(shop.events()) == 2, what="both to run")
    window, _ = shop.enable()
    with pytest.raises(guard.MaintenanceActive):
        shop.send("job", 9)
    parked = shop.send("mixed_job", 5, when_closed="hold")
    during = balanced(shop, running=2, parked=1)
    assert during["books"]["still_parked"] == 1
    assert [result.get(timeout=15) for result in running] == [0, 1]
    balanced(shop, running=2, completed=2, killed=0)
    shop.guard.disable(by="tests")
    assert parked.get(timeout=15) == 5
    after = balanced(shop, refused=1, held=1, parked=1, released=1, running=2, completed=2)
    assert after["books"]["still_running"] == 0
    assert after["by_operation"]["completed"] == {"job_creation": 2}
    assert after["window"]["window_id"] == window.window_id

    code, text = shop.maintenance("report")
    assert code == 0
    assert "yes, every job is accounted for" in text
    code, text = shop.maintenance("report", window.window_id, "--json")
    assert code == 0
    assert json.loads(text)["books"]["unaccounted"] == 0


def test_jobs_that_outlast_the_windows_that_met_them(shop: Shop) -> None:
    """A window may end before what ran when it began: by hand, or an emergency within the grace period."""
    shop.worker("w1", concurrency=2)
    results = [shop.send("job", n, 8.0) for n in range(2)]
    eventually(lambda: len(shop.events()) == 2, what="both to run")
    shop.enable()
    balanced(shop, running=2)
    shop.guard.disable(by="tests")
    balanced(shop, running=2, ran_on=2)
    shop.guard.enable(reason="fire", by="tests", mode="emergency", grace=60, duration=600)
    balanced(shop, running=2)
    shop.guard.disable(by="tests")
    balanced(shop, running=2, ran_on=2)
    shop.enable()
    assert [result.get(timeout=30) for result in results] == [0, 1]
    balanced(shop, running=2, completed=2, ran_on=0)
    shop.guard.disable(by="tests")


def test_a_worker_that_stops_in_a_window_has_told_what_ended_in_it(shop: Shop) -> None:
    worker = shop.worker("w1", concurrency=2)
    results = [shop.send("job", n, 3.0) for n in range(2)]
    eventually(lambda: len(shop.events()) == 2, what="both to run")
    shop.enable()
    balanced(shop, running=2)
    worker.terminate(30)
    assert [result.get(timeout=15) for result in results] == [0, 1]
    balanced(shop, running=2, completed=2)
    shop.guard.disable(by="tests")


def test_a_window_that_ends_before_anybody_knows_of_a_killed_worker_says_that_it_does_not_know(
    shop: Shop,
) -> None:
    worker = shop.worker("w1", concurrency=1)
    shop.send("job", 1, 30.0)
    eventually(shop.events, what="the job to run")
    window, _ = shop.enable()
    balanced(shop, running=1)
    worker.kill()
    shop.guard.disable(by="tests")

    def problems() -> tuple[str, ...]:
        report = shop.guard.report(window.window_id)
        return report.problems if report.books.adds_up is None else ()

    assert "w1@shop: no answer" in str(eventually(problems, within=20, what="the silence to be seen"))
    code, text = shop.maintenance("report", window.window_id)
    assert code == 5
    assert "unknown" in text


def test_an_emergency(shop: Shop) -> None:
    shop.worker("w1", concurrency=4)
    results = [shop.send(name, 60) for name in ("long", "early", "tidy")] + [shop.send("long", 2.5)]
    eventually(lambda: len(shop.events()) == 4, what="four jobs to run")
    shop.guard.enable(reason="fire", by="tests", mode="emergency", grace=4, duration=600)
    report = balanced(shop, running=4, killed=2, interrupted=1, completed=1)
    assert {one["outcome"] for one in report["outcomes"]} == {"killed", "interrupted", "completed"}
    code, text = shop.maintenance("report")
    assert code == 0
    assert f"{results[1].id} on w1@shop: killed after" in text
    assert "revoked" in text
    shop.guard.disable(by="tests")


def test_a_worker_that_was_killed_takes_its_jobs_with_it_and_the_report_says_so(shop: Shop) -> None:
    worker = shop.worker("w1", concurrency=1)
    shop.send("job", 1, 30.0)
    eventually(shop.events, what="the job to run")
    shop.enable()
    balanced(shop, running=1)
    worker.kill()
    eventually(lambda: shop.guard.drain(within=0).state.phase.value == "active", within=40, what="the drain")
    report = balanced(shop, running=1)
    assert report["books"]["with_gone_workers"] == 1
    assert [entry["fate"] for entry in report["workers"]] == ["gone"]
    shop.guard.disable(by="tests")


def test_a_rehearsal_touches_nothing_and_says_what_would_have_been(shop: Shop) -> None:
    """Live traffic goes on as if nothing were; the report says what would have been refused, held, waited for
    and ended."""
    worker = shop.worker("w1", concurrency=3)
    running = [shop.send("job", n, seconds) for n, seconds in enumerate((8.0, 2.5))]
    free = shop.send("slow_free", 3.0)
    eventually(lambda: len(shop.events()) == 3, what="all to run")
    shop.guard.enable(reason="rehearsal", by="tests", mode="test", grace=3, duration=600)
    assert not shop.guard.is_active
    watch = Stopwatch()
    results = [shop.send("job", "new"), shop.send("mixed_job", "held", when_closed="hold")]
    assert [result.get(timeout=3) for result in results] == ["new", "held"]
    assert watch.seconds < 2
    tasks = shop.app.tasks
    assert chain(tasks["shop.add"].si(1, 1), tasks["shop.add"].s(1)).apply_async().get(timeout=5) == 3

    report = balanced(shop, would_wait_for=2, would_end=1, would_hold=2, would_refuse=2)

    # The chain would have been refused as a whole: its first step is counted, like the job alone.
    assert report["by_operation"]["would_refuse"] == {"job_creation": 2}
    assert report["by_operation"]["would_hold"] == {"caption_generation": 1, "job_creation": 1}
    touched = {"refused", "held", "requeued", "parked", "running", "interrupted", "killed"}
    assert {name: report["totals"][name] for name in touched} == dict.fromkeys(touched, 0)
    assert [result.get(timeout=20) for result in running] == [0, 1]
    free.get(timeout=10)
    shop.guard.disable(by="tests")
    assert set(shop.runs().values()) == {1}
    assert "cordon" not in worker.log.partition("ready.")[2]


def test_what_does_not_add_up(shop: Shop) -> None:
    shop.worker("w1")
    window, _ = shop.enable()
    shop.guard.disable(by="tests")
    shop.guard._parts.stores.tally.add(window.window_id, {f"{Count.PARKED.value}:job_creation": 2})
    report = shop.guard.report(window.window_id)
    assert (report.books.unaccounted, report.books.adds_up) == (2, False)
    code, text = shop.maintenance("report")
    assert code == 4
    assert "NO: 2 jobs unaccounted for" in text


def test_no_window_and_no_answer(make_shop: Callable[..., Shop]) -> None:
    """What did not answer is unknown: not zero, not balanced."""
    with Valkey() as control:
        shop = make_shop("redis", REDIS_URL=control.url())
        code, text = shop.maintenance("report")
        assert (code, "there was no window yet" in text) == (6, True)
        shop.enable()
        control.crash()
        report = shop.guard.report()
        assert (report.books.adds_up, report.books.unaccounted, report.outcomes) == (None, None, None)
        code, text = shop.maintenance("report")
        assert code == 5
        assert "unknown" in text
