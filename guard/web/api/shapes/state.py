"""The status, what is blocked, the health."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from guard.web.api.shapes.base import Answer, Query, When

__all__ = [
    "BlockedAnswer",
    "BlockedOperation",
    "HealthAnswer",
    "HealthQuery",
    "MessageAnswer",
    "MessageQuery",
    "OpenApiAnswer",
    "StatusAnswer",
]

Mode = Literal["normal", "emergency", "test"]


class StatusAnswer(Answer):
    """How maintenance stands. The fields of all readers that are in circulation, flat.

    `enabled_by`, and all from `workers` on, are given only to callers with the right `read`.
    """

    is_active: bool | None
    mode: Mode | None
    reason: str | None
    estimated_duration: int | None = Field(description="seconds")
    started_at: When | None
    estimated_completion: When | None
    blocked_operations: list[str] | None
    active_jobs_count: int | None = Field(description="guarded jobs that run; null: nobody can say")
    message: str
    enabled_by: str | None
    invalidated_sessions: int | None
    test_mode: bool | None
    success: bool
    maintenance_mode: bool | None
    maintenance_reason: str | None
    maintenance_status: Literal["active", "inactive", "transitioning", "unknown"]
    service_available: bool = Field(description="whether the state can be looked up now")
    last_updated: When | None
    timestamp: When
    response_time_ms: float
    epoch: int | None
    phase: str | None
    stale: bool = Field(description="the last look did not tell the state, or is older than a lease")
    age: float | None = Field(description="seconds since the look; null: never known")
    window_id: str | None = None
    workers: dict[str, Any] | None = None
    held: int | None = None
    parked: int | None = None
    refused: int | None = None
    in_flight: dict[str, Any] | None = None
    warnings: list[str] | None = None
    scope: dict[str, Any] | None = None


class BlockedOperation(Answer):
    """An operation that is blocked now."""

    operation_type: str
    description: str
    user_message: str
    alternative: str
    blocked_since: When | None
    attempt_count: int | None = Field(description="refused requests in this window; null: nobody counts")
    last_attempt: When | None
    endpoint_pattern: str | None
    endpoints: list[str]


class BlockedAnswer(Answer):
    """What is blocked now; null while nobody knows."""

    success: bool
    blocked_operations: list[BlockedOperation] | None
    count: int | None
    total_blocked_operations: int | None
    total_blocked_attempts: int | None
    attempts_unknown: str | None = Field(description="why attempts are null")
    maintenance_active_since: When | None
    stale: bool
    age: float | None


class MessageQuery(Query):
    """About which operation."""

    operation: str = Field(default="unknown", min_length=1, max_length=64)


class MessageAnswer(Answer):
    """What a user is told about an operation now."""

    message: str
    operation_type: str
    maintenance_active: bool | None
    blocked: bool | None
    mode: Mode | None
    reason: str | None
    estimated_completion: When | None
    alternative_actions: list[str]


class HealthQuery(Query):
    """For whom."""

    ready: bool = Field(default=False, description="503 when a part fails: for whoever sends requests here")


class HealthAnswer(Answer):
    """As `application/health+json` has it; `unknown` where nobody answered in time."""

    status: Literal["pass", "warn", "fail"]
    description: str
    serviceId: str  # noqa: N815 - the format's name
    checks: dict[str, list[dict[str, Any]]]


class OpenApiAnswer(Answer):
    """An OpenAPI document."""

    openapi: str
    info: dict[str, Any]
    servers: list[dict[str, Any]]
    tags: list[dict[str, Any]]
    paths: dict[str, Any]
    components: dict[str, Any]
    security: list[dict[str, Any]]
