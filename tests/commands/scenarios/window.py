"""A normal window, from the question whether all is well to the account of its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.commands.scenarios.acting import CELERY, busy, let_go, looked_up, noted, prepared, two_parked
from tests.commands.steps import Scenario, Step

if TYPE_CHECKING:
    from tests.commands.fleet import Fleet

__all__ = ["QUICKSTART", "RELEASE", "WINDOW"]

_WINDOW_ID = {"WINDOW_ID": looked_up("report", "window", "window_id")}


def _somebody_changed_something(fleet: Fleet) -> None:
    """In the window a queue was taken from the worker."""
    done = fleet.run("celery -A shop control cancel_consumer captions")
    assert done.code == 0, done.out


WINDOW = Scenario(
    "a window",
    begin=lambda fleet: fleet.worker(),
    steps=(
        Step(CELERY + "migrate"),
        Step(CELERY + "check", says=["8 checks: 0 failed, 0 unknown"]),
        Step("celery maintenance check", code=4, says=["no app is named"]),
        Step(
            CELERY + 'enable --reason "Database upgrade" --duration 90m',
            before=busy,
            says=["every worker acknowledged", "running       2 guarded jobs"],
        ),
        Step(CELERY + "status", says=["Maintenance: ON (draining"]),
        Step(CELERY + "status --json | jq .is_active", says=["true"]),
        Step(
            CELERY + "status --json | jq '.is_active, .reason, .started_at, .estimated_completion'",
            says=["true", '"Database upgrade"'],
        ),
        Step(
            CELERY + "status --json | jq '{reason, mode, started_at, enabled_by}'", says=['"mode": "normal"']
        ),
        Step(CELERY + "status --json > status.json"),
        Step(CELERY + "status --watch", until="Maintenance: ON"),
        Step(CELERY + "job JOB_ID", fill={"JOB_ID": noted("running")}, says=["running"]),
        Step(CELERY + "drain", code=7, says=["shop.slow"]),
        Step(CELERY + "drain --vouch celery@dead-host", code=(2, 6, 7)),
        Step(CELERY + "parked list", before=two_parked, says=["shop.slow"]),
        Step(CELERY + "parked list --limit 20", says=["shop.slow"]),
        Step(CELERY + "parked release JOB_ID --by alice", fill={"JOB_ID": noted("parked 1")}),
        Step(CELERY + "parked release JOB_ID", fill={"JOB_ID": noted("parked 1")}, code=(0, 6)),
        Step(CELERY + "parked discard JOB_ID --yes", fill={"JOB_ID": noted("parked 2")}),
        Step(CELERY + "change --duration 3h"),
        Step(CELERY + 'change --reason "Security check, we are back at 06:00" --duration 3h'),
        Step(CELERY + "change --only-queue captions"),
        Step(CELERY + "change --no-scope"),
        Step(CELERY + "drain --watch --within 30m", before=let_go),
        Step(CELERY + "drain --watch"),
        Step(
            CELERY + "disable --rollback --dry-run",
            before=_somebody_changed_something,
            says=["consumed again"],
            unlike=["configuration row"],
        ),
        Step(CELERY + "disable", says=["Maintenance is over"]),
        Step(CELERY + "disable --rollback --yes --json", says=['"restored"']),
        Step(CELERY + "disable --rollback --yes"),
        Step(CELERY + "report", says=["Security check", "every job is accounted for"]),
        Step(CELERY + "report WINDOW_ID --json | jq .books", fill=_WINDOW_ID),
        Step(CELERY + "account"),
        Step(CELERY + "account WINDOW_ID", fill=_WINDOW_ID),
        Step(CELERY + "reports make window --window WINDOW_ID --again", fill=_WINDOW_ID, code=(0, 4)),
        Step(CELERY + 'reports note window "Took 40 minutes, planned were 90."'),
    ),
)
RELEASE = Scenario(
    "a release by a script, a rehearsal, a verified window",
    begin=lambda fleet: fleet.worker(),
    steps=(
        Step(
            CELERY + 'enable --reason "Release 42" --duration 30m --json > window.json\n'
            "case $? in\n"
            "  0) ;;\n"
            "  4) jq '.unconfirmed, .unguarded' window.json; exit 1 ;;\n"
            "  *) exit 1 ;;\n"
            "esac"
        ),
        Step(
            CELERY + 'enable --mode test --reason "Rehearsal of the upgrade" --duration 10m',
            before=prepared("disable"),
            says=["Rehearsal is on"],
        ),
        Step(
            CELERY + "verify",
            before=prepared("disable", 'enable --reason "Upgrade" --verify', "drain --watch --within 1m"),
        ),
        Step(CELERY + "bypass caption_generation --holder alice --for 30m"),
        Step(CELERY + "bypass list", says=["alice"]),
        Step(
            CELERY + "bypass revoke BYPASS_ID",
            fill={"BYPASS_ID": looked_up("bypass list", 0, "bypass_id")},
        ),
        Step(CELERY + "disable --unverified"),
    ),
)
QUICKSTART = Scenario(
    "the quickstart",
    steps=(
        Step("celery -A shop worker --concurrency 2", until="transport:", stays=True),
        Step(
            """python -c "from shop import caption; print(caption.delay('cat.jpg').get(timeout=10))\"""",
            says=["cat.jpg"],
        ),
        Step(CELERY + 'enable --reason "Database upgrade" --duration 30m', code=(0, 4)),
        Step(
            'python -c "from shop import caption; '
            """print(caption.apply_async(('dog.jpg',), when_closed='hold'))\""""
        ),
    ),
)
