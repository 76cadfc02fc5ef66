"""Other set-ups: switched off, a broken gate, MariaDB as the durable store, a foreign app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import guard
from guard.store.sql.store import SqlStore
from tests.support.eventually import eventually, throughout

if TYPE_CHECKING:
    from tests.support.shop import Shop


def test_switched_off_the_guard_does_nothing_and_says_so(make_shop) -> None:  # type: ignore[no-untyped-def]
    shop: Shop = make_shop("redis", MAINTENANCE_MODE_ENABLED="false")
    worker = shop.worker("w1")
    assert shop.send("job", 1).get(timeout=10) == 1
    assert "The guard is switched off (MAINTENANCE_MODE_ENABLED=false)" in worker.log
    with pytest.raises(guard.InvalidRequest, match="switched off"):
        shop.guard.enable(reason="x", by="tests")


def test_a_worker_whose_gate_is_not_reached_takes_no_guarded_work(make_shop) -> None:  # type: ignore[no-untyped-def]
    """F3: the receipt gate is taken away, as by a release of Celery that no longer calls it."""
    shop: Shop = make_shop("redis", GUARD_WHEN_CLOSED="hold")
    broken = shop.worker("broken", SHOP_BREAK="guard.gates.request:GuardedRequest.revoked")
    assert "self-test failed" in broken.log
    guarded = shop.send("job", 1)
    assert shop.send("free", 2).get(timeout=10) == 2
    throughout(lambda: not guarded.ready(), during=1.5, what="the guarded job to wait")
    problems = shop.guard.status().workers.problems
    assert problems is not None
    assert "receipt gate is not reached" in problems["broken@shop"]

    shop.worker("sound")
    assert guarded.get(timeout=10) == 1


def test_mariadb_as_the_durable_store(make_shop, mariadb_url: str) -> None:  # type: ignore[no-untyped-def]
    """Closed until somebody has migrated; then a whole window."""
    shop: Shop = make_shop("redis", DATABASE_URL=mariadb_url)
    with pytest.raises(guard.GuardError, match="maintenance migrate"):
        shop.guard.enable(reason="x", by="tests")
    durable = shop.guard.durable
    assert isinstance(durable, SqlStore)
    durable.migrate()
    shop.worker("w1")
    assert shop.send("job", 1).get(timeout=10) == 1
    window, returned = shop.enable(reason="Umzug 🚚")
    held = shop.send("job", 2, when_closed="hold")
    throughout(lambda: not shop.started_after(returned), during=1, what="no guarded job to start")
    shop.guard.disable(by="tests")
    assert held.get(timeout=10) == 2
    eventually(lambda: shop.guard.status().phase == "inactive", within=10, what="the window to be over")
    record = durable.window(window.window_id)
    assert record is not None
    assert record.reason == "Umzug 🚚"


def test_an_app_that_knows_nothing_of_the_guard_is_guarded_by_install_alone(make_shop) -> None:  # type: ignore[no-untyped-def]
    """Tasks with a base class of their own, classified by rules by name."""
    shop: Shop = make_shop("redis")
    app = shop.app

    class Base(app.Task):  # type: ignore[name-defined,misc]
        abstract = True

    @app.task(base=Base, name="legacy.report", shared=False)
    def report() -> int:
        return 1

    @app.task(base=Base, name="legacy.sync", shared=False)
    def sync() -> int:
        return 2

    shop.guard.operations.add("admin_operations", glob="legacy.report*")
    shop.enable()
    with pytest.raises(guard.MaintenanceActive):
        sync.delay()
    with pytest.raises(guard.MaintenanceActive):
        sync()
    assert report() == 1
    assert report.apply().result == 1
