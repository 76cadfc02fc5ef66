"""Each doer of each port, as parametrised fixtures; a server that is not installed is skipped loudly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.store.memory import (
    MemoryControlPlane,
    MemoryDurableStore,
    MemoryOutcomes,
    MemoryParkedIndex,
    MemoryTally,
)
from guard.store.redis.client import connect
from guard.store.redis.outcomes import RedisOutcomes
from guard.store.redis.parked import RedisParkedIndex
from guard.store.redis.tally import RedisTally
from tests.contracts.doers import (
    KEYS,
    START,
    STORE_ID,
    HandClock,
    Plane,
    first,
    on_redis,
    plane_on,
    sql_store,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.ports import DurableStore, Outcomes, ParkedIndex, StateStore, Tally
    from guard.store.sql.store import SqlStore
    from tests.support.valkey import Valkey

SERVERS = {"valkey": "valkey", "redis": "redis_server"}


def server_of(request: pytest.FixtureRequest) -> Valkey:
    server: Valkey = request.getfixturevalue(SERVERS[request.param])
    return server


def memory_plane() -> Plane:
    clock = HandClock()
    plane = MemoryControlPlane(clock)
    return Plane(plane, plane, clock.sleep, plane.forget)


@pytest.fixture(params=["memory", *SERVERS])
def plane(request: pytest.FixtureRequest) -> Iterator[Plane]:
    """A control plane without a state."""
    if request.param == "memory":
        yield memory_plane()
        return
    with plane_on(server_of(request)) as made:
        yield made


@pytest.fixture(params=list(SERVERS))
def redis_plane_pair(request: pytest.FixtureRequest) -> Iterator[Plane]:
    """A control plane on Redis alone, for what only Redis can hold."""
    with plane_on(server_of(request)) as made:
        yield made


@pytest.fixture(params=["sqlite", "mariadb"])
def sql_url(request: pytest.FixtureRequest) -> str:
    """Address of an empty database."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def sql(sql_url: str) -> Iterator[SqlStore]:
    """A migrated SQL store."""
    with sql_store(sql_url) as store:
        store.migrate()
        yield store


@pytest.fixture(params=["memory", "sqlite", "mariadb"])
def durable(request: pytest.FixtureRequest) -> Iterator[DurableStore]:
    """A durable store of a new installation."""
    if request.param == "memory":
        yield MemoryDurableStore(store_id=STORE_ID, now=START)
        return
    with sql_store(str(request.getfixturevalue(f"{request.param}_url"))) as store:
        store.migrate()
        yield store


@pytest.fixture(params=["memory plane", "valkey", "redis", "memory", "sqlite", "mariadb"])
def state_store(request: pytest.FixtureRequest) -> Iterator[StateStore]:
    """Anything that holds a state, at epoch 0."""
    if request.param == "memory":
        yield MemoryDurableStore(store_id=STORE_ID, now=START)
    elif request.param in {"sqlite", "mariadb"}:
        with sql_store(str(request.getfixturevalue(f"{request.param}_url"))) as store:
            store.migrate()
            yield store
    elif request.param == "memory plane":
        made = memory_plane()
        made.one.publish(first())
        yield made.one
    else:
        with plane_on(server_of(request)) as made:
            made.one.publish(first())
            yield made.one


@pytest.fixture(params=["memory", *SERVERS])
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Counters."""
    if request.param == "memory":
        yield MemoryTally()
        return
    with on_redis(server_of(request)) as (url, _), connect(url, timeout=2.0, name="contract") as client:
        yield RedisTally(client, KEYS)


@pytest.fixture(params=["memory", *SERVERS])
def outcomes(request: pytest.FixtureRequest) -> Iterator[Outcomes]:
    """What became of jobs in emergencies."""
    if request.param == "memory":
        yield MemoryOutcomes()
        return
    with on_redis(server_of(request)) as (url, _), connect(url, timeout=2.0, name="contract") as client:
        yield RedisOutcomes(client, KEYS)


@pytest.fixture(params=["memory", *SERVERS])
def index(request: pytest.FixtureRequest) -> Iterator[ParkedIndex]:
    """The index of parked jobs."""
    if request.param == "memory":
        yield MemoryParkedIndex()
        return
    with on_redis(server_of(request)) as (url, _), connect(url, timeout=2.0, name="contract") as client:
        yield RedisParkedIndex(client, KEYS)
