"""A normal window, from the question whether all is well to the account of its jobs."""

from __future__ import annotations

from tests.commands.scenarios.acting import CELERY, busy, let_go, looked_up, noted
from tests.commands.steps import Scenario, Step

__all__ = ["WINDOW"]

WINDOW = Scenario(
    "a window",
    begin=lambda fleet: fleet.worker(),
    steps=(
        Step(CELERY + "migrate"),
        Step(CELERY + "check", says=["8 checks: 0 failed, 0 unknown"]),
        Step(
            CELERY + 'enable --reason "Database upgrade" --duration 90m',
            before=busy,
            says=["every worker acknowledged"],
            unlike=["w1@"],
        ),
        Step(CELERY + "status", says=["Maintenance: ON (draining"]),
        Step(CELERY + "status --json | jq .is_active", says=["true"]),
        Step(CELERY + "status --watch", until="Maintenance: ON"),
        Step(CELERY + "parked list --limit 20", says=["shop.slow"]),
        Step(CELERY + "job JOB_ID", fill={"JOB_ID": noted("running")}, says=["running"]),
        Step(CELERY + "parked release JOB_ID --by alice", fill={"JOB_ID": noted("parked 1")}),
        Step(CELERY + "parked discard JOB_ID --yes", fill={"JOB_ID": noted("parked 2")}),
        Step(CELERY + "drain", code=7, says=["shop.slow"]),
        Step(CELERY + "drain --vouch celery@dead-host", code=(0, 2, 6, 7)),
        Step(CELERY + "change --duration 3h"),
        Step(CELERY + "change --only-queue captions"),
        Step(CELERY + "change --no-scope"),
        Step(CELERY + "drain --watch --within 30m", before=let_go),
        Step(CELERY + "drain --watch"),
        Step(CELERY + "disable --rollback --dry-run"),
        Step(CELERY + "disable", says=["Maintenance is over"]),
        Step(CELERY + "report", says=["Database upgrade"]),
        Step(
            CELERY + "report WINDOW_ID --json | jq .books",
            fill={"WINDOW_ID": looked_up("report", "window_id")},
        ),
        Step(CELERY + "account WINDOW_ID", fill={"WINDOW_ID": looked_up("report", "window_id")}),
    ),
)
