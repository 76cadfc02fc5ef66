"""P1 and P6: when `enable()` has returned, no guarded job starts until release, whatever happens."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from celery import chain, chord, group

from tests.support.eventually import eventually, throughout
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery.result import AsyncResult

    from tests.support.shop import Shop


@pytest.mark.parametrize(
    ("broker", "pool"),
    [
        ("redis", "prefork"),
        pytest.param("redis", "threads", marks=pytest.mark.slow),
        pytest.param("redis", "solo", marks=pytest.mark.slow),
        ("rabbitmq", "prefork"),
        pytest.param("quorum", "threads", marks=pytest.mark.slow),
    ],
)
def test_nothing_guarded_starts_in_a_fleet_under_attack(
    make_shop: Callable[..., Shop], broker: str, pool: str
) -> None:
    """Prefetched, ETA, rate-limited, group, chain, chord, map and starmap jobs are around; a worker is
    restarted, one joins, one is frozen and thawed, a pool child is killed, all broker connections are
    cut: zero guarded starts. After release every job runs."""
    shop = make_shop(broker)
    workers = {name: shop.worker(name, pool=pool) for name in ("w1", "w2", "w3")}
    results = _work_of_every_kind(shop)
    eventually(lambda: len(shop.events()) >= 4, within=15, what="work to get going")

    workers["w3"].freeze_group()
    window, returned = shop.enable()
    assert {name.split("@")[0] for name in window.acknowledged} == {"w1", "w2"}
    assert [name.split("@")[0] for name in window.unconfirmed] == ["w3"]
    assert window.proof == "time"
    assert window.took > shop.guard.settings.guard_lease_seconds
    workers["w3"].thaw_group()

    workers["w1"].terminate()
    workers["w1b"] = shop.worker("w1b", pool=pool)
    workers["w4"] = shop.worker("w4", pool=pool)
    if pool == "prefork":
        _kill_a_child(workers["w2"])
    shop.cut_connections()
    free = shop.send("free", "let through")
    assert free.get(timeout=20) == "let through"
    eventually(
        lambda: not shop.guard.status().workers.unconfirmed, within=15, what="every worker to acknowledge"
    )

    throughout(lambda: not shop.started_after(returned), during=3.0, what="no guarded job to start")
    assert shop.started_after(returned) == []

    shop.guard.disable(by="tests")
    for result in results:
        eventually(result.ready, within=60, what=f"job {result.id} to end after the release")
    assert all(result.successful() for result in results)


def _work_of_every_kind(shop: Shop) -> list[AsyncResult]:
    tasks = {name.removeprefix("shop."): task for name, task in shop.app.tasks.items()}
    add, total = tasks["add"], tasks["total"]
    results = [shop.send("job", n, 0.2) for n in range(40)]
    results += [shop.send("mixed_job", n, 0.1) for n in range(10)]
    results += [shop.send("limited", n) for n in range(20)]
    results += [shop.send("job", n, countdown=2 + n / 10) for n in range(10)]
    results += [shop.send("mixed_job", n, countdown=2 + n / 10) for n in range(5)]
    results += [group(add.s(n, 1) for n in range(5)).apply_async()]
    results += [chain(add.s(1, 1), add.s(1), add.s(1)).apply_async() for _ in range(3)]
    results += [chord([add.s(n, 1) for n in range(4)], total.s()).apply_async()]
    results += [total.map([[1, 2], [3]]).apply_async(), add.starmap([(1, 2)] * 5).apply_async()]
    return results


def _kill_a_child(worker: object) -> None:
    children = psutil.Process(worker.pid).children()  # type: ignore[attr-defined]
    assert children
    children[0].send_signal(signal.SIGKILL)


def test_a_worker_that_starts_in_a_window_takes_nothing(shop: Shop) -> None:
    """L3, E19: without the guard a restarted worker consumes at once."""
    shop.worker("w1")
    first = shop.send("job", 0)
    assert first.get(timeout=10) == 0
    _, returned = shop.enable()
    waiting = [shop.send("job", n, when_closed="hold") for n in range(20)]
    shop.worker("w2")

    throughout(lambda: not shop.started_after(returned), during=2.0, what="no guarded job to start")
    assert shop.guard.status().held == 20

    shop.guard.disable(by="tests")
    assert [result.get(timeout=20) for result in waiting] == list(range(20))


def test_a_worker_whose_stores_are_away_starts_closed(make_shop: Callable[..., Shop]) -> None:
    """P6: nothing is known, so nothing guarded starts; unguarded work is not affected."""
    shop = make_shop("redis")
    shop.worker("w1", REDIS_URL="redis://127.0.0.1:1/0", GUARD_WHEN_CLOSED="hold")
    held = shop.send("job", 1)
    free = shop.send("free", 2)
    assert free.get(timeout=10) == 2

    throughout(lambda: len(shop.events()) == 1, during=2.0, what="the guarded job to stay in its queue")
    assert not held.ready()


def test_a_machine_closed_by_its_operator_starts_nothing_without_any_network(shop: Shop) -> None:
    """The local close file: seen within a second, and the way back is to remove it."""
    shop.worker("w1")
    assert shop.send("job", 0).get(timeout=10) == 0
    (shop.folder / "closed").touch()
    eventually(
        lambda: "closed by its operator" in shop.processes[0].log, within=3, what="the worker to see it"
    )
    closed_at = time.time()
    held = shop.send("job", 1, when_closed="hold")

    throughout(lambda: not shop.started_after(closed_at), during=1.5, what="no guarded job to start")
    (shop.folder / "closed").unlink()
    assert held.get(timeout=10) == 1


def test_enable_names_a_consumer_without_a_guard(make_shop: Callable[..., Shop]) -> None:
    """F7: a worker of an older release takes jobs whatever the guard says; `enable()` says so in 2 s."""
    shop = make_shop("redis")
    shop.worker("w1")
    shop.worker("old", SHOP_UNGUARDED="1", queues="guarded")
    eventually(lambda: shop.guard.status().workers.live == 1, what="the guarded worker to be registered")
    # Until it is somewhat older than a lease a registry may not be whole, and `enable()` waits for time.
    eventually(
        lambda: shop.guard._parts.stores.plane.barrier().registry_age > 3.6,
        within=10,
        what="a whole registry",
    )

    watch = Stopwatch()
    window, _ = shop.enable()
    assert watch.seconds < 2
    assert window.unguarded == ("old@shop",)
