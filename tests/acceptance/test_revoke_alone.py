"""What people do today to end running jobs: Celery's revoke and its shutdowns, without a guard.

The numbers are those of the research notes. Each names the test that shows the guard instead. L13 and L14
(what a revoke of many ids costs) are measured: `python -m benchmarks --only revoked`.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest
from celery import chain, chord
from celery.exceptions import ChordError, TaskRevokedError

from tests.support.eventually import eventually, throughout

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.processes import LocalProcess
    from tests.support.shop import Shop

pytestmark = pytest.mark.slow  # they test Celery, not the guard


@pytest.fixture
def shop(make_shop: Callable[..., Shop]) -> Shop:
    """The app without a guard."""
    return make_shop("redis", SHOP_UNGUARDED="1")


@pytest.fixture
def worker(shop: Shop) -> LocalProcess:
    return shop.worker("w1")


def waiting(shop: Shop) -> int:
    """Messages that the broker still has: in a queue, or unacknowledged."""
    with shop.app.connection_for_read() as connection:
        client = connection.default_channel.client
        return sum(client.llen(name) for name in ("guarded", "mixed", "open")) + client.hlen("unacked")


def runs(shop: Shop, number: int = 1) -> None:
    eventually(lambda: len(shop.events()) == number, what=f"{number} jobs to run")


def active(shop: Shop) -> list[str]:
    found = shop.app.control.inspect(limit=1).active() or {}
    return [job["id"] for jobs in found.values() for job in jobs]


def test_l4_a_late_ack_job_is_gone(shop: Shop, worker: LocalProcess) -> None:
    """Guarded: test_emergency, test_a_late_ack_job_runs_again_after_the_release."""
    result = shop.send("long", 60)
    runs(shop)
    shop.app.control.revoke(result.id, terminate=True)
    with pytest.raises(TaskRevokedError):
        result.get(timeout=10)
    eventually(lambda: waiting(shop) == 0, what="the message to be gone")
    assert worker.alive


def test_l5_a_job_that_cleans_up_is_out_of_sight_and_of_reach(shop: Shop, worker: LocalProcess) -> None:
    """Guarded: test_emergency, test_a_job_that_cleans_up_stays_visible_until_it_has_ended."""
    result = shop.send("cleans", 60, 3.0)
    runs(shop)
    shop.app.control.revoke(result.id, terminate=True, signal="SIGUSR1")
    eventually(lambda: shop.events("cleaning"), what="the cleanup to begin")
    eventually(lambda: result.state == "REVOKED", within=2, what="the state")
    assert active(shop) == []
    replies = shop.app.control.revoke(
        result.id, terminate=True, signal="SIGKILL", reply=True, timeout=2, limit=1
    )
    assert "tasks unknown" in str(replies)
    assert not shop.events("cleaned"), "it still runs"
    eventually(lambda: shop.events("cleaned"), what="the end of the cleanup")
    assert worker.alive


def test_l7_after_a_warm_shutdown_has_begun_nobody_answers(shop: Shop, worker: LocalProcess) -> None:
    """Guarded: test_emergency, test_after_a_warm_shutdown_has_begun."""
    result = shop.send("long", 6, "whole")
    runs(shop)
    worker.signal(signal.SIGTERM)
    eventually(lambda: "Warm shutdown" in worker.log, what="the warm shutdown")
    eventually(lambda: not shop.app.control.ping(timeout=0.5), what="silence")
    shop.app.control.revoke(result.id, terminate=True)
    assert result.get(timeout=15) == "whole"


def test_l8_a_revoke_without_a_worker_is_lost(shop: Shop) -> None:
    """Guarded: test_closed; a worker that starts while closed takes nothing."""
    result = shop.send("job", 1)
    shop.app.control.revoke(result.id)
    shop.worker("w1")
    assert result.get(timeout=15) == 1


def test_l9_a_job_runs_although_its_state_says_revoked(shop: Shop, worker: LocalProcess) -> None:
    """Guarded: test_closed; no state is written for a job that waits, and a restart changes nothing."""
    result = shop.send("job", 1, countdown=8)
    eventually(lambda: result.id in worker.log, what="the job to be received")
    shop.app.control.revoke(result.id)
    eventually(lambda: result.state == "REVOKED", what="the state to be written")
    worker.kill()
    with shop.app.connection_for_write() as connection:  # what the visibility timeout does an hour later
        connection.default_channel.qos.restore_visible(num=10)
        client = connection.default_channel.client
        for tag in client.hkeys("unacked"):
            connection.default_channel.qos.restore_by_tag(tag)
    shop.worker("w2")
    eventually(shop.events, within=20, what="the revoked job to run")
    assert result.state in {"REVOKED", "SUCCESS"}


def test_l15_a_chord_loses_its_callback(shop: Shop, worker: LocalProcess) -> None:
    """Guarded: test_workflows; a part that waits is a delay."""
    tasks = shop.app.tasks
    late = tasks["shop.add"].si(1, 1).set(countdown=5)
    body = chord([late, tasks["shop.add"].si(2, 2)], tasks["shop.total"].s()).apply_async()
    (part, _) = body.parent.results
    eventually(lambda: part.id in worker.log, what="the part to be received")
    shop.app.control.revoke(part.id)
    with pytest.raises((ChordError, TaskRevokedError)):
        body.get(timeout=15)


def test_l16_a_chain_waits_for_ever(shop: Shop, worker: LocalProcess) -> None:
    """Guarded: test_continuations and test_emergency; what waits for a step that is ended, ends too."""
    tasks = shop.app.tasks
    middle = tasks["shop.add"].s(1).set(countdown=3)
    last = chain(tasks["shop.add"].si(1, 1), middle, tasks["shop.add"].s(1)).apply_async()
    eventually(lambda: last.parent.id in worker.log, what="the middle step to be received")
    shop.app.control.revoke(last.parent.id)
    eventually(lambda: last.parent.state == "REVOKED", what="the middle step to be revoked")
    throughout(lambda: last.state == "PENDING", during=3, what="the last step to be pending")


def test_l17_a_soft_shutdown_loses_what_was_acknowledged_early(make_shop: Callable[..., Shop]) -> None:
    """Guarded: test_emergency, test_what_was_acknowledged_early; it was parked before the signal, or ends as
    REVOKED with the reason."""
    shop = make_shop("redis", SHOP_UNGUARDED="1", SHOP_SOFT_SHUTDOWN="2")
    worker = shop.worker("w1")
    late, early = shop.send("long", 60), shop.send("early", 60)
    runs(shop, 2)
    worker.signal(signal.SIGQUIT)
    begun = time.monotonic()
    worker.wait(50)
    assert time.monotonic() - begun < 45
    assert waiting(shop) == 1, "the late one only"
    assert early.state not in {"SUCCESS", "FAILURE", "REVOKED"}
    assert late.state not in {"SUCCESS", "FAILURE", "REVOKED"}
