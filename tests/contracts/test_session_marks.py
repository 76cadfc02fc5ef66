"""The marks of a sweep in Redis: kept, listed, and no reason to stumble when somebody spoilt them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core.session_sweep import Marks
from guard.errors import StateInvalid
from guard.store.redis.client import connect
from guard.store.redis.sessions import RedisSessionMarks
from tests.contracts.conftest import SERVERS, server_of
from tests.contracts.doers import KEYS, on_redis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis


@pytest.fixture(params=list(SERVERS))
def client(request: pytest.FixtureRequest) -> Iterator[Redis]:
    """An empty database; afterwards every key in it must be one that is listed."""
    with on_redis(server_of(request)) as (url, _), connect(url, timeout=2.0, name="contract") as made:
        yield made


def test_what_is_written_is_read(client: Redis) -> None:
    marks = RedisSessionMarks(client, KEYS)
    assert marks.read() == Marks()
    noted = Marks(cleaned=3, generation=4, server="abc", cursor=2**63, not_before=1_800_000_000.5)
    marks.write(noted)
    assert marks.read() == noted
    marks.write(noted.done(4))
    assert marks.read() == Marks(cleaned=4)


def test_spoilt_marks_are_none(client: Redis) -> None:
    marks = RedisSessionMarks(client, KEYS)
    client.hset(KEYS.sessions, mapping={"cleaned": "many", "cursor": "x"})
    assert marks.read() == Marks()


def test_something_else_under_the_key_is_said(client: Redis) -> None:
    client.set(KEYS.sessions, "x")
    try:
        with pytest.raises(StateInvalid):
            RedisSessionMarks(client, KEYS).read()
    finally:
        client.delete(KEYS.sessions)
