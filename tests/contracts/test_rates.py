"""Rate limits: one count for all processes, also where EVAL is disabled; each for itself without Redis."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from guard.access.limits import Limits
from guard.clock import SystemClock
from guard.core.rates import RATES
from guard.errors import InvalidRequest, TooManyRequests
from guard.store.redis.client import connect
from guard.store.redis.rates import redis_counts
from tests.contracts.doers import KEYS, assert_keys_listed
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = RATES["code"].limit


@contextmanager
def limits_on(url: str) -> Iterator[Limits]:
    """The limits of one process."""
    clients = []

    def shared() -> object:
        counts, client = redis_counts(url, KEYS)
        clients.append(client)
        return counts

    yield Limits(shared, SystemClock())  # type: ignore[arg-type]
    for client in clients:
        client.close()


def tries(limits: Limits, number: int, key: str = "alice", kind: str = "code") -> int:
    """How many of some tries were let through."""
    through = 0
    for _ in range(number):
        try:
            limits.take(kind, key)
        except TooManyRequests as error:
            assert 1 <= error.retry_after <= RATES[kind].seconds  # noqa: PT017
            assert error.limit == RATES[kind].limit  # noqa: PT017
        else:
            through += 1
    return through


@pytest.fixture(params=["valkey", "redis_server", "hardened_valkey"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A Redis; afterwards every key in it must be one that is listed."""
    server: Valkey = request.getfixturevalue(request.param)
    address = server.url(server.fresh_db())
    yield address
    with connect(address, timeout=2.0, name="tests") as client:
        assert list(client.scan_iter()), "nothing was counted in Redis"
        assert_keys_listed(client)


def test_all_processes_count_together(url: str) -> None:
    with limits_on(url) as one, limits_on(url) as two:
        assert tries(one, LIMIT - 1) + tries(two, 5) == LIMIT
        assert tries(one, 1) == 0
        assert tries(two, 1, key="bob") == 1
        assert tries(two, 1, kind="change") == 1
        two.forget("code", "alice")
        assert tries(one, 1) == 1


def test_what_is_left_is_told(url: str) -> None:
    with limits_on(url) as limits:
        left = [limits.take("code", "alice") for _ in range(LIMIT)]
    assert [allowed.remaining for allowed in left] == list(range(LIMIT - 1, -1, -1))
    assert {allowed.limit for allowed in left} == {LIMIT}
    assert all(1 <= allowed.reset_after <= RATES["code"].seconds for allowed in left)


def test_no_address_is_in_redis(url: str) -> None:
    with limits_on(url) as limits, connect(url, timeout=2.0, name="tests") as client:
        tries(limits, 2, key="192.0.2.1")
        assert not any("192" in str(key) for key in client.scan_iter())


def test_while_redis_is_away_each_process_counts_for_itself() -> None:
    with Valkey() as server, limits_on(server.url()) as one, limits_on(server.url()) as two:
        assert tries(one, 2) == 2
        server.stop()
        assert tries(one, LIMIT + 3) == LIMIT
        assert tries(two, LIMIT + 3) == LIMIT


def test_what_is_limited_has_a_name() -> None:
    with limits_on("redis://127.0.0.1:1/0") as limits, pytest.raises(InvalidRequest, match="'change'"):
        limits.take("chnge", "x")
