"""The users of `docker/users.acl`: what they may do is enough for the guard and Celery, and no more than that.

Real servers with exactly these files. Each user has a server of its own here, so that what a server counted
is what its one user did.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
from celery import chord

from tests.support.eventually import eventually
from tests.support.production_redis import ProductionRedis
from tests.support.require import require_binary
from tests.support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
QUEUES = {"broker": "~guarded* ~mixed* ~open*"}
"""The queues of the tests' application: what an application of one's own adds to the line of `broker`."""
TESTERS = {"acl|log", "acl|getuser", "config|resetstat", "auth"}

RARELY = {
    "guard": {
        "bgsave": "evidence asks for a snapshot",
        "lastsave": "evidence waits for its end",
        "client|list": "evidence copies who is connected",
    },
}
"""Allowed, and not used by a window: why it is allowed all the same."""


@pytest.fixture(scope="module")
def binary(request: pytest.FixtureRequest) -> Path | None:
    return require_binary("redis-server") if getattr(request, "param", "") == "redis" else None


@pytest.fixture(scope="module")
def servers(binary: Path | None) -> Iterator[dict[str, ProductionRedis]]:
    with ExitStack() as leaving:
        yield {
            user: leaving.enter_context(ProductionRedis(binary=binary, user=user, rules=QUEUES))
            for user in ("guard", "broker", "results", "sessions")
        }


FORBIDDEN = {
    "guard": [
        "SET other 1",
        "GET celery-task-meta-1",
        "KEYS *",
        "FLUSHDB",
        "CONFIG GET *",
        "EVAL x 0",
        "ACL LIST",
    ],
    "sessions": [
        "GET {guard}:state",
        "DEL {guard}:state",
        "SET vedfolnir:session:1 x",
        "FLUSHALL",
        "PUBLISH a b",
    ],
    "results": ["GET {guard}:state", "SET images x", "KEYS *", "PUBLISH {guard}:wake x", "FLUSHDB"],
    "broker": [
        "HGET {guard}:state record",
        "GET vedfolnir:session:1",
        "PUBLISH {guard}:wake x",
        "FLUSHDB",
        "EVAL x 0",
    ],
    "health": ["GET {guard}:state", "INFO", "KEYS *"],
    "default": ["PING"],
}


@pytest.mark.parametrize("user", FORBIDDEN)
def test_what_nobody_may(user: str, servers: dict[str, ProductionRedis]) -> None:
    server = servers.get(user, servers["guard"])
    url = server.url(user=user) if user in server.passwords else f"unix://{user}:x@{server.socket}"
    url = f"unix://{server.socket}" if user == "default" else url
    with redis.Redis.from_url(url, driver_info=None, protocol=2) as client:
        for words in FORBIDDEN[user]:
            with pytest.raises(
                redis.RedisError, match=r"(?i)no permissions|NOPERM|authentication"
            ):
                client.execute_command(*words.split())  # type: ignore[no-untyped-call]


def test_keys_are_never_evicted_and_survive(servers: dict[str, ProductionRedis]) -> None:
    wanted = {"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec", "save": ""}
    with servers["guard"].client() as client:
        assert client.config_get(*wanted) == wanted


def shop_on(servers: dict[str, ProductionRedis], folder: Path) -> Shop:
    return Shop(
        broker=servers["broker"].broker_url(),
        backend=servers["results"].broker_url(),
        redis=servers["guard"].url(),
        folder=folder,
        GUARD_SESSION_REDIS_URL=servers["sessions"].url(),
        GUARD_LEDGER="true",
    )


def live_through_a_window(shop: Shop) -> None:
    """Jobs of all kinds before, in and after a window; an emergency; what operators ask meanwhile."""
    shop.worker("w1")
    both = chord([shop.app.tasks["shop.add"].s(1, 1), shop.app.tasks["shop.add"].s(2, 2)])
    total = both(shop.app.tasks["shop.total"].s())
    assert total.get(timeout=20) == 6

    long = shop.send("long", 60)
    eventually(lambda: shop.runs()[long.id], within=15, what="the long job to run")
    window, _ = shop.enable()
    assert window.acknowledged
    parked = shop.send("mixed_job", when_closed="hold")
    held = shop.send("job", when_closed="hold")
    eventually(lambda: shop.guard.parked(), within=15, what="a parked job")
    for words in (["status"], ["health"], ["doctor"], ["metrics", "--once"], ["parked"], ["job", parked.id]):
        code, said = shop.maintenance(*words)
        assert code not in {1, 5}, said
    shop.guard.change(mode="emergency", grace=1, by="tests")
    eventually(lambda: not shop.guard.drain().blockers, within=20, what="drained")
    shop.guard.disable(by="tests")
    eventually(lambda: shop.runs()[held.id] and shop.runs()[parked.id], within=30, what="all back")
    shop.guard.sessions.invalidate(by="tests")


@pytest.mark.parametrize("binary", ["valkey", pytest.param("redis", marks=pytest.mark.slow)], indirect=True)
def test_a_whole_window_needs_nothing_else(servers: dict[str, ProductionRedis], tmp_path: Path) -> None:
    for server in servers.values():
        server.forget()
    with shop_on(servers, tmp_path) as shop:
        try:
            live_through_a_window(shop)
        finally:
            print({user: server.refusals() for user, server in servers.items()})
    for user, server in servers.items():
        assert server.refusals() == [], user
        print(user, "UNUSED", sorted(server.allowed(user) - server.used()))
