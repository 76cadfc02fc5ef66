"""How parts are judged. What did not answer is never well."""

from __future__ import annotations

import pytest

from guard.core.agents import AgentCard
from guard.core.health import (
    BEAT_GONE_SECONDS,
    BEAT_LATE_SECONDS,
    Health,
    HealthCheck,
    answered,
    away,
    is_ready,
    judge_beat,
    judge_clock,
    judge_disk,
    judge_workers,
    overall,
    silent,
)
from guard.core.roster import RosterEntry
from tests.core.wording import is_worded

PASS, WARN, FAIL, UNKNOWN = Health.PASS, Health.WARN, Health.FAIL, Health.UNKNOWN


def worker(name: str, seen: float = 0.1, *, role: str = "worker", problem: str = "") -> RosterEntry:
    card = AgentCard(agent_id=name, role=role, node=name, host="h", pid=1, problem=problem)
    return RosterEntry(card=card, acknowledged_epoch=0, seen_seconds_ago=seen)


@pytest.mark.parametrize(
    ("check", "status", "value"),
    [
        (answered("sql", 3.21), PASS, 3.2),
        (answered("sql", 1500), WARN, 1500),
        (away("sql"), FAIL, None),
        (silent("sql"), UNKNOWN, None),
        (judge_workers([], lease=5), WARN, 0),
        (judge_workers([worker("p", role="producer")], lease=5), WARN, 0),
        (judge_workers([worker("a"), worker("b")], lease=5), PASS, 2),
        (judge_workers([worker("a"), worker("b", 6)], lease=5), WARN, 1),
        (judge_workers([worker("a", 5), worker("b", 6)], lease=5), FAIL, 0),
        (judge_workers([worker("a", problem="no gate")], lease=5), WARN, 1),
        (judge_beat(None, now=1000), WARN, None),
        (judge_beat(990, now=1000), PASS, 10),
        (judge_beat(1010, now=1000), PASS, 0),
        (judge_beat(850, now=1000), WARN, 150),
        (judge_beat(100, now=1000), FAIL, 900),
        (judge_disk({"/": 50.0}), PASS, 50.0),
        (judge_disk({"/": 50.0, "/b": 91.0}), WARN, 91.0),
        (judge_disk({"/": 99.0}), FAIL, 99.0),
        (judge_disk({"/": None}), UNKNOWN, None),
        (judge_disk({"/": 50.0, "/b": None}), UNKNOWN, 50.0),
        (judge_clock({"Redis": 0.01, "the database": None}), PASS, 0.01),
        (judge_clock({"Redis": -5.0}), WARN, -5.0),
        (judge_clock({"Redis": 0.0, "the database": 60.0}), FAIL, 60.0),
        (judge_clock({"Redis": None}), UNKNOWN, None),
    ],
)
def test_a_part(check: HealthCheck, status: Health, value: object) -> None:
    assert (check.status, check.value) == (status, value)
    assert bool(check.remedy) is (status is not PASS)
    assert check.to_dict()["status"] == status.value


def test_who_is_silent_is_named() -> None:
    assert "b" in judge_workers([worker("a"), worker("b", 6)], lease=5).note


def of(*statuses: Health, name: str = "disk") -> list[HealthCheck]:
    return [HealthCheck(name=name, status=status) for status in statuses]


def test_all_of_it() -> None:
    assert overall(of(PASS, PASS)) is PASS
    assert overall(of(PASS, UNKNOWN)) is WARN
    assert overall(of(PASS, WARN)) is WARN
    assert overall(of(UNKNOWN, FAIL)) is FAIL
    assert overall([]) is WARN  # nothing that was asked is not well


def test_only_what_nothing_works_without_makes_it_unready() -> None:
    assert is_ready(of(FAIL, name="beat"))
    assert is_ready(of(UNKNOWN, name="sql"))
    assert not is_ready(of(FAIL, name="redis"))


CHECKS = [
    answered("sql", 3.26, "9 of 10"),
    answered("sql", 999.9),
    answered("sql", 1000),
    away("redis"),
    away("broker", "refuses"),
    silent("sql"),
    silent("sql", age=3.00049),
    judge_workers([], lease=5),
    judge_workers([worker("b"), worker("a", 5), worker("c", 5)], lease=5),
    judge_workers([worker("a", 5), worker("b", 6)], lease=5),
    judge_workers([worker("b", problem="x"), worker("a", problem="y"), worker("c", 9, problem="z")], lease=5),
    judge_workers([worker(f"w{n}", 9) for n in range(6)] + [worker("a")], lease=5),
    judge_workers([worker(f"w{n}", 9) for n in range(5)] + [worker("a")], lease=5),
    judge_workers([worker("a"), worker("p", 99, role="producer", problem="x")], lease=5),
    judge_beat(None, now=1000),
    judge_beat(880.1, now=1000),
    judge_beat(880, now=1000),
    judge_beat(700.1, now=1000),
    judge_beat(700, now=1000),
    judge_beat(1001, now=1000),
    judge_disk({}),
    judge_disk({"/": 90.0}),
    judge_disk({"/": 90.1}),
    judge_disk({"/": 98.0}),
    judge_disk({"/": 98.1}),
    judge_disk({"/": None, "/b": None}),
    judge_disk({"/": 50.0, "/b": 60.0, "/c": None}),
    judge_disk({"/": 95.0, "/c": None}),
    judge_clock({}),
    judge_clock({"Redis": 2.0}),
    judge_clock({"Redis": 2.1}),
    judge_clock({"Redis": -30.0}),
    judge_clock({"Redis": -30.1, "SQL": 3.0}),
    judge_clock({"a": 0.12345, "b": -1}),
]


def test_every_part_to_the_letter() -> None:
    for check in CHECKS:
        said = check.to_dict()
        assert list(said) == ["name", "status", "value", "unit", "age", "note", "remedy"]
        is_worded("health", *(f"{name}={value}" for name, value in said.items() if value != ""))


def test_what_is_vital() -> None:
    for name in ("sql", "redis", "broker", "workers", "beat", "disk", "clock"):
        assert is_ready(of(FAIL, name=name)) is (name not in {"sql", "redis", "broker"})
    assert is_ready([])
    assert [each.value for each in Health] == ["pass", "warn", "fail", "unknown"]
    assert (BEAT_LATE_SECONDS, BEAT_GONE_SECONDS) == (120.0, 300.0)
    assert HealthCheck(name="other", status=FAIL).to_dict() == {
        "name": "other", "status": "fail", "value": None, "unit": "", "age": 0.0, "note": "", "remedy": "",
    }  # fmt: skip


def test_figures_and_notes_that_resemble_another() -> None:
    assert (silent("sql", age=3.0).age, silent("sql").age) == (3.0, None)
    assert judge_beat(989.96, now=1000).value == 10.0
    assert judge_clock({"a": 0.1234567}).value == 0.123
    assert judge_disk({"/": None}).note == "/ cannot be read"
    assert judge_disk({}).note == "no file system was looked at"
    assert judge_disk({"/z": 50.0, "/a": 60.0, "/b": 55.0}).note == "/a is the fullest"


@pytest.mark.parametrize(
    ("number", "named"),
    [
        (1, "w0"),
        (5, "w0, w1, w2, w3, w4"),
        (6, "w0, w1, w2, w3, w4 and 1 more"),
        (7, "w0, w1, w2, w3, w4 and 2 more"),
    ],
)
def test_five_are_named_and_the_others_counted(number: int, named: str) -> None:
    check = judge_workers([*(worker(f"w{n}", 9) for n in range(number)), worker("x")], lease=5)
    assert check.note == f"silent: {named}"
