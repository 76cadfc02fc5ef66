"""Judgements of sessions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core import session_checks as checks
from guard.core.doctor_facts import SessionFacts
from guard.core.modes import Mode, Phase
from guard.core.state import GuardState
from tests.core.test_activation_checks import OK, PROBLEM, WARNING, says

if TYPE_CHECKING:
    from guard.core.diagnosis import Status

STATE = GuardState.first("ours", 1.0)
OPENED = replace(STATE, phase=Phase.ACTIVE, mode=Mode.NORMAL)
FACTS = SessionFacts(seen=20, unreadable=0, foreign=0, whole=True)


@pytest.mark.parametrize(
    ("seen", "unreadable", "foreign", "status"),
    [
        (0, 0, 0, OK),
        (20, 0, 0, OK),
        (20, 2, 0, OK),
        (20, 3, 0, PROBLEM),
        (1, 1, 0, PROBLEM),
        (0, 0, 5, PROBLEM),
        (5, 0, 5, PROBLEM),
    ],
)
def test_layout(seen: int, unreadable: int, foreign: int, status: Status) -> None:
    facts = SessionFacts(seen=seen, unreadable=unreadable, foreign=foreign, whole=True)
    says(checks.session_layout(facts), status)
    says(checks.session_layout(None), OK)


def test_the_store() -> None:
    says(checks.session_store(None), OK, "GUARD_SESSION_PREFIX is empty")
    says(checks.session_store(FACTS), OK, "20 keys")
    says(checks.session_store(replace(FACTS, whole=False)), OK, "20 or more keys")


def test_the_flag() -> None:
    flagged = replace(FACTS, flags={"a:flag": 7200})
    says(checks.sign_in_flag(None, STATE), OK)
    says(checks.sign_in_flag(FACTS, STATE), OK)
    says(checks.sign_in_flag(flagged, OPENED), OK, "a window is open")
    says(checks.sign_in_flag(flagged, STATE), PROBLEM, "for 7200 s more", "redis-cli DEL a:flag")
    says(checks.sign_in_flag(replace(FACTS, flags={"a:flag": None}), STATE), PROBLEM, "for good")


def test_users_and_policies() -> None:
    says(checks.users_table(True, FACTS), OK)
    says(checks.users_table(False, None), OK)
    says(checks.users_table(False, FACTS), WARNING, "GUARD_APP_DATABASE_URL")
    says(checks.policies(True, True), OK, "everybody but admins")
    says(checks.policies(False, True), OK, "a normal window keeps")
    says(checks.policies(True, False), WARNING, "EMERGENCY_MODE_SESSION_CLEANUP=true")


def test_edges() -> None:
    says(checks.session_store(replace(FACTS, foreign=3)), OK, "23 keys")
    says(checks.session_layout(replace(FACTS, seen=18, unreadable=1, foreign=2)), PROBLEM, "3 of 20")
    says(checks.session_layout(replace(FACTS, seen=19, unreadable=1, foreign=1)), OK, "18 of 20")
    flags = {"a:flag": 7200, "b:flag": None}
    says(checks.sign_in_flag(replace(FACTS, flags=flags), OPENED), OK, "a:flag, b:flag")
    says(checks.sign_in_flag(replace(FACTS, flags=flags), STATE), PROBLEM, "a:flag was left")
    says(checks.users_table(False, replace(FACTS, seen=0)), OK)
    says(checks.policies(False, False), WARNING, "an emergency keeps")
