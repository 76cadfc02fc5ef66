"""Old keys in Redis: judged by their payload, never the guard's or the broker's, never one in use."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.cleanup import KeyRule
from guard.upkeep import redis_keys
from guard.upkeep.redis_keys import RedisKeys
from tests.contracts.conftest import SERVERS, server_of
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis

NOW = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
OLD, NEW = "2026-11-01T00:00:00+00:00", "2026-11-20T00:00:00+00:00"
RULE = KeyRule(pattern="rq:progress:*", days=7)


@pytest.fixture(params=list(SERVERS))
def place(request: pytest.FixtureRequest) -> Iterator[tuple[RedisKeys, Any]]:
    """A cleaner and a client of one empty database."""
    server = server_of(request)
    number = server.fresh_db()
    with server.client(number) as client:
        yield RedisKeys(server.url(number), namespace="guard", queues=("rq:progress:queue",)), client


def fill(client: Redis) -> set[str]:
    """Every odd case; gives the keys that are old."""
    old = {
        "rq:progress:old": json.dumps({"task_id": "1", "started_at": OLD}),
        "rq:progress:old-without-zone": json.dumps({"updated_at": "2026-11-01T00:00:00"}),
        "rq:progress:old-with-ttl": json.dumps({"created_at": OLD}),
    }
    for key, value in old.items():
        client.set(key, value)
    client.expire("rq:progress:old-with-ttl", 7200)
    client.hset("rq:progress:old-hash", mapping={"created_at": OLD, "user_id": "2"})
    client.set("rq:progress:touched", json.dumps({"started_at": OLD, "updated_at": NEW}))
    client.set("rq:progress:new", json.dumps({"started_at": NEW}))
    client.set("rq:progress:not-json", "{")
    client.set("rq:progress:no-age", json.dumps({"user_id": 2}))
    client.set("rq:progress:a-list", json.dumps([OLD]))
    client.set("rq:progress:deep", "[" * 50_000)
    client.set("rq:progress:large", json.dumps({"created_at": OLD, "x": "y" * 70_000}))
    client.execute_command("SET", b"rq:progress:\xff\xfe", b"\xff")
    client.rpush("rq:progress:queue", json.dumps({"created_at": OLD}))
    client.rpush("rq:progress:queue\x06\x163", json.dumps({"created_at": OLD}))
    client.sadd("rq:progress:set", OLD)
    client.zadd("rq:progress:zset", {OLD: 1})
    client.set("rq:other:old", json.dumps({"created_at": OLD}))
    client.set("{guard}:state-like", json.dumps({"created_at": OLD}))
    return {*old, "rq:progress:old-hash"}


def keys_of(client: Any) -> set[bytes]:
    with type(client)(connection_pool=None, unix_socket_path=client_path(client), db=db_of(client)) as raw:
        return set(raw.scan_iter(count=1000))


def client_path(client: Any) -> str:
    return str(client.connection_pool.connection_kwargs["path"])


def db_of(client: Any) -> int:
    return int(client.connection_pool.connection_kwargs["db"])


def test_only_what_says_that_it_is_old_goes(place: tuple[RedisKeys, Any]) -> None:
    keys, client = place
    old = fill(client)
    before = keys_of(client)

    dry = keys.clean(RULE, now=NOW, dry_run=True)
    assert keys_of(client) == before
    assert (dry.old, dry.deleted, dry.problem, dry.whole) == (4, 0, "", True)

    done = keys.clean(RULE, now=NOW, dry_run=False)
    assert before - keys_of(client) == {key.encode() for key in old}
    assert (done.old, done.deleted, done.problem, done.whole) == (4, 4, "", True)
    assert done.looked_at == 14
    assert done.unreadable == 8

    again = keys.clean(RULE, now=NOW, dry_run=False)
    assert (again.old, again.deleted) == (0, 0)


def test_a_key_that_is_written_meanwhile_stays(
    place: tuple[RedisKeys, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, client = place
    for number in range(20):
        client.set(f"rq:progress:{number}", json.dumps({"created_at": OLD}))
    whole = redis_keys._moment_in
    looks = 0

    def writing(kind: bytes, answer: Any) -> float | None:
        """The workers write their progress right after the guard has read one of them for the second time."""
        nonlocal looks
        looks += 1
        if looks == 21:
            for number in range(20):
                client.set(f"rq:progress:{number}", json.dumps({"created_at": OLD, "updated_at": NEW}))
        return whole(kind, answer)

    monkeypatch.setattr(redis_keys, "_moment_in", writing)
    done = keys.clean(RULE, now=NOW, dry_run=False)
    assert client.dbsize() == 20
    assert (done.old, done.deleted, done.problem) == (20, 0, "")


def test_many_keys_in_small_steps_and_a_bound(place: tuple[RedisKeys, Any]) -> None:
    keys, client = place
    pipe = client.pipeline()
    for number in range(3000):
        pipe.set(f"rq:progress:{number}", json.dumps({"created_at": OLD if number % 2 else NEW}))
    pipe.execute()
    asked = iter([True, True, False])
    part = keys.clean(RULE, now=NOW, dry_run=False, go_on=lambda: next(asked))
    assert not part.whole
    assert 0 < part.looked_at < 3000
    rest = keys.clean(RULE, now=NOW, dry_run=False)
    assert rest.whole
    assert part.deleted + rest.deleted == 1500
    assert client.dbsize() == 1500


def test_where_production_disables_commands(tmp_path: Path) -> None:
    renamed = [
        word
        for name in ("KEYS", "EVAL", "FLUSHDB", "FLUSHALL", "CONFIG", "DEBUG")
        for word in ("--rename-command", name, "")
    ]
    with Valkey(extra=renamed) as server, server.client() as client:
        old = fill(client)
        done = RedisKeys(server.url(), namespace="guard", queues=()).clean(RULE, now=NOW, dry_run=False)
        assert (done.deleted, done.problem) == (len(old), "")


def test_a_server_that_is_away(tmp_path: Path) -> None:
    keys = RedisKeys(f"unix://:hunter2@{tmp_path}/nobody", namespace="guard", queues=())
    report = keys.clean(RULE, now=NOW, dry_run=False)
    assert report.problem.startswith("Redis did not answer")
    assert "hunter2" not in report.problem
    assert not report.whole
