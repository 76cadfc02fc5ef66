"""The table of rules beside the guides, and the setting that moves limits."""

from __future__ import annotations

from dataclasses import fields

import pytest

from guard.core.alert_rules import (
    APPLICATION_SECONDS,
    DATABASE_SECONDS,
    RULED_KINDS,
    RULES,
    SYSTEM_SECONDS,
    Made,
    Quiet,
    Rule,
    limits_of,
)
from guard.core.alerts import RESPONSE_SECONDS, Severity
from guard.errors import InvalidRequest
from tests.core.wording import is_worded

BY_NAME = {rule.name: rule for rule in RULES}
GUIDES = {  # the guides' thresholds, durations and intervals, as they are written there
    "cpu": (80, 300, 60),
    "memory": (85, 300, 60),
    "disk": (90, 0, 60),
    "response": (2, 0, 30),
    "errors": (5, 0, 30),
    "connections": (80, 0, 300),
    "slow-queries": (10, 0, 300),
    "redis-memory": (90, 0, 60),
}


@pytest.mark.parametrize("name", GUIDES)
def test_thresholds_durations_and_intervals_are_the_guides(name: str) -> None:
    rule = BY_NAME[name]
    assert (rule.limit, rule.hold, rule.every) == GUIDES[name]


def test_response_times_are_the_guides() -> None:
    assert [RESPONSE_SECONDS[one] for one in Severity] == [0, 3600, 86_400]
    at_once = {rule.name for rule in RULES if rule.severity is Severity.CRITICAL}
    assert {"database-away", "redis-away", "broker-away", "workers-away", "emergency"} <= at_once


def test_thresholds_of_the_setting() -> None:
    limits = limits_of(" cpu = 90.5, replication=5 ,")
    assert (limits["cpu"], limits["replication"], limits["memory"]) == (90.5, 5.0, 85.0)
    with pytest.raises(InvalidRequest) as told:
        limits_of("cpu=101,memry=4,disk,emergency=1,errors=nan,cpu=1,response=-1")
    problems = told.value.problems
    assert len(problems) == 7
    assert "did you mean 'memory'?" in problems[1]
    assert "use a number from 0 to 100" in problems[0]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_to_the_letter(rule: Rule) -> None:
    """As a table that can be read: every field that is not as usual."""
    usual = Rule(name="", kind="", text="", severity=Severity.INFO)
    said = [
        f"{field.name}={getattr(rule, field.name)}"
        for field in fields(rule)
        if getattr(rule, field.name) != getattr(usual, field.name)
    ]
    is_worded("alert_rules", *said)


def test_there_are_no_other_rules() -> None:
    assert [rule.name for rule in RULES] == [
        "response",
        "errors",
        "blocked",
        "maintenance",
        "emergency",
        "overrun",
        "drain",
        "database-away",
        "redis-away",
        "broker-away",
        "workers-away",
        "workers-silent",
        "cpu",
        "memory",
        "disk",
        "redis-memory",
        "connections",
        "slow-queries",
        "replication",
        "replication-stopped",
    ]
    assert {rule.kind for rule in RULES} == RULED_KINDS
    assert (APPLICATION_SECONDS, SYSTEM_SECONDS, DATABASE_SECONDS) == (30.0, 60.0, 300.0)
    assert [each.value for each in Quiet] == ["never", "rehearsal", "closed"]
    assert [each.value for each in Made] == ["value", "per minute", "share"]


def test_what_a_rule_has_unless_it_says_otherwise() -> None:
    assert Rule(name="n", kind="k", text="t", severity=Severity.INFO) == Rule(
        name="n", kind="k", text="t", severity=Severity.INFO, limit=0.0, unit="", flag=False, hold=0.0,
        settle=0.0, clear=0.95, every=60.0, quiet=Quiet.NEVER, made=Made.VALUE, most=1e9, blind="",
        vanishes=False,
    )  # fmt: skip


def test_every_problem_of_the_setting_in_these_words() -> None:
    with pytest.raises(InvalidRequest) as told:
        limits_of(
            f"cpu=100.1,memry=4,{'d' * 41},{'e' * 41}=1,errors=inf,errors=1,response={'x' * 21},overrun=1e10"
        )
    names = (
        "response, errors, blocked, overrun, drain, workers-silent, cpu, memory, disk, redis-memory, "
        "connections, slow-queries, replication"
    )
    assert told.value.problems == (
        "cpu='100.1': use a number from 0 to 100",
        f"there is no threshold 'memry' (did you mean 'memory'?): {names}",
        f"'{'d' * 40}' is no threshold: write name=number",
        f"there is no threshold '{'e' * 40}': {names}",
        "errors='inf': use a number from 0 to 100",
        "errors is set twice",
        f"response='{'x' * 20}': use a number from 0 to 1e+09",
        "overrun='1e10': use a number from 0 to 1e+09",
    )


def test_limits_at_their_edges() -> None:
    limits = limits_of("cpu=100,memory=0,overrun=1e9")
    assert (limits["cpu"], limits["memory"], limits["overrun"]) == (100.0, 0.0, 1e9)
    assert limits_of("") == {rule.name: rule.limit for rule in RULES if not rule.flag}


def test_a_threshold_with_two_signs_is_named_by_what_is_before_the_first() -> None:
    with pytest.raises(InvalidRequest) as told:
        limits_of("cpu=1=2")
    assert told.value.problems == ("cpu='1=2': use a number from 0 to 100",)
