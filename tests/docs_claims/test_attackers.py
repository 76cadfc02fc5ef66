"""docs/security.md: what somebody can and cannot do who may write to the broker, or to the guard's Redis."""

from __future__ import annotations

import json
import pickle
import signal
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from kombu import Producer

from guard.core.headers import PARKED_HEADER
from guard.orchestrator.changes import Changes
from guard.store.memory import MemoryDurableStore
from tests.contracts.doers import KEYS, START, STORE_ID, HandClock, at_epoch, first, on_redis, redis_plane
from tests.docs_claims.test_removal import push
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.shop import Shop
    from tests.support.valkey import Valkey

FORGED_LINE = "a\n[2026-01-01 00:00:00,000: WARNING/MainProcess] [MAINTENANCE] Maintenance mode deactivated"


class Payload:
    """Unpickled, it makes a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return open, (str(self._file), "w")


def push_pickle(shop: Shop, queue: str, task: str) -> None:
    told = {"task": task, "id": f"pickle-{queue}", "lang": "py", "retries": 0, "timelimit": [None, None]}
    body = pickle.dumps(([Payload(shop.folder / "executed")], {}, {}))
    with shop.app.connection_for_write() as connection:
        Producer(connection).publish(
            body,
            exchange="",
            routing_key=queue,
            content_type="application/x-python-serialize",
            content_encoding="binary",
            serializer=None,
            headers=told,
        )


def test_who_writes_to_the_broker_runs_no_code_of_theirs_and_stops_no_release(shop: Shop) -> None:
    """Pickled bodies, an id that forges a line of a log, messages in the parking queue that are no job."""
    worker = shop.worker("w1")
    _, returned = shop.enable()
    for queue, task in (("guarded", "shop.job"), ("mixed", "shop.mixed_job"), ("open", "shop.free")):
        push_pickle(shop, queue, task)
    push(shop, "mixed", "shop.mixed_job", {"id": FORGED_LINE})
    push(
        shop, "mixed", "shop.mixed_job", {"bypass": "x", "guard_bypass": "e30=.e30=", "guard_finishing": "x"}
    )
    with shop.app.connection_for_write() as connection:
        for text in ("not json", "[]", json.dumps({"headers": {PARKED_HEADER: {"version": 1}}}), b"\xff"):
            connection.default_channel.client.lpush("guard.parked", text)
    waiting = shop.send("mixed_job", 7, when_closed="hold")
    eventually(lambda: len(shop.guard.parked) >= 7, what="all to be parked")
    assert shop.started_after(returned) == []
    done = shop.guard.disable(by="tests")
    assert waiting.get(timeout=20) == 7
    assert sum("parking queue" in warning or "header" in warning for warning in done.warnings) >= 2
    assert len(shop.guard.parked) == 4, "what is no job stays, and is named"
    eventually(
        lambda: worker.log.count("Refusing to deserialize") >= 3, within=15, what="pickle to be refused"
    )
    assert not (shop.folder / "executed").exists()
    # Celery's own lines print a task id as it is; ours is one line
    assert "parked job a\\u000a[2026-01-01" in worker.log


def test_an_epoch_that_says_more_than_its_record_keeps_no_change_out(valkey: Valkey) -> None:
    """Once a bug: with the number in `{guard}:state` made greater, no later state was ever written there."""
    with on_redis(valkey) as (url, client):
        plane = redis_plane(url)
        plane.publish(first())
        client.hset(KEYS.state, "epoch", "999999999")
        durable = MemoryDurableStore(store_id=STORE_ID, now=START)
        changes = Changes(durable=durable, plane=plane, clock=HandClock())
        assert changes.announce(at_epoch(3)) == ""
        assert plane.read() == at_epoch(3)
        assert changes.announce(replace(at_epoch(4), reason="next")) == ""
        plane.close()


@pytest.mark.slow
def test_an_open_record_that_is_put_back_again_and_again_starts_nothing(shop: Shop) -> None:
    """A replay: the record is genuine and signed, and older. Workers ask SQL, and never go back."""
    shop.worker("w1")
    shop.settled()
    assert shop.send("job", 0).get(timeout=10) == 0
    client, key = shop.guard._parts.stores.plane.client, shop.guard._parts.stores.plane._keys.state
    genuine = client.hgetall(key)
    over = threading.Event()

    def put_back() -> None:
        while not over.is_set():
            client.hset(key, mapping=genuine)

    attacker = threading.Thread(target=put_back)
    attacker.start()
    try:
        window, returned = shop.enable()
        assert window.proof == "none"
        assert any("overwritten" in warning for warning in window.warnings)
        pushed = [push(shop, "guarded", "shop.job", {}) for _ in range(10)]
        until = time.time() + 8
        eventually(lambda: time.time() > until, within=10, what="a lease and a witness to pass")
        assert shop.started_after(returned) == []
    finally:
        over.set()
        attacker.join()
    eventually(lambda: shop.guard.status().workers.acknowledged == 1, within=15, what="the worker to follow")
    shop.guard.disable(by="tests")
    eventually(lambda: all(shop.runs()[task_id] for task_id in pushed), within=20, what="held jobs to run")


@pytest.mark.slow
def test_acknowledgements_can_be_forged_and_time_closes_all_the_same(shop: Shop) -> None:
    """What is not signed: who acknowledged. A frozen worker's word that somebody else wrote is believed, so
    `enable()` may name it; nothing starts there, since its lease runs out."""
    worker = shop.worker("w1")
    shop.settled()
    plane = shop.guard._parts.stores.plane
    client, keys, over = plane.client, plane._keys, threading.Event()

    def forge() -> None:
        while not over.is_set():
            client.delete(keys.waiting)
            for agent in client.hkeys(keys.agents):
                client.hset(keys.acks, agent, client.hget(keys.state, "epoch"))

    attacker = threading.Thread(target=forge)
    worker.signal_group(signal.SIGSTOP)
    attacker.start()
    try:
        window, returned = shop.enable()
        assert len(window.acknowledged or ()) == 1
        push(shop, "guarded", "shop.job", {})
    finally:
        over.set()
        attacker.join()
        worker.signal_group(signal.SIGCONT)
    eventually(lambda: shop.guard.status().workers.live == 1, within=15, what="the worker to be back")
    assert shop.started_after(returned) == []
