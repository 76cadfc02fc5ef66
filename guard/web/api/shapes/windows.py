"""Windows: opened, changed, ended, looked at."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from guard.web.api.shapes.base import Answer, EpochMoment, Query, Request
from guard.web.api.shapes.state import StatusAnswer

__all__ = [
    "ChangeRequest",
    "DisableAnswer",
    "DisableRequest",
    "DrainAnswer",
    "EmergencyAnswer",
    "EmergencyRequest",
    "EnableAnswer",
    "EnableRequest",
    "ExtendRequest",
    "LimitQuery",
    "NoRequest",
    "ReportAnswer",
    "VouchRequest",
    "WindowAnswer",
    "WindowView",
    "WindowsAnswer",
]

_WEEK = 7 * 24 * 3600
AtDeadline = Literal["wait", "extend", "escalate", "abort"]
Sessions = Literal["invalidate", "keep"]


class NoRequest(Request):
    """Nothing is to be said: `{}`."""


class LimitQuery(Query):
    """How many at most."""

    limit: int = Field(default=50, ge=1, le=1000)


class ScopeRequest(Request):
    """What the window is narrowed to; parts that are not given do not narrow it."""

    operations: list[str] = Field(default=[], max_length=50)
    queues: list[str] = Field(default=[], max_length=50)
    tenant_key: str = Field(default="", max_length=200)
    tenants: list[str] = Field(default=[], max_length=50)


class EnableRequest(Request):
    """A window to be opened. All times are seconds."""

    reason: str = Field(min_length=1, max_length=500)
    duration: float | None = Field(default=None, gt=0, le=_WEEK)
    mode: Literal["normal", "emergency", "test"] = "normal"
    grace: float | None = Field(default=None, ge=0, le=300)
    drain_within: float | None = Field(default=None, ge=1, le=_WEEK)
    at_deadline: AtDeadline = "wait"
    verify: bool = False
    sessions: Sessions | None = None
    scope: ScopeRequest | None = None
    notify_users: bool = Field(default=True, description="whether users are told; operators always are")


class EmergencyRequest(Request):
    """An emergency. An open window becomes one. Times are seconds."""

    reason: str = Field(min_length=1, max_length=500)
    terminate_jobs: Literal[True] = Field(default=True, description="a normal window lets jobs go on")
    grace_period: float | None = Field(default=None, ge=0, le=300)
    duration: float | None = Field(default=None, gt=0, le=_WEEK)
    sessions: Sessions | None = None


class ExtendRequest(Request):
    """Its planned length in all, or how much longer. Seconds."""

    duration: float | None = Field(default=None, gt=0, le=_WEEK, description="in all, from its start on")
    by: float | None = Field(default=None, gt=0, le=_WEEK, description="longer than planned until now")


class ChangeRequest(Request):
    """What is to be another; the rest stays. Times are seconds."""

    mode: Literal["normal", "emergency", "test"] | None = None
    reason: str | None = Field(default=None, min_length=1, max_length=500)
    duration: float | None = Field(default=None, gt=0, le=_WEEK)
    grace: float | None = Field(default=None, ge=0, le=300)
    drain_within: float | None = Field(default=None, ge=1, le=_WEEK)
    at_deadline: AtDeadline | None = None
    scope: ScopeRequest | None = None


class DisableRequest(Request):
    """How it is to end."""

    unverified: bool = False
    rollback: bool = False


class VouchRequest(Request):
    """A worker that does not answer and, you say, runs nothing; or a lost step's task id."""

    worker: str = Field(min_length=1, max_length=255)


class RunningView(Answer):
    """A guarded job that ran when the window closed."""

    task_id: str
    task: str
    worker: str
    since: EpochMoment


class WindowView(Answer):
    """A window, and what was seen when it was closed or released."""

    window_id: str
    mode: str
    reason: str
    by: str
    epoch: int
    phase: str
    started_at: EpochMoment
    planned_end: EpochMoment | None
    acknowledged: list[str] | None
    unconfirmed: list[str] | None
    producers: int | None
    unguarded: list[str] | None
    running: list[RunningView] | None
    took: float
    proof: str
    released: int
    expired: int
    still_parked: int | None
    warnings: list[str]
    scope: dict[str, Any] | None
    rolled_back: dict[str, Any] | None


class WindowAnswer(Answer):
    """It was done, and this is the window now."""

    success: bool
    message: str
    window: WindowView
    maintenance_status: StatusAnswer
    status: StatusAnswer


class EnableAnswer(WindowAnswer):
    """The window is open."""

    invalidated_sessions: int | None = Field(description="null: they are being deleted; see sessions")
    blocked_operations: list[str] | None


class EmergencyAnswer(EnableAnswer):
    """The emergency is on."""

    emergency_status: StatusAnswer
    terminated_jobs: int | None = Field(description="null: they have their grace period; see the report")
    terminating_jobs: int | None = Field(description="jobs that were asked to stop")


class DisableAnswer(WindowAnswer):
    """The window has ended."""

    maintenance_duration: float = Field(description="seconds")
    operations_resumed: list[str]
    disabled_by: str
    disabled_at: str


class WindowRecordView(Answer):
    """A window as history keeps it."""

    window_id: str
    mode: str
    reason: str
    by: str
    started_at: EpochMoment
    duration: int | None
    ended_at: EpochMoment | None
    ended_by: str
    account: dict[str, int]


class WindowsAnswer(Answer):
    """The last windows, newest first."""

    windows: list[WindowRecordView]


class OneWindowAnswer(Answer):
    """One window."""

    window: WindowRecordView


class ReportAnswer(Answer):
    """What became of every job that met a window."""

    window: dict[str, Any]
    live: bool
    totals: dict[str, int]
    by_operation: dict[str, dict[str, int]]
    books: dict[str, Any]
    outcomes: list[dict[str, Any]] | None
    workers: list[dict[str, Any]]
    problems: list[str]


class DrainAnswer(Answer):
    """How far the drain is."""

    window_id: str
    epoch: int
    phase: str
    mode: str | None
    next: str
    drained: bool
    deadline: EpochMoment | None
    at_deadline: str
    ends_in: float | None
    blockers: list[dict[str, Any]] | None
    unknown: list[str] | None
