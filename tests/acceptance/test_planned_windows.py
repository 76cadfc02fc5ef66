"""Planned windows with real workers and real stores, brought on by two that do what beat's task does."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from guard import MaintenanceActive
from guard.core.occurrence import Stage
from tests.support.eventually import eventually, throughout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.core.occurrence import Occurrence
    from tests.support.shop import Shop

BEAT = """
while True:
    guard.schedule.run_due()
    time.sleep(0.3)
"""


@contextmanager
def two_beats(shop: Shop) -> Iterator[None]:
    """One in a process of its own, one in a thread of this one."""
    process = shop.python("beat", "import time\n" + BEAT)
    done = threading.Event()
    errors: list[BaseException] = []

    def run() -> None:
        try:
            while not done.wait(0.3):
                shop.guard.schedule.run_due()
        except BaseException as error:  # noqa: BLE001 - shown by the test
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
        assert process.alive, process.log_tail
    finally:
        done.set()
        thread.join(30)
    assert errors == []


def local(seconds: float) -> str:
    """A moment from now, as a person writes it."""
    return datetime.fromtimestamp(round(time.time() + seconds), UTC).isoformat()[:19]


def add(shop: Shop, name: str, after: float, duration: float, **more: Any) -> str:
    planned = shop.guard.schedule.add(
        name=name, reason=f"{name} work", by="alice", at=local(after), duration=duration, **more
    )
    return planned.schedule_id


def row(shop: Shop, ref: str) -> Occurrence | None:
    return next(iter(shop.guard.schedule.show(ref).occurrences), None)


def stage(shop: Shop, ref: str) -> Stage | None:
    found = row(shop, ref)
    return found.stage if found is not None else None


@pytest.mark.parametrize("database", ["sqlite", pytest.param("mariadb", marks=pytest.mark.slow)])
def test_it_opens_is_extended_and_ends_by_itself(
    make_shop: Any, request: pytest.FixtureRequest, database: str
) -> None:
    """The job that runs at its planned end keeps it open as was agreed; what was parked runs afterwards."""
    url = {"DATABASE_URL": request.getfixturevalue("mariadb_url")} if database == "mariadb" else {}
    shop = make_shop("redis", **url)
    if url:
        from guard.store.sql.store import SqlStore

        SqlStore(url["DATABASE_URL"], clock=shop.guard._parts.clock, auto_migrate=False).migrate()
    shop.worker("w1")
    shop.settled()
    long = shop.send("job", 1, 9)
    eventually(shop.events, within=15, what="the long job to run")
    ref = add(shop, "move", 2.5, 3, notices=(3600,), extend_by=4, max_extensions=5)
    with two_beats(shop):
        eventually(lambda: shop.guard.status().is_active, within=20, what="the window to open by itself")
        opened = time.time()
        parked = [shop.send("mixed_job", n, when_closed="hold") for n in range(3)]
        eventually(lambda: shop.guard.status().parked == 3, within=15, what="three parked jobs")
        eventually(lambda: stage(shop, ref) is Stage.OVER, within=45, what="the window to end by itself")
    assert sorted(result.get(timeout=20) for result in parked) == [0, 1, 2]
    assert long.get(timeout=5) == 1

    occurrence = row(shop, ref)
    assert occurrence is not None
    assert occurrence.extensions >= 1
    assert 0 <= (occurrence.began_at or 0) - occurrence.starts_at < 5
    windows = shop.guard.durable.windows(10)
    assert [(one.by, one.ended_by, one.reason) for one in windows] == [
        ("schedule: move", "schedule: move", "move work")
    ]
    (ended,) = [event["at"] for event in shop.events("end") if event["id"] == long.id]
    assert (windows[0].ended_at or 0) >= ended, "it did not end while the job ran"
    started = [line["at"] for line in shop.started_after(opened)]
    assert started
    assert min(started) >= (windows[0].ended_at or 0) - 0.5
    kinds = [alert.kind for alert in shop.guard._parts.stores.alerts.recent(20)][::-1]
    assert kinds.count("planned maintenance") == 1, "two beats give one notice"
    assert "planned window extended" in kinds
    assert "planned window unfinished" not in kinds
    actions = [record.action for record in shop.guard.durable.records(50)]
    assert actions.count("enable") == 1
    assert actions.count("disable") == 1
    assert shop.guard.status().parked == 0


def test_two_that_overlap_are_one_window_until_the_last_ends(shop: Shop) -> None:
    shop.worker("w1")
    shop.settled()
    one = add(shop, "one", 2, 12, notices=(), scope={"operations": ["caption_generation"]})
    two = add(shop, "two", 6, 14, notices=(), scope={"operations": ["batch_operations"]})
    durable = shop.guard.durable
    with two_beats(shop):
        eventually(lambda: stage(shop, one) is Stage.OPEN, within=20, what="the first to begin")
        eventually(
            lambda: stage(shop, two) is Stage.OPEN and (row(shop, two) or _never()).told,
            within=20,
            what="the second to join",
        )
        both = durable.read()
        assert set(shop.guard.schedule.holders(both.window_id)) == {"one", "two"}
        assert both.terms.scope.operations == ("batch_operations", "caption_generation")
        assert both.reason == "one work; two work"
        eventually(lambda: stage(shop, one) is Stage.OVER, within=30, what="the first to let go")
        rest = durable.read()
        assert rest.window_id == both.window_id
        assert rest.terms.scope.operations == ("batch_operations",)
        assert rest.reason == "two work"
        eventually(lambda: stage(shop, two) is Stage.OVER, within=40, what="the second to end the window")
    (window,) = durable.windows(10)
    last = row(shop, two)
    assert last is not None
    assert (window.ended_at or 0) >= last.starts_at + 14
    assert shop.guard.status().phase == "inactive"


def test_a_window_that_a_person_opened_is_not_ended(shop: Shop) -> None:
    shop.worker("w1")
    shop.settled()
    window, _ = shop.enable(scope={"queues": ["mixed"]})
    ref = add(shop, "move", 2, 4, notices=())
    with two_beats(shop):
        eventually(lambda: shop.guard.durable.read().terms.scope.is_everything, within=20, what="the union")
        eventually(lambda: stage(shop, ref) is Stage.OVER, within=30, what="the plan to let go")
        throughout(lambda: shop.guard.status().is_active, during=2, what="the window stays open")
    state = shop.guard.durable.read()
    assert (state.window_id, state.reason) == (window.window_id, "test")
    assert state.terms.scope.queues == ("mixed",)
    shop.guard.disable(by="tests")


def test_jobs_that_would_cross_the_start_wait_and_others_do_not(shop: Shop) -> None:
    shop.worker("w1")
    shop.settled()
    ref = add(shop, "move", 34, 60, notices=(), look_ahead=32, scope={"operations": ["job_creation"]})
    with two_beats(shop):
        eventually(
            lambda: stage(shop, ref) is Stage.LEADING and shop.guard.is_active,
            within=20,
            what="the look-ahead",
        )
        eventually(lambda: (row(shop, ref) or _never()).told, within=20, what="its gates to be closed")
        with pytest.raises(MaintenanceActive) as refused:
            shop.send("bounded", 0)  # its time limit is 40 s
        assert "planned maintenance at" in refused.value.reason
        assert shop.send("mixed_job", 1).get(timeout=15) == 1
        shop.guard.schedule.cancel(ref, by="alice")
        eventually(
            lambda: stage(shop, ref) is Stage.OVER, within=20, what="the look-ahead to end with its plan"
        )
        shop.send("bounded", 0).get(timeout=15)
    assert len(shop.guard.durable.windows(10)) == 1


def _never() -> Occurrence:
    raise AssertionError("it has just been there")
