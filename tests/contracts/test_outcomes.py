"""Outcomes: what became of jobs in an emergency, one set per window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core.outcome import Ended
from guard.errors import StateInvalid, StoreUnavailable
from guard.store.redis.client import connect
from guard.store.redis.outcomes import RedisOutcomes
from tests.contracts.conftest import server_of
from tests.contracts.doers import KEYS, on_redis
from tests.core.test_outcome import OUTCOME

if TYPE_CHECKING:
    from guard.ports import Outcomes


def test_a_window_without_an_emergency_has_none(outcomes: Outcomes) -> None:
    assert outcomes.of("w-1") == []


def test_they_come_in_the_order_in_which_they_ended(outcomes: Outcomes) -> None:
    first, second = OUTCOME, replace(OUTCOME, attempt="a-0", ended_at=OUTCOME.ended_at + 1)
    outcomes.record(second)
    outcomes.record(first)
    outcomes.record(replace(OUTCOME, window_id="w-2", attempt="a-2"))
    assert outcomes.of("w-1") == [first, second]


def test_one_that_is_recorded_twice_is_there_once(outcomes: Outcomes) -> None:
    outcomes.record(OUTCOME)
    outcomes.record(OUTCOME)
    assert outcomes.of("w-1") == [OUTCOME]


def test_a_job_that_ran_twice_has_two(outcomes: Outcomes) -> None:
    again = replace(OUTCOME, attempt="a-2", outcome=Ended.COMPLETED, ended_at=OUTCOME.ended_at + 60)
    outcomes.record(OUTCOME)
    outcomes.record(again)
    assert outcomes.of("w-1") == [OUTCOME, again]


def test_a_server_that_is_away_is_unavailable() -> None:
    with connect("redis://:hunter2@127.0.0.1:1/0", timeout=0.2, name="outcomes") as client:
        outcomes = RedisOutcomes(client, KEYS)
        for use in (lambda: outcomes.record(OUTCOME), lambda: outcomes.of("w")):
            with pytest.raises(StoreUnavailable) as caught:
                use()
            assert "hunter2" not in str(caught.value)


@pytest.fixture(params=["valkey"])
def on_server(request: pytest.FixtureRequest) -> object:
    with on_redis(server_of(request)) as (url, _), connect(url, timeout=2.0, name="contract") as client:
        yield client


def test_in_redis_they_expire_and_nonsense_is_named(on_server) -> None:  # type: ignore[no-untyped-def]
    outcomes = RedisOutcomes(on_server, KEYS)
    outcomes.record(OUTCOME)
    assert 29 * 86400 < on_server.ttl(KEYS.outcomes("w-1")) <= 30 * 86400
    for text in ("not json", "{}", "[]"):
        on_server.hset(KEYS.outcomes("w-1"), "bad", text)
        with pytest.raises(StateInvalid):
            outcomes.of("w-1")
