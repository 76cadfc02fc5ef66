"""Refused requests, summed over all processes: the same in memory and in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core.attempts import NO_MINUTE, AttemptSum
from guard.errors import StoreUnavailable
from guard.store.memory_attempts import MemoryAttempts
from guard.store.redis.attempts import RedisAttempts
from guard.store.redis.client import connect
from tests.contracts.conftest import SERVERS, server_of
from tests.contracts.doers import KEYS, on_redis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.api.attempts import AttemptBooks

NOW = 1_700_000_000.0
MINUTE = int(NOW // 60)


@pytest.fixture(params=["memory", *SERVERS])
def books(request: pytest.FixtureRequest) -> Iterator[AttemptBooks]:
    if request.param == "memory":
        yield MemoryAttempts()
        return
    with on_redis(server_of(request)) as (url, _), connect(url, timeout=2.0, name="contract") as client:
        yield RedisAttempts(client, KEYS)


def test_a_window_without_attempts_has_none(books: AttemptBooks) -> None:
    view = books.of("w-1", now=NOW)
    assert (view.total, dict(view.operations), view.minutes) == (0, {}, ())


def test_attempts_of_several_processes_add_up(books: AttemptBooks) -> None:
    books.add({("w-1", "image_processing", MINUTE): AttemptSum(3, NOW)}, since={"w-1": NOW - 60})
    books.add(
        {
            ("w-1", "image_processing", MINUTE): AttemptSum(2, NOW + 1),
            ("w-1", "job_creation", MINUTE - 1): AttemptSum(1, NOW - 60),
            ("w-2", "job_creation", MINUTE): AttemptSum(100, NOW),
        },
        since={"w-1": NOW - 5, "w-2": NOW},
    )
    view = books.of("w-1", now=NOW)
    assert view.total == 6
    images = view.operations["image_processing"]
    assert (images.attempt_count, images.last_attempt, images.blocked_since) == (5, NOW + 1, NOW - 60)
    assert view.minutes == (
        ((MINUTE - 1) * 60, {"job_creation": 1}),
        (MINUTE * 60, {"image_processing": 5}),
    )


def test_what_came_in_no_known_minute_counts_all_the_same(books: AttemptBooks) -> None:
    books.add({("w-1", "unknown", NO_MINUTE): AttemptSum(7, NOW)}, since={})
    view = books.of("w-1", now=NOW)
    assert (view.total, view.minutes) == (7, ())
    assert view.operations["unknown"].blocked_since is None


def test_minutes_of_long_ago_are_left_out(books: AttemptBooks) -> None:
    books.add({("w-1", "unknown", MINUTE): AttemptSum(7, NOW)}, since={})
    view = books.of("w-1", now=NOW + 4 * 86_400)
    assert (view.total, view.minutes) == (7, ())


def test_a_server_that_is_away_is_unavailable() -> None:
    with connect("redis://127.0.0.1:1/0", timeout=0.2, name="attempts") as client:
        books = RedisAttempts(client, KEYS)
        with pytest.raises(StoreUnavailable):
            books.of("w-1", now=NOW)
        with pytest.raises(StoreUnavailable):
            books.add({("w-1", "x", 1): AttemptSum(1, NOW)}, since={})


def test_everything_in_redis_has_an_end(request: pytest.FixtureRequest) -> None:
    with (
        on_redis(request.getfixturevalue("valkey")) as (url, _),
        connect(url, timeout=2.0, name="c") as client,
    ):
        RedisAttempts(client, KEYS).add({("w-1", "x", MINUTE): AttemptSum(1, NOW)}, since={"w-1": NOW})
        found = [key for key in client.scan_iter("*") if key != KEYS.figures]  # one for all windows, for good
        assert len(found) == 2
        assert all(client.ttl(key) > 0 for key in found)
