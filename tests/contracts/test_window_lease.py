"""The lease on the automated window: one holder at a time, taken over when it has run out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from guard.core.history import AuditRecord
from guard.errors import StoreUnavailable
from guard.store.sql.window_lease import SqlWindowLeases
from tests.contracts.doers import START, sql_store

if TYPE_CHECKING:
    from pathlib import Path

    from guard.store.sql.store import SqlStore

W1 = "0b51c9a2-6f4e-4c87-b111-8f5b1a3e2d10"
W2 = "7c1b77c4-0d66-4d0c-9a3f-3c5b0f6f8a11"


def test_one_holder_at_a_time(sql: SqlStore) -> None:
    leases = SqlWindowLeases(sql)
    assert leases.look() is None
    fence = leases.take(W1, "host:1", now=START, until=START + 60)
    assert fence is not None
    assert leases.take(W2, "host:2", now=START + 59, until=START + 200) is None
    held = leases.look()
    assert held is not None
    assert (held.window_id, held.who, held.fence, held.until) == (W1, "host:1", fence, START + 60)

    assert leases.extend(fence, until=START + 100)
    assert leases.take(W2, "host:2", now=START + 99, until=START + 200) is None

    second = leases.take(W1, "host:2", now=START + 101, until=START + 200)
    assert second is not None
    assert second > fence
    assert not leases.extend(fence, until=START + 999), "it was taken over"
    leases.drop(fence)
    assert leases.look() is not None, "who has lost it cannot give it back"

    leases.drop(second)
    assert leases.look() is None
    assert not leases.extend(second, until=START + 999)
    third = leases.take(W2, "host:3", now=START, until=START + 60)
    assert third is not None
    assert third > second


def test_of_many_at_once_one_gets_it(sql: SqlStore) -> None:
    leases = SqlWindowLeases(sql)
    start = threading.Barrier(6)
    got: list[int | None] = []

    def take(number: int) -> None:
        start.wait()
        got.append(leases.take(W1, f"host:{number}", now=START, until=START + 60))

    for _ in range(3):
        got.clear()
        threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(got) == 6
        (fence,) = [one for one in got if one is not None]
        leases.drop(fence)


def test_a_store_that_is_away(tmp_path: Path) -> None:
    with sql_store(f"sqlite:///{tmp_path}/no/such/folder.db") as store, pytest.raises(StoreUnavailable):
        SqlWindowLeases(store).look()


def test_the_latest_lines_of_one_action(sql: SqlStore) -> None:
    assert sql.latest("optimization", 1) == []
    for number in range(3):
        for action in ("optimization", "other"):
            detail = {"n": number}
            record = AuditRecord(
                at=START + number, actor="a", action=action, epoch=0, outcome="done", detail=detail
            )
            sql.journal(record)
    assert [record.detail["n"] for record in sql.latest("optimization", 2)] == [2, 1]
