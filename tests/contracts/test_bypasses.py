"""Bypasses: what was made is listed, what was revoked stands nowhere, and each use is journaled once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from guard.core.bypass import BypassUse, BypassView
from guard.orchestrator.bypass_uses import journal_uses
from guard.store.memory import MemoryDurableStore
from guard.store.memory_bypasses import MemoryBypasses, MemoryBypassMarks
from guard.store.redis.bypasses import RedisBypasses
from guard.store.redis.client import connect
from guard.store.sql.bypasses import SqlBypasses
from tests.contracts.conftest import SERVERS, server_of
from tests.contracts.doers import KEYS, START, STORE_ID, HandClock, on_redis, sql_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis


USE = BypassUse(bypass_id="b-1", holder="alice", by="ops", user="", operation="image_processing")
OTHER = BypassUse(bypass_id="b-2", holder="Bob ü", by="ops", user="17", operation="batch_operations")


@pytest.fixture(params=list(SERVERS))
def client(request: pytest.FixtureRequest) -> Iterator[Redis]:
    """An empty database; afterwards every key in it must be one that is listed."""
    with on_redis(server_of(request)) as (url, _), connect(url, timeout=2.0, name="contract") as made:
        yield made


@pytest.fixture
def marks(client: Redis) -> RedisBypasses:
    return RedisBypasses(client, KEYS)


@pytest.fixture(params=["memory", *SERVERS])
def any_marks(request: pytest.FixtureRequest) -> Iterator[RedisBypasses | MemoryBypassMarks]:
    """The same in memory, for what both can do."""
    if request.param == "memory":
        yield MemoryBypassMarks(HandClock())
        return
    with on_redis(server_of(request)) as (url, _), connect(url, timeout=2.0, name="contract") as made:
        yield RedisBypasses(made, KEYS)


def view(bypass_id: str, made_at: float = START, **changed: Any) -> BypassView:
    given: dict[str, Any] = {"operations": ("a", "b"), "holder": "alice", "user": "", "made_by": "ops"}
    return BypassView(bypass_id=bypass_id, made_at=made_at, until=made_at + 60, **{**given, **changed})


def test_one_stands_from_its_making_to_its_revocation(any_marks: RedisBypasses) -> None:
    marks = any_marks
    assert not marks.stands("b-1")
    marks.allow("b-1", seconds=60)
    marks.allow("b-2", seconds=60)
    assert marks.stands("b-1")
    marks.revoke("b-1")
    marks.revoke("b-1")
    assert (marks.stands("b-1"), marks.stands("b-2")) == (False, True)


def test_a_server_that_has_lost_its_data_lets_none_pass(marks: RedisBypasses, client: Redis) -> None:
    marks.allow("b-1", seconds=60)
    client.flushdb()
    assert not marks.stands("b-1")


def test_it_ends_by_itself(marks: RedisBypasses, client: Redis) -> None:
    marks.allow("b-1", seconds=24 * 3600)
    assert 0 < int(client.ttl(KEYS.bypass("b-1"))) <= 24 * 3600


def test_uses_are_journaled_with_exact_counts(any_marks: RedisBypasses) -> None:
    marks = any_marks
    durable, clock = MemoryDurableStore(store_id=STORE_ID, now=START), HandClock()

    def journal() -> int:
        return journal_uses(marks, lambda: durable, clock)

    assert journal() == 0
    for use in (USE, USE, OTHER, USE):
        marks.note_use(use)
    assert marks.uses() == {USE: 3, OTHER: 1}
    assert journal() == 2
    assert journal() == 0
    marks.note_use(USE)
    assert journal() == 1
    lines = [line for line in durable.records if line.action == "bypass used"]
    told = [
        (line.actor, line.detail["count"], line.detail["in_all"]) for line in lines if line.actor == "alice"
    ]
    assert sorted(told) == [("alice", 1, 4), ("alice", 3, 3)]
    (other,) = [line for line in lines if line.actor != "alice"]
    assert dict(other.detail) == {
        "bypass": "b-2",
        "holder": "Bob ü",
        "user": "17",
        "given_by": "ops",
        "operation": "batch_operations",
        "count": 1,
        "in_all": 1,
    }


def test_nothing_is_loaded_while_there_is_nothing_to_tell(marks: RedisBypasses) -> None:
    def loaded() -> Any:
        raise AssertionError("the durable store was asked for")

    assert journal_uses(marks, loaded, HandClock()) == 0


def test_what_is_no_use_is_left_alone(marks: RedisBypasses, client: Redis) -> None:
    client.hset(KEYS.bypass_uses, mapping={"nonsense": "1", USE.to_text(): "many"})
    client.expire(KEYS.bypass_uses, 60)
    assert marks.untold() == {}


@pytest.fixture(params=["memory", "sqlite", "mariadb"])
def store(request: pytest.FixtureRequest) -> Iterator[SqlBypasses | MemoryBypasses]:
    """Where what was made is kept."""
    if request.param == "memory":
        yield MemoryBypasses()
        return
    with sql_store(str(request.getfixturevalue(f"{request.param}_url"))) as made:
        made.migrate()
        yield SqlBypasses(made)


def test_the_newest_is_listed_first(store: SqlBypasses | MemoryBypasses) -> None:
    one, two = view("b-1"), view("b-2", START + 1, user="17", operations=("c",))
    store.add(one)
    store.add(two)
    assert store.recent(10) == [two, one]
    assert store.recent(1) == [two]
    assert store.find("b-1") == one
    assert store.find("b-3") is None


def test_it_is_revoked_once(store: SqlBypasses | MemoryBypasses) -> None:
    store.add(view("b-1"))
    assert store.revoke("b-1", by="ops", at=START + 1)
    assert not store.revoke("b-1", by="eve", at=START + 2)
    found = store.find("b-1")
    assert found is not None
    assert (found.revoked_by, found.revoked_at) == ("ops", START + 1)
    assert not store.revoke("b-9", by="ops", at=START)
