"""The users of `docker/users.acl`: what they may do is enough for the guard and Celery, and no more.

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

EVIDENCE = {"bgsave": "a snapshot", "lastsave": "its end", "client|list": "who is connected"}
OTHER_DATABASE = {"select": "an address with a database other than 0"}
LIMITS = dict.fromkeys(("lindex", "lpush", "lrange", "ltrim"), "rate limits of the HTTP API")
RARELY: dict[str, dict[str, str]] = {
    "guard": {
        **EVIDENCE,
        **OTHER_DATABASE,
        **LIMITS,
        **dict.fromkeys(("command|info", "dbsize"), "doctor"),
        **dict.fromkeys(
            ("scan", "hscan", "type", "ttl", "pttl"), "figures, doctor, checks of keys without an end"
        ),
        **dict.fromkeys(("watch", "unwatch", "discard"), "redis-py, when a transaction does not take place"),
        **dict.fromkeys(("hlen", "llen", "mget", "hsetnx", "exists"), "attempts, bypasses, the ledger"),
        **dict.fromkeys(("scard", "zrange", "zmscore", "hkeys", "hexists"), "registry and ledger, by moment"),
        "unsubscribe": "an agent that stops, by redis-py",
        **dict.fromkeys(("hmget", "hdel", "expire", "pexpire"), "reports and counts, by moment"),
        "hget": "the state, by moment",
        "smembers": "queues of the ledger, by moment",
    },
    "sessions": {
        **OTHER_DATABASE,
        **dict.fromkeys(("mget", "hmget", "hgetall", "type", "getrange"), "what a session says"),
        **dict.fromkeys(("ttl", "pttl"), "sessions without an end"),
        **dict.fromkeys(("del", "unlink", "srem", "sscan", "dbsize", "scan"), "deleting them"),
        "ping": "is it there",
    },
    "results": {
        **dict.fromkeys(
            ("mget", "incr", "zrange", "ping", "client|setname"), "groups, chords of other sizes"
        ),
        **dict.fromkeys(("del", "expire", "unsubscribe", "evalsha", "script|load"), "chords, by moment"),
    },
    "broker": {
        **dict.fromkeys(("exists", "pexpire", "rpop", "lrem"), "kombu: single messages, reply queues"),
        **dict.fromkeys(("watch", "unwatch", "punsubscribe", "unsubscribe"), "kombu, when something ends"),
        **dict.fromkeys(("hget", "hdel", "hscan", "zrangebyscore", "zrange", "get"), "redelivery, by moment"),
        **dict.fromkeys(("info", "select", "smembers", "srem", "time"), "when a worker starts or stops"),
        "client|list": "the guard asks who else consumes",
        "script|exists": "redis-py, for locks",
    },
}
"""Allowed, and not sure to be used in this window: what it is for."""


USERS = ("guard", "broker", "results", "sessions")


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, ProductionRedis]]:
    with ExitStack() as leaving:
        yield {user: leaving.enter_context(ProductionRedis(user=user, rules=QUEUES)) for user in USERS}


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
            with pytest.raises(redis.RedisError, match=r"(?i)no permissions|NOPERM|authentication"):
                client.execute_command(*words.split())  # type: ignore[no-untyped-call]


def test_keys_are_never_evicted_and_survive(servers: dict[str, ProductionRedis]) -> None:
    wanted = {"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec", "save": ""}
    with servers["guard"].client() as client:
        assert client.config_get(*wanted) == wanted


def shop_on(servers: dict[str, ProductionRedis], folder: Path) -> Shop:
    return Shop(
        broker=servers["broker"].broker_url(2),
        backend=servers["results"].broker_url(1),
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
    eventually(lambda: len(shop.guard.parked), within=15, what="a parked job")
    assert shop.guard.job(parked.id)
    assert shop.guard.health.now(5)
    shop.guard.metrics.look()
    shop.guard.change(mode="emergency", grace=1, by="tests")
    shop.guard.drain(within=20)
    shop.guard.disable(by="tests")
    eventually(lambda: shop.runs()[held.id] and shop.runs()[parked.id], within=30, what="all back")
    shop.guard.sessions.invalidate(by="tests")


def test_a_whole_window_needs_nothing_else(servers: dict[str, ProductionRedis], tmp_path: Path) -> None:
    for server in servers.values():
        server.forget()
    with servers["sessions"].client() as client:
        client.set("vedfolnir:session:of-nobody", "{}")
    with shop_on(servers, tmp_path) as shop:
        live_through_a_window(shop)
    for user, server in servers.items():
        assert server.refusals() == [], user
        unused = server.allowed(user) - server.used()
        assert unused <= RARELY[user].keys(), f"{user} may run what it does not need"
        assert RARELY[user].keys() <= server.allowed(user)


@pytest.mark.slow
def test_the_same_on_an_older_redis(tmp_path: Path) -> None:
    older = require_binary("redis-server")
    with ExitStack() as leaving:
        servers = {
            user: leaving.enter_context(ProductionRedis(binary=older, user=user, rules=QUEUES))
            for user in USERS
        }
        with shop_on(servers, tmp_path) as shop:
            live_through_a_window(shop)
        assert [server.refusals() for server in servers.values()] == [[]] * len(USERS)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_store_of_the_guard_keeps_to_its_user(tmp_path: Path) -> None:
    """The contract tests, with the guard as this user. Not those about keys that are not the guard's, nor one
    that empties the server by the guard's own connection."""
    chosen = "valkey and not sessions and not upkeep_keys and not measures and not lost_its_data_lets"
    command = [sys.executable, "-m", "pytest", "tests/contracts", "-q", "-m", "not slow", "-k", chosen]
    environ = {**os.environ, "GUARD_TESTS_ON_PRODUCTION_REDIS": str(tmp_path)}
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    (record,) = [json.loads(path.read_text("utf-8")) for path in tmp_path.glob("*.json")]
    assert record["refused"] == []
    assert {"evalsha", "hget", "publish", "zmscore"} <= set(record["used"]), "these tests ran elsewhere"
