"""Judgements of room and speed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core import performance_checks as checks
from guard.core.doctor_facts import DurableFacts, MachineFacts, RedisFacts
from tests.core.test_activation_checks import OK, PROBLEM, UNKNOWN, WARNING, says
from tests.core.test_blocking_checks import jobs

if TYPE_CHECKING:
    from guard.core.diagnosis import Status

REDIS = RedisFacts(role="master", seconds=0.001, policy="noeviction", used=50, limit=100)
DURABLE = DurableFacts(kind="mysql", tables="ready", seconds=0.002)


@pytest.mark.parametrize(
    ("plane", "broker", "status"),
    [
        ("noeviction", "noeviction", OK),
        ("volatile-lru", None, OK),
        (None, None, UNKNOWN),
        ("allkeys-lru", None, PROBLEM),
        ("noeviction", "allkeys-random", PROBLEM),
    ],
)
def test_eviction(plane: str | None, broker: str | None, status: Status) -> None:
    says(checks.eviction(replace(REDIS, policy=plane), broker), status)


@pytest.mark.parametrize(
    ("used", "limit", "status"),
    [(50, 100, OK), (90, 100, WARNING), (97, 100, PROBLEM), (50, None, OK), (None, None, UNKNOWN)],
)
def test_memory(used: int | None, limit: int | None, status: Status) -> None:
    says(checks.memory(replace(REDIS, used=used, limit=limit)), status)


def test_answer_times() -> None:
    says(checks.answer_times(REDIS, DURABLE, 0.5), OK)
    says(checks.answer_times(replace(REDIS, seconds=0.25), DURABLE, 0.5), WARNING, "SLOWLOG")
    says(checks.answer_times(REDIS, replace(DURABLE, seconds=0.5), 0.5), WARNING, "PROCESSLIST")


def test_result_expiry() -> None:
    says(checks.result_expiry(jobs(result_expires=7200.0), 3600), OK)
    says(checks.result_expiry(jobs(result_expires=None), 1e9), OK)
    says(checks.result_expiry(jobs(result_expires=7199.0), 3600), WARNING, "result_expires = 14400")


def test_connections() -> None:
    says(checks.connections(DURABLE), OK)
    says(checks.connections(replace(DURABLE, connections=(9, 10))), OK)
    says(checks.connections(replace(DURABLE, connections=(10, 10))), WARNING, "10 of 10")


def test_disks() -> None:
    machine = MachineFacts(disks={"/": 0.5, "/x": 0.9}, closed_by="", unknown_zones=(), versions=())
    says(checks.disks(machine), WARNING, "/x is 90% full")
    says(checks.disks(replace(machine, disks={"/": 0.5})), OK)
    says(checks.disks(replace(machine, disks={"/": 0.98})), PROBLEM)
    says(checks.disks(replace(machine, disks={})), UNKNOWN)


def test_answers_are_told_in_thousandths_of_a_second() -> None:
    slow = checks.answer_times(replace(REDIS, seconds=2.0), DURABLE, 3.0)
    assert slow.seen == "Redis takes 2000 ms for an answer; a renewal may take 3000 ms"
    slow = checks.answer_times(REDIS, replace(DURABLE, seconds=2.0), 5.0)
    assert slow.seen == "the durable store takes 2000 ms for an answer"
    both = checks.answer_times(replace(REDIS, seconds=2.0), replace(DURABLE, seconds=0.4994), 5.0)
    assert both.seen == "Redis 2000 ms, SQL 499 ms"


def test_edges() -> None:
    says(checks.memory(replace(REDIS, used=899, limit=1000)), OK, "90%")
    says(checks.memory(replace(REDIS, used=969, limit=1000)), WARNING)
    says(checks.memory(replace(REDIS, used=3 * 2**20 + 5, limit=0)), OK, "3 MiB")
    says(checks.memory(replace(REDIS, used=0, limit=100)), OK, "0%")
    says(
        checks.answer_times(replace(REDIS, seconds=0.249), replace(DURABLE, seconds=0.499), 0.5),
        OK,
        "249 ms, SQL 499",
    )
    says(
        checks.answer_times(replace(REDIS, seconds=0.3), replace(DURABLE, seconds=9.0), 0.5),
        WARNING,
        "Redis takes 300",
    )
    says(checks.answer_times(replace(REDIS, seconds=0.3), DURABLE, 1.0), OK)
    says(checks.connections(replace(DURABLE, connections=(0, 0))), OK, "0 of 0")
    says(checks.connections(replace(DURABLE, connections=(91, 100))), WARNING)
    says(checks.connections(replace(DURABLE, connections=(90, 100))), OK)
    machine = MachineFacts(disks={"/": 0.899, "/a": 0.1}, closed_by="", unknown_zones=(), versions=())
    says(checks.disks(machine), OK, "(/)")
    says(checks.disks(replace(machine, disks={"/": 0.97})), PROBLEM, "97%")
    says(checks.disks(replace(machine, disks={"/": 0.969})), WARNING, "97%")
    says(
        checks.eviction(replace(REDIS, policy="allkeys-lfu"), "allkeys-lru"),
        PROBLEM,
        "allkeys-lfu (control plane), allkeys-lru (broker)",
    )
    says(checks.eviction(replace(REDIS, policy=None), "allkeys-lru"), PROBLEM, "allkeys-lru (broker)")
    says(checks.eviction(replace(REDIS, policy=""), "noeviction"), OK)
    says(checks.result_expiry(jobs(result_expires=0.0), 3600), OK)
