"""Which deed a request is."""

from __future__ import annotations

from typing import Any

import pytest

from guard.core.access import Deed
from guard.core.deeds import deed_of_change, deed_of_disable, deed_of_enable, deed_of_plan, deed_of_verify


@pytest.mark.parametrize(
    ("values", "deed"),
    [
        ({"mode": "normal"}, Deed.ENABLE),
        ({"mode": "test"}, Deed.ENABLE),
        ({"mode": "nonsense"}, Deed.ENABLE),
        ({"mode": "emergency"}, Deed.START_EMERGENCY),
        ({"mode": "normal", "at_deadline": "escalate"}, Deed.START_EMERGENCY),
        ({"mode": "normal", "at_deadline": "abort"}, Deed.ENABLE),
    ],
)
def test_enable(values: dict[str, str], deed: Deed) -> None:
    assert deed_of_enable(**values) is deed


@pytest.mark.parametrize(
    ("mode", "wanted", "deed"),
    [
        ("normal", {"duration": 60}, Deed.CHANGE),
        ("normal", {"mode": "emergency"}, Deed.START_EMERGENCY),
        ("test", {"mode": "emergency"}, Deed.START_EMERGENCY),
        ("normal", {"at_deadline": "escalate"}, Deed.START_EMERGENCY),
        ("normal", {"scope": {"queues": ["a"]}}, Deed.CHANGE),
        ("emergency", {"duration": 60, "reason": "longer", "mode": None}, Deed.CHANGE),
        ("emergency", {"duration": 60, "reason": "longer", "grace": 5}, Deed.CHANGE),
        ("emergency", {"mode": "normal"}, Deed.END_EMERGENCY),
        ("emergency", {"mode": "emergency"}, Deed.END_EMERGENCY),
        ("emergency", {"scope": {"queues": ["a"]}}, Deed.END_EMERGENCY),
        ("emergency", {"scope": {}}, Deed.END_EMERGENCY),
        ("emergency", {"at_deadline": "abort"}, Deed.END_EMERGENCY),
        ("emergency", {"drain_within": 5}, Deed.END_EMERGENCY),
        ("emergency", {"something new": 1}, Deed.END_EMERGENCY),
        (None, {"duration": 60}, Deed.CHANGE),
    ],
)
def test_change(mode: str | None, wanted: dict[str, Any], deed: Deed) -> None:
    assert deed_of_change(mode, wanted) is deed


def test_disable_and_plan() -> None:
    assert deed_of_disable("emergency") is Deed.END_EMERGENCY
    assert {deed_of_disable(mode) for mode in ("normal", "test", None)} == {Deed.DISABLE}
    assert deed_of_plan(at_deadline="escalate") is Deed.START_EMERGENCY
    assert {deed_of_plan(at_deadline=value) for value in ("wait", None)} == {Deed.PLAN}
    assert deed_of_plan(at_deadline=None, planned="escalate") is Deed.START_EMERGENCY
    assert deed_of_plan(at_deadline="wait", planned="escalate") is Deed.PLAN


def test_verify() -> None:
    assert deed_of_verify("emergency") is Deed.END_EMERGENCY
    assert {deed_of_verify(mode) for mode in ("normal", "test", None)} == {Deed.CHANGE}


def test_the_deadline_of_a_window_that_becomes_an_emergency_by_itself() -> None:
    changes = {"sooner": {"drain_within": 1}, "longer": {"duration": 60}}
    deeds = {
        name: deed_of_change("normal", wanted, at_deadline="escalate") for name, wanted in changes.items()
    }
    assert deeds == {"sooner": Deed.START_EMERGENCY, "longer": Deed.CHANGE}
    milder = {"drain_within": 1, "at_deadline": "wait"}
    assert deed_of_change("normal", milder, at_deadline="escalate") is Deed.CHANGE
