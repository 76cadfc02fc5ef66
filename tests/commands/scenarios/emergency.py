"""An emergency: declared three ways, with evidence, and the way back."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pyotp

from tests.commands.scenarios.acting import CELERY, both, busy, let_go, looked_up, noted, prepared
from tests.commands.steps import Scenario, Step
from tests.support.eventually import eventually
from tests.support.ports import free_port

if TYPE_CHECKING:
    from tests.commands.fleet import Fleet

__all__ = ["EMERGENCY", "ISOLATED"]


def _somebody_signs(fleet: Fleet) -> None:
    """A web side, and what its caller needs: a token, and a second factor."""
    port = free_port()
    fleet.until(f"{CELERY}web --port {port}", str(port), stays=True)
    token = fleet.run(f"{CELERY}access token make alice --right emergency --for 1d 2>/dev/null").out.strip()
    enrolled = fleet.run(f"{CELERY}access enrol alice").out
    seed = enrolled.split("to be typed")[1].split()[0]
    # each code counts once: this one is of the half minute before
    code = pyotp.TOTP(seed).at(int(time.time()) - 30)
    confirmed = fleet.run(f"{CELERY}access confirm alice {code}")
    assert confirmed.code == 0, confirmed.out
    fleet.environ |= {"GUARD_URL": f"http://127.0.0.1:{port}", "GUARD_TOKEN": token}
    fleet.notes["seed"] = seed


def _an_alert(fleet: Fleet) -> None:
    """The look that beat has taken every half minute raises one."""
    fleet.python('shop.app.tasks["tasks.automation.watch_application"].delay()')
    command = f"{CELERY}alerts --json 2>/dev/null"
    eventually(lambda: _alert_of(fleet, command), within=20, what="an alert that stands")


def _alert_of(fleet: Fleet, command: str) -> str:
    found = json.loads(fleet.run(command).out)
    alerts = found["alerts"] if isinstance(found, dict) else found
    fleet.notes["alert"] = str(alerts[0].get("alert_id") or alerts[0]["id"])
    return fleet.notes["alert"]


def _backup(fleet: Fleet) -> str:
    (fleet.folder / "backup").mkdir(exist_ok=True)
    (fleet.folder / "worker.log").write_text("a line\n")
    return str(fleet.folder / "backup")


def _ended(fleet: Fleet, _said: str) -> None:
    prepared("disable")(fleet)
    fleet.notes["emergency"] = looked_up("report", "window", "window_id")(fleet)


_PLACES = {"/backup": _backup}
_EVIDENCE = {**_PLACES, "/var/log/shop": lambda fleet: str(fleet.folder / "worker.log")}

EMERGENCY = Scenario(
    "an emergency",
    begin=lambda fleet: fleet.worker(),
    environ={"GUARD_LEDGER": "true"},
    steps=(
        Step(
            CELERY + 'enable --mode emergency --reason "EMERGENCY: passwords are tried" --grace 30',
            before=busy,
            says=["[EMERGENCY] Emergency maintenance activated", "every worker acknowledged"],
        ),
        Step(CELERY + "alerts", before=both(let_go, _an_alert), says=["emergency maintenance is on"]),
        Step(CELERY + "alerts acknowledge 17", fill={"17": noted("alert")}),
        Step(CELERY + "alerts resolve 17", fill={"17": noted("alert")}),
        Step(CELERY + "alerts list --all --limit 200"),
        Step(CELERY + "alerts rules", says=["emergency", "redis-memory"]),
        Step(
            CELERY + "evidence /backup/incident-2026-11-22 --log /var/log/shop", code=(0, 4), fill=_EVIDENCE
        ),
        Step(CELERY + "evidence --verify /backup/incident-2026-11-22", code=(0, 4), fill=_PLACES),
        Step(CELERY + "change --mode normal"),
        Step(CELERY + "change --mode emergency --grace 30"),
        Step(
            CELERY + "change --mode emergency --grace 10",
            before=prepared("change --mode normal", "drain --watch"),
        ),
        Step(CELERY + "change --mode emergency", before=prepared("change --mode normal")),
        Step(CELERY + "disable", before=prepared("change --mode normal")),
        Step(
            'curl -s -X POST "$GUARD_URL/api/maintenance/emergency" -H "Authorization: Bearer $GUARD_TOKEN" '
            '-H "X-Guard-Code: 123456" -H "Content-Type: application/json" '
            """-d '{"reason": "EMERGENCY: passwords are tried", """
            """"terminate_jobs": true, "grace_period": 30}'""",
            before=_somebody_signs,
            fill={"123456": lambda fleet: pyotp.TOTP(fleet.notes["seed"]).now()},
            says=['"emergency"'],
            after=_ended,
        ),
        Step(
            'curl -s "$GUARD_URL/api/maintenance/blocked-operations" '
            "| jq '.blocked_operations[].operation_type'",
            before=prepared("enable --reason Upgrade"),
            says=["caption_generation"],
        ),
        Step(
            """curl -s "$GUARD_URL/api/maintenance/blocked-operations" """
            """| jq '.blocked_operations[] | {operation_type, attempt_count}'""",
            says=["attempt_count"],
        ),
        Step('curl -s "$GUARD_URL/api/health/maintenance" | jq .status', says=['"']),
        Step(
            """curl -s -o /dev/null -w '%{http_code}\\n' "$GUARD_URL/api/health/maintenance?ready=true\"""",
            says=["200"],
        ),
        Step('curl -sI "$GUARD_URL/api/maintenance/status"', says=["200"]),
        Step(
            CELERY + "reports make incident --window WINDOW_ID --again",
            before=prepared("disable"),
            fill={"WINDOW_ID": noted("emergency")},
            code=(0, 4),
        ),
        Step(CELERY + "reports show incident", says=["Timeline"], code=(0, 4)),
        Step(
            CELERY
            + 'reports note incident "Cause: a reused password. Learnt: … Changed: second factor for all."'
        ),
        Step(CELERY + 'reports note incident "The disk was full; an alert at 80 % is set."'),
        Step(CELERY + "reports export incident review.html"),
        Step(CELERY + "audit export incident.jsonl"),
        Step(CELERY + "ledger", code=(0, 4)),
        Step(CELERY + "ledger --forget JOB_ID", fill={"JOB_ID": noted("running")}, code=6),
    ),
)
ISOLATED = Scenario(
    "a machine on its own",
    steps=(
        Step(CELERY + "close-local", says=["Made"]),
        Step("celery maintenance close-local"),
        Step(CELERY + "close-local --open", says=["Removed"]),
    ),
)
