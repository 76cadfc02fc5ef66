"""Jobs, workers, sessions, records, routines."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from guard.web.api.shapes.base import Answer, EpochMoment, Query, Request
from guard.web.api.shapes.windows import LimitQuery

__all__ = [
    "AlertsAnswer",
    "AlertsQuery",
    "AuditAnswer",
    "AuditQuery",
    "InvalidateRequest",
    "JobAnswer",
    "LedgerAnswer",
    "OneAlertAnswer",
    "ParkedAnswer",
    "ParkedJobAnswer",
    "RoutineAnswer",
    "RoutinesAnswer",
    "SessionsAnswer",
    "SweepAnswer",
    "WorkersAnswer",
]


class JobAnswer(Answer):
    """Where a job is."""

    task_id: str
    place: str
    state: str | None
    note: str
    task: str
    queue: str
    worker: str
    parked_at: EpochMoment | None


class ParkedView(Answer):
    """A parked job, and where it came from."""

    park_id: str
    task_id: str
    task: str
    operation: str
    queue: str
    worker: str
    window_id: str
    retries: int
    parked_at: EpochMoment


class ParkedAnswer(Answer):
    """Parked jobs, oldest first."""

    parked: int | None = Field(description="by the broker's count; null: it does not answer")
    jobs: list[ParkedView]


class ParkedJobAnswer(Answer):
    """What became of one parked job."""

    success: bool
    outcome: str
    job: ParkedView


class WorkerView(Answer):
    """A registered agent."""

    agent_id: str
    role: str
    node: str
    host: str
    pid: int
    pool: str
    slots: int
    queues: list[str]
    terminable: bool
    problem: str
    acknowledged_epoch: int | None = Field(description="null: it never acknowledged")
    current: bool | None = Field(description="whether that is the epoch now; null: nobody knows the epoch")
    seen_seconds_ago: float
    running: int | None
    reserved: int | None
    cordoned: list[str] | None


class WorkersAnswer(Answer):
    """Workers and publishing processes; null when the registry does not answer."""

    epoch: int | None
    workers: list[WorkerView] | None


class SessionsAnswer(Answer):
    """What sessions there are, and whose. Null: nobody could say."""

    generation: int | None
    valid_after: EpochMoment | None
    sessions: int | None
    strings: int
    hashes: int
    admins: int
    others: int
    no_user: int
    unknown: int
    unreadable: int
    expired: int
    refused: int
    endless: int
    foreign: int
    rows_active: int | None
    rows_expired: int | None
    sign_in: bool | None
    problems: list[str]


class InvalidateRequest(Request):
    """Whether only to count."""

    dry_run: bool = False


class SweepAnswer(Answer):
    """One pass over the sessions."""

    dry_run: bool
    generation: int
    seen: int | None
    expired: int
    ended: int
    unreadable: int
    admins: int
    accepted: int
    unknown: int
    foreign: int
    unlisted: int
    rows_expired: int | None
    rows_ended: int | None
    rows_unknown: int | None
    tokens: int | None
    complete: bool
    resumed: bool
    seconds: float
    problems: list[str]
    took: float | None
    proof: str


class AuditQuery(Query):
    """Which lines of the journal."""

    limit: int = Field(default=50, ge=1, le=1000)
    before: int | None = Field(default=None, ge=1, le=2**62, description="the last `seq` of the page before")
    action: str | None = Field(default=None, min_length=1, max_length=50)
    actor: str | None = Field(default=None, min_length=1, max_length=100)
    since: float | None = Field(default=None, ge=0, le=253_402_300_799, description="UTC seconds")
    until: float | None = Field(default=None, ge=0, le=253_402_300_799, description="UTC seconds")
    window: str | None = Field(
        default=None, min_length=1, max_length=36, description="names it, or was done while it was open"
    )


class AuditView(Answer):
    """A line."""

    seq: int
    at: EpochMoment
    actor: str
    action: str
    epoch: int
    outcome: str
    detail: dict[str, Any]


class AuditAnswer(Answer):
    """Lines of the journal, newest first."""

    records: list[AuditView]
    before: int | None = Field(description="for the next page; null: there is none")


class AlertView(Answer):
    """What a person should know."""

    id: int
    at: EpochMoment
    severity: str
    kind: str
    message: str
    detail: dict[str, Any]
    state: Literal["noted", "open", "acknowledged", "resolved"] = Field(
        description="noted: it happened, and nobody has seen it; open and acknowledged: it still is so"
    )
    key: str | None = Field(description="of this at most one alert stands")
    count: int = Field(description="how often it was told")
    last_told_at: EpochMoment
    look_until: EpochMoment = Field(description="by when somebody should look")
    acknowledged_by: str | None
    acknowledged_at: EpochMoment | None
    resolved_by: str | None = Field(description="null: it ended by itself, or is not over")
    resolved_at: EpochMoment | None


class OneAlertAnswer(Answer):
    """An alert as it stands now."""

    alert: AlertView


class AlertsQuery(LimitQuery):
    """Which alerts."""

    waiting: bool = Field(default=False, description="only those that stand, or that nobody has seen")


class AlertsAnswer(Answer):
    """The last alerts, newest first."""

    alerts: list[AlertView]


class LedgerAnswer(Answer):
    """Jobs that were accepted and are nowhere."""

    open: int
    can_look: bool
    lost: list[dict[str, Any]]


class RoutinesAnswer(Answer):
    """What beat runs, and how it went last."""

    routines: list[dict[str, Any]]


class RoutineAnswer(Answer):
    """The last results of one routine, newest first."""

    name: str
    results: list[dict[str, Any]]
