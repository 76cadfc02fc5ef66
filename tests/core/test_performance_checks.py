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
