"""Faults of the fleet: real workers and beats of the acceptance tests' shop. Slow: each fault takes a
process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from guard.core.diagnosis import Family, Finding, Status
from guard.core.parked import ParkedJob
from guard.doctor.catalogue import CHECKS
from tests.support.eventually import eventually
from tests.support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.processes import LocalProcess
    from tests.support.valkey import Valkey

PROBLEM, WARNING, UNKNOWN, OK = Status.PROBLEM, Status.WARNING, Status.UNKNOWN, Status.OK

pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)


class Ward:
    """A shop with one worker that is well, shared by the tests of this module."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.well = shop.worker("well", concurrency=1)

    def check(self, name: str) -> Finding:
        (family,) = {one.family for one in CHECKS if one.name == name}
        return self.shop.guard.diagnose(only=[family]).of(name)

    def becomes(self, name: str, status: Status, remedy: str = "", within: float = 20) -> Finding:
        """Wait until a check says so: registry and leases follow a fault within seconds."""
        last: list[Finding] = []

        def seen() -> bool:
            last[:] = [self.check(name)]
            return last[0].status is status and remedy in last[0].remedy

        eventually(seen, within=within, what=f"{name} to be {status}: {last}")
        assert status is OK or last[0].why or status is UNKNOWN
        return last[0]

    def end(self, process: LocalProcess) -> None:
        process.terminate(within=30)


@pytest.fixture(scope="module")
def ward(valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    shop = Shop(
        broker=valkey.broker_url(valkey.fresh_db()),
        backend=valkey.broker_url(valkey.fresh_db()),
        redis=valkey.url(valkey.fresh_db()),
        folder=tmp_path_factory.mktemp("ward"),
    )
    with shop:
        yield Ward(shop)


def test_a_fleet_that_is_well(ward: Ward) -> None:
    ward.becomes("workers", OK)
    ward.becomes("worker epochs", OK)
    whole = ward.shop.guard.diagnose()
    for name in (
        *("remote control", "libraries", "clocks", "self-test", "consumers without a guard", "keys alike"),
        *("queues served", "jobs can be ended", "parked jobs", "tasks of parked jobs", "beat", "guard state"),
    ):
        assert whole.of(name).status is OK, whole.of(name)
    assert "well@shop" in whole.of("workers").seen
    assert whole.of("clocks").seen.endswith("Redis, well@shop")
    assert whole.seconds < 15
    # and what the shop's own configuration has: many tasks without an operation, a short visibility timeout
    assert whole.of("tasks").status is WARNING
    assert whole.health is Status.WARNING


def test_a_window_past_its_end(ward: Ward) -> None:
    shop = ward.shop
    ward.becomes("window in time", OK)
    shop.guard.enable(reason="r", by="tests", duration=1)
    ward.becomes("window in time", WARNING, "maintenance disable")
    shop.guard.disable(by="tests")
    ward.becomes("window in time", OK)


def test_parked_jobs_of_which_nobody_knows_the_task(ward: Ward) -> None:
    shop: Any = ward.shop
    ward.becomes("tasks of parked jobs", OK)
    job = ParkedJob(
        park_id="p", task_id="4f1c", task="shop.renamed", operation="job_creation", queue="mixed", retries=0,
        publication="", generation="original", parked_at=1.0, window_id="", worker="well@shop",
    )  # fmt: skip
    index = shop.guard._parts.stores.index
    index.parked(job)
    found = ward.becomes("tasks of parked jobs", PROBLEM, "parked discard 4f1c")
    assert "shop.renamed" in found.seen
    index.gone(job)
    ward.becomes("tasks of parked jobs", OK)


@pytest.mark.slow
def test_a_consumer_without_a_guard(ward: Ward) -> None:
    ward.becomes("consumers without a guard", OK)
    plain = ward.shop.worker("plain", concurrency=1, pool="solo", SHOP_UNGUARDED="1")
    found = ward.becomes("consumers without a guard", PROBLEM, "guard.install(app)")
    assert "plain@shop" in found.seen
    ward.end(plain)
    ward.becomes("consumers without a guard", OK)


@pytest.mark.slow
def test_a_worker_at_an_old_epoch(ward: Ward) -> None:
    """Frozen, while the guard goes on: it keeps its old epoch, and says nothing."""
    ward.becomes("worker epochs", OK)
    ward.well.freeze_group()
    try:
        ward.shop.guard.enable(reason="r", by="tests", duration=60, mode="test")
        found = ward.becomes("worker epochs", PROBLEM, "restart it")
        assert "well@shop" in found.seen
    finally:
        ward.well.thaw_group()
        ward.shop.guard.disable(by="tests")
    ward.becomes("worker epochs", OK)


@pytest.mark.slow
def test_a_worker_with_another_key(ward: Ward) -> None:
    other = {"GUARD_SECRET_KEY": "quite another secret key"}
    odd = ward.shop.start_worker("odd", concurrency=1, pool="solo", **other)
    found = ward.becomes("keys alike", PROBLEM, "GUARD_SECRET_KEY", within=40)
    assert "odd@shop" in found.seen
    assert "another secret" not in str(found)
    ward.end(odd)
    ward.becomes("keys alike", OK)


@pytest.mark.slow
def test_a_worker_without_a_control_queue(ward: Ward) -> None:
    deaf = ward.shop.worker("deaf", concurrency=1, SHOP_DEAF="1")
    found = ward.becomes("remote control", PROBLEM, "worker_enable_remote_control=True")
    assert "deaf@shop" in found.seen
    ward.end(deaf)
    ward.becomes("remote control", OK)


@pytest.mark.slow
def test_a_worker_that_cannot_end_its_jobs(ward: Ward) -> None:
    threads = ward.shop.worker("threads", concurrency=1, pool="threads")
    found = ward.becomes("jobs can be ended", WARNING, "--pool prefork")
    assert "threads@shop (threads)" in found.seen
    ward.end(threads)
    ward.becomes("jobs can be ended", OK)


@pytest.mark.slow
def test_a_worker_that_refuses_guarded_work(ward: Ward) -> None:
    where = "guard.gates.request:GuardedRequest.revoked"
    broken = ward.shop.worker("broken", concurrency=1, SHOP_BREAK=where)
    assert "broken@shop" in ward.becomes("self-test", PROBLEM, "restart them").seen
    ward.end(broken)
    ward.becomes("self-test", OK)


@pytest.mark.slow
def test_beat(ward: Ward) -> None:
    shop: Any = ward.shop
    ward.becomes("beat", OK)
    shop.app.conf.beat_schedule = {"tick": {"task": "shop.tick", "schedule": 0.3}}
    ward.becomes("beat", PROBLEM, "celery -A yourapp beat")
    one = shop.beat()
    assert "one beat runs: beat@" in ward.becomes("beat", OK).seen
    another = {"SHOP_BEAT": "1", "SHOP_BEAT_FILE": str(shop.folder / "second")}
    two = shop._celery("beat2", ["beat", "-l", "INFO"], another)
    found = ward.becomes("beat", PROBLEM, "stop all but one")
    assert found.seen.startswith("2 beats run")
    ward.end(two)
    ward.becomes("beat", OK)
    ward.end(one)
    ward.becomes("beat", PROBLEM)
    inside = shop._celery(
        "inside", ["worker", "-B", "-n", "inside@shop", "-c", "1", "-Q", "open", "--without-mingle"],
        {"SHOP_BEAT": "1", "SHOP_BEAT_FILE": str(shop.folder / "third")},
    )  # fmt: skip
    assert "inside inside@shop" in ward.becomes("beat", OK, within=40).seen
    ward.end(inside)
    shop.app.conf.beat_schedule = {}
    ward.becomes("beat", OK)


@pytest.mark.slow
def test_queues_without_workers_and_tasks_that_nobody_knows(ward: Ward) -> None:
    shop = ward.shop
    ward.becomes("queues served", OK)

    @shop.app.task(name="shop.lonely", shared=False, operation="job_creation")
    def lonely() -> None: ...

    lonely.queue = "lonely"

    try:
        found = ward.becomes("queues served", PROBLEM, "worker -Q lonely")
        assert "lonely (shop.lonely)" in found.seen
        helper = shop.worker("helper", concurrency=1, pool="solo", queues="lonely")
        ward.becomes("queues served", OK)
        ward.end(helper)
    finally:
        shop.app.tasks.unregister("shop.lonely")
    ward.becomes("queues served", OK)
    assert ward.shop.guard.diagnose(only=[Family.BLOCKING]).of("tasks").status is WARNING
