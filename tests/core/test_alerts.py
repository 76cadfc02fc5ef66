"""An alert as others read it."""

from __future__ import annotations

import json

from guard.core.alerts import Alert, Severity


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
