"""An alert as others read it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from guard.core.alerts import RESPONSE_SECONDS, Alert, AlertState, KeptAlert, Severity


def test_as_plain_json() -> None:
    alert = Alert(at=1.5, severity=Severity.WARNING, kind="k", message="m", detail={"n": 1})
    assert json.loads(json.dumps(alert.to_dict())) == {
        "at": 1.5,
        "severity": "warning",
        "kind": "k",
        "message": "m",
        "detail": {"n": 1},
    }


def test_the_procedures_know_three_severities() -> None:
    assert [severity.value for severity in Severity] == ["critical", "warning", "info"]


ALERT = Alert(at=100.0, severity=Severity.WARNING, kind="k", message="m")
KEPT = KeptAlert(
    alert_id=7,
    alert=ALERT,
    state=AlertState.RESOLVED,
    key="x",
    count=3,
    last_told_at=5.0,
    acknowledged_by="a",
    acknowledged_at=6.0,
    resolved_by="r",
    resolved_at=8.0,
)


def test_a_kept_alert_as_plain_json() -> None:
    assert KEPT.to_dict() == {
        "id": 7, "at": 100.0, "severity": "warning", "kind": "k", "message": "m", "detail": {},
        "state": "resolved", "key": "x", "count": 3, "last_told_at": 5.0, "look_until": 3700.0,
        "acknowledged_by": "a", "acknowledged_at": 6.0, "resolved_by": "r", "resolved_at": 8.0,
    }  # fmt: skip
    assert KeptAlert(alert_id=1, alert=ALERT, state=AlertState.OPEN).to_dict() == {
        "id": 1, "at": 100.0, "severity": "warning", "kind": "k", "message": "m", "detail": {},
        "state": "open", "key": None, "count": 1, "last_told_at": 0.0, "look_until": 3700.0,
        "acknowledged_by": None, "acknowledged_at": None, "resolved_by": None, "resolved_at": None,
    }  # fmt: skip
    bare = KeptAlert(alert_id=1, alert=ALERT, state=AlertState.OPEN)
    assert (bare.key, bare.acknowledged_by, bare.resolved_by) == ("", "", "")


@pytest.mark.parametrize(
    ("state", "stands", "wants"),
    [("noted", False, True), ("open", True, True), ("acknowledged", True, True), ("resolved", False, False)],
)
def test_what_stands_and_what_wants_attention(state: str, stands: bool, wants: bool) -> None:
    kept = replace(KEPT, state=AlertState(state))
    assert (kept.stands, kept.wants_attention) == (stands, wants)
    assert len(AlertState) == 4


def test_how_soon_somebody_should_look() -> None:
    assert {severity.value: seconds for severity, seconds in RESPONSE_SECONDS.items()} == {
        "critical": 0.0,
        "warning": 3600.0,
        "info": 86_400.0,
    }
