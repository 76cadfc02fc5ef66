"""The table of rules beside the guides, and the setting that moves limits."""

from __future__ import annotations

import pytest

from guard.core.alert_rules import RULES, limits_of
from guard.core.alerts import RESPONSE_SECONDS, Severity
from guard.errors import InvalidRequest

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
