"""Ledger and LedgerBooks: accepted jobs until they end, and those that are lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import pytest

from guard.core.ledger import LedgerEntry, LostJob
from guard.errors import StateInvalid, StoreUnavailable
from guard.ports import Ledger, LedgerBooks
from guard.store.memory_ledger import MemoryLedger
from guard.store.redis.client import connect
from guard.store.redis.ledger import RedisLedger
from tests.contracts.conftest import SERVERS, server_of
from tests.contracts.doers import KEYS, START, assert_keys_listed, on_redis

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRY = LedgerEntry(
    task_id="t-1",
    task="shop.job",
    operation="job_creation",
    queue="jobs",
    publication="p-1",
    accepted_at=START,
)
LATER = replace(ENTRY, task_id="t-2", publication="p-2", accepted_at=START + 1)


class Both(Ledger, LedgerBooks, Protocol):
    """One doer keeps both."""


@pytest.fixture(params=["memory", *SERVERS])
def ledger(request: pytest.FixtureRequest) -> Iterator[Both]:
    """An empty ledger of a fleet with one agent, a-1."""
    if request.param == "memory":
        yield MemoryLedger({"a-1"})
        return
    with on_redis(server_of(request)) as (url, _), connect(url, timeout=2.0, name="contract") as client:
        client.hset(KEYS.agents, "a-1", "{}")
        yield RedisLedger(client, KEYS)
        assert_keys_listed(client)


def test_what_is_accepted_is_open_until_it_ends(ledger: Both) -> None:
    ledger.accept(LATER)
    ledger.accept(ENTRY)
    assert (ledger.open(), ledger.queues()) == (2, ["jobs"])
    assert ledger.oldest("jobs", START + 5, 10) == [ENTRY, LATER]
    assert not ledger.ended("t-1")
    assert ledger.oldest("jobs", START + 5, 10) == [LATER]
    assert not ledger.ended("t-1"), "it may be told twice"
    assert not ledger.ended("never seen")


def test_the_oldest_are_before_and_so_many(ledger: Both) -> None:
    ledger.accept(ENTRY)
    ledger.accept(LATER)
    ledger.accept(replace(ENTRY, task_id="t-3", queue="others"))
    assert ledger.oldest("jobs", LATER.accepted_at, 10) == [ENTRY]
    assert ledger.oldest("jobs", START + 5, 1) == [ENTRY]
    assert ledger.oldest("nowhere", START + 5, 1) == []
    assert ledger.queues() == ["jobs", "others"]
    assert ledger.accepted_at("jobs", ["t-2", "t-9", "t-3"]) == {"t-2": START + 1}
    assert ledger.accepted_at("jobs", []) == {}


def test_a_retry_takes_the_place_of_the_first_try(ledger: Both) -> None:
    ledger.accept(ENTRY)
    ledger.started("t-1", "a-1")
    again = replace(ENTRY, queue="others", publication="p-9", accepted_at=START + 9)
    ledger.accept(again)
    assert ledger.oldest("jobs", START + 99, 10) == []
    assert ledger.oldest("others", START + 99, 10) == [again]
    assert ledger.runner("t-1") is None
    assert ledger.open() == 1


def test_who_runs_a_job(ledger: Both) -> None:
    ledger.accept(ENTRY)
    assert ledger.runner("t-1") is None
    ledger.started("t-1", "a-1")
    ledger.started("t-2", "an agent that is gone")
    assert ledger.runner("t-1") == "a-1"
    assert ledger.runner("t-2") is None
    assert ledger.runners(["t-1", "t-2", "t-3"]) == {"t-1": "a-1"}
    assert ledger.runners([]) == {}
    ledger.stopped("t-1")
    assert ledger.runner("t-1") is None
    assert ledger.open() == 1


def test_suspects_are_replaced_at_each_look(ledger: Both) -> None:
    ledger.suspect([ENTRY, LATER])
    assert ledger.suspected() == {"t-1": "p-1", "t-2": "p-2"}
    ledger.suspect([LATER])
    assert ledger.suspected() == {"t-2": "p-2"}
    ledger.accept(LATER)
    assert ledger.suspected() == {}, "published again"
    ledger.suspect([ENTRY])
    ledger.started("t-1", "a-1")
    assert ledger.suspected() == {}
    ledger.suspect([])
    assert ledger.suspected() == {}


def test_a_lost_job_stays_until_it_is_forgotten(ledger: Both) -> None:
    for entry in (ENTRY, LATER):
        ledger.accept(entry)
    ledger.lose([LostJob(entry=LATER, found_at=START + 60), LostJob(entry=ENTRY, found_at=START + 70)])
    assert ledger.lost() == [
        LostJob(entry=ENTRY, found_at=START + 70),
        LostJob(entry=LATER, found_at=START + 60),
    ]
    assert (ledger.open(), ledger.oldest("jobs", START + 99, 9)) == (0, [])
    assert ledger.forget("t-1")
    assert not ledger.forget("t-1")
    assert [job.entry for job in ledger.lost()] == [LATER]


def test_a_lost_job_that_turns_up_is_not_lost(ledger: Both) -> None:
    ledger.lose([LostJob(entry=ENTRY, found_at=START), LostJob(entry=LATER, found_at=START)])
    ledger.started("t-1", "a-1")
    assert [job.entry for job in ledger.lost()] == [LATER]
    assert ledger.ended("t-2"), "it says so"
    assert ledger.lost() == []


def test_the_end_is_remembered_where_a_second_delivery_waits(ledger: Both) -> None:
    for entry in (ENTRY, LATER):
        ledger.accept(entry)
    ledger.note_second("t-1", "p-1")
    assert not ledger.has_ended("p-1")
    ledger.ended("t-1")
    ledger.ended("t-2")
    assert ledger.has_ended("p-1")
    assert not ledger.has_ended("p-2")


def test_nonsense_in_redis_is_named(valkey) -> None:  # type: ignore[no-untyped-def]
    with on_redis(valkey) as (url, _), connect(url, timeout=2.0, name="contract") as client:
        ledger = RedisLedger(client, KEYS)
        ledger.accept(ENTRY)
        for text in ("not json", "[]", "{}"):
            client.hset(KEYS.ledger, "t-1", text)
            with pytest.raises(StateInvalid):
                ledger.oldest("jobs", START + 5, 1)
            client.hset(KEYS.lost, "t-1", text)
            with pytest.raises(StateInvalid):
                ledger.lost()


def test_a_server_that_is_away_is_unavailable() -> None:
    with connect("redis://:hunter2@127.0.0.1:1/0", timeout=0.2, name="ledger") as client:
        ledger = RedisLedger(client, KEYS)
        for use in (lambda: ledger.accept(ENTRY), ledger.open, ledger.lost, lambda: ledger.ended("t")):
            with pytest.raises(StoreUnavailable) as caught:
                use()
            assert "hunter2" not in str(caught.value)
