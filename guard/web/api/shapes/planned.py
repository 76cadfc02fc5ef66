"""Planned windows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from guard.web.api.shapes.base import Answer, EpochMoment, Query, Request
from guard.web.api.shapes.windows import AtDeadline, ScopeRequest, Sessions

__all__ = [
    "PlanChangeRequest",
    "PlanRequest",
    "PlannedAnswer",
    "PlannedListAnswer",
    "PlannedQuery",
]

_WEEK = 7 * 24 * 3600
_Names = list[str]


class PlannedQuery(Query):
    """Which plans."""

    starts: int = Field(default=1, ge=1, le=50, description="how many of the starts to come")
    cancelled: bool = Field(default=False, description="also those that are cancelled or over")


class PlanChangeRequest(Request):
    """A plan's values; what is not given stays. Times are seconds, `at`, `end` and `skipped` local times."""

    name: str | None = Field(default=None, min_length=1, max_length=60)
    reason: str | None = Field(default=None, min_length=1, max_length=500)
    at: str | None = Field(default=None, max_length=60, examples=["2026-12-01 02:00"])
    duration: float | Literal["auto"] | None = Field(default=None)
    end: str | None = Field(default=None, max_length=60)
    zone: str | None = Field(default=None, max_length=60, examples=["Europe/Berlin"])
    mode: Literal["normal", "test"] | None = None
    every: str | None = Field(default=None, max_length=500, examples=["FREQ=WEEKLY;BYDAY=SU"])
    skipped: _Names | None = Field(default=None, max_length=200)
    grace: float | None = Field(default=None, ge=0, le=300)
    drain_within: float | None = Field(default=None, ge=1, le=_WEEK)
    at_deadline: AtDeadline | None = None
    verify: bool | None = None
    sessions: Sessions | None = None
    scope: ScopeRequest | None = None
    notices: list[float] | None = Field(default=None, max_length=10)
    look_ahead: float | None = Field(default=None, ge=0, le=86_400)
    auto_end: bool | None = None
    extend_by: float | None = Field(default=None, ge=0, le=_WEEK)
    max_extensions: int | None = Field(default=None, ge=0, le=24)


class PlanRequest(PlanChangeRequest):
    """A window to be planned."""

    name: str = Field(min_length=1, max_length=60)
    reason: str = Field(min_length=1, max_length=500)
    at: str = Field(max_length=60, examples=["2026-12-01 02:00"])


class PlannedView(Answer):
    """A plan, and what is to be known of it."""

    schedule_id: str
    revision: int
    name: str
    mode: str
    reason: str
    by: str
    at: str
    zone: str
    every: str
    skipped: list[str]
    duration: float
    terms: dict[str, Any]
    notices: list[float]
    look_ahead: float
    auto_end: bool
    extend_by: float
    max_extensions: int
    since: EpochMoment
    cancelled_at: EpochMoment | None
    next: list[dict[str, Any]]
    occurrences: list[dict[str, Any]]
    warnings: list[str]
    estimate: dict[str, Any] | None


class PlannedAnswer(Answer):
    """One plan."""

    success: bool
    planned: PlannedView


class PlannedListAnswer(Answer):
    """Plans, by their next start."""

    planned: list[PlannedView]
