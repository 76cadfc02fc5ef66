"""FinishingSteps: steps that go on while a window drains, until it is drained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core.finishing import FinishingStep
from guard.errors import StateInvalid, StoreUnavailable
from guard.store.memory_finishing import MemoryFinishingSteps
from guard.store.redis.client import connect
from guard.store.redis.finishing import RedisFinishingSteps
from tests.contracts.conftest import SERVERS, server_of
from tests.contracts.doers import KEYS, START, assert_keys_listed, on_redis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.ports import FinishingSteps

STEP = FinishingStep(token="a1", task_id="t-1", task="shop.step", queue="jobs", since=START)
LATER = replace(STEP, token="a2", task_id="t-2", since=START + 1)


@pytest.fixture(params=["memory", *SERVERS])
def steps(request: pytest.FixtureRequest) -> Iterator[FinishingSteps]:
    """No steps."""
    if request.param == "memory":
        yield MemoryFinishingSteps()
        return
    with on_redis(server_of(request)) as (url, _), connect(url, timeout=2.0, name="contract") as client:
        yield RedisFinishingSteps(client, KEYS)
        assert_keys_listed(client)


def test_a_step_is_there_until_it_ends(steps: FinishingSteps) -> None:
    assert steps.begin("w-1", LATER)
    assert steps.begin("w-1", STEP)
    assert steps.steps("w-1") == [STEP, LATER]
    assert steps.holds("w-1", "a1")
    steps.end("w-1", "a1")
    steps.end("w-1", "a1")
    assert not steps.holds("w-1", "a1")
    assert steps.steps("w-1") == [LATER]


def test_a_window_knows_only_its_own(steps: FinishingSteps) -> None:
    assert steps.begin("w-1", STEP)
    assert not steps.holds("w-2", "a1")
    assert steps.steps("w-2") == []
    assert steps.close("w-2")
    assert steps.begin("w-1", LATER)


def test_it_is_closed_when_none_is_left_and_takes_none_then(steps: FinishingSteps) -> None:
    assert steps.begin("w-1", STEP)
    assert not steps.close("w-1")
    assert steps.begin("w-1", LATER), "it was not closed"
    steps.end("w-1", "a1")
    steps.end("w-1", "a2")
    assert steps.close("w-1")
    assert steps.close("w-1"), "it may be said twice"
    assert not steps.begin("w-1", STEP)
    assert steps.steps("w-1") == []


def test_nonsense_in_redis_is_named(valkey) -> None:  # type: ignore[no-untyped-def]
    with on_redis(valkey) as (url, _), connect(url, timeout=2.0, name="contract") as client:
        for text in ("not json", "[]", "{}"):
            client.hset(KEYS.finishing("w-1"), "a1", text)
            client.expire(KEYS.finishing("w-1"), 60)
            with pytest.raises(StateInvalid):
                RedisFinishingSteps(client, KEYS).steps("w-1")


def test_a_server_that_is_away_is_unavailable() -> None:
    with connect("redis://127.0.0.1:1/0", timeout=0.2, name="steps") as client:
        steps = RedisFinishingSteps(client, KEYS)
        for use in (lambda: steps.begin("w", STEP), lambda: steps.holds("w", "a"), lambda: steps.close("w")):
            with pytest.raises(StoreUnavailable):
                use()
