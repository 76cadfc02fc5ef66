"""An alert: something that a person should know, and how soon; and where one that is kept stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RESPONSE_SECONDS", "Alert", "AlertState", "KeptAlert", "Severity"]


class Severity(StrEnum):
    """How soon somebody should look: the operational procedures' three classes."""

    CRITICAL = "critical"
    """At once."""
    WARNING = "warning"
    """Within an hour."""
    INFO = "info"
    """Within a day."""


RESPONSE_SECONDS = {Severity.CRITICAL: 0.0, Severity.WARNING: 3600.0, Severity.INFO: 86_400.0}
"""In how many seconds somebody should look, by severity: the operational procedures' response times."""


class AlertState(StrEnum):
    """Where an alert stands. The values are stored."""

    NOTED = "noted"
    """Said once, of something that happened: nothing ends it but a person who has seen it."""
    OPEN = "open"
    """It is so, and nobody has said that they see to it: repeated."""
    ACKNOWLEDGED = "acknowledged"
    """It is so, and somebody sees to it: not repeated."""
    RESOLVED = "resolved"
    """It is over, or a person said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert.

    Attributes:
        at: UTC seconds.
        kind: a short stable name, for filters: ``routine failed``, ``drain missed its deadline``.
        message: one sentence for a person; no secrets.
        detail: plain JSON types.
    """

    at: float
    severity: Severity
    kind: str
    message: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "at": self.at,
            "severity": self.severity.value,
            "kind": self.kind,
            "message": self.message,
            "detail": dict(self.detail),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAlert:
    """An alert as it is kept. Times are UTC seconds.

    Attributes:
        alert_id: a number that grows.
        key: what there is at most one standing alert of; empty when it does not stand.
        count: how often it was told.
        last_told_at: when it was told last.
        resolved_by: a person, or empty when it ended by itself.
    """

    alert_id: int
    alert: Alert
    state: AlertState
    key: str = ""
    count: int = 1
    last_told_at: float = 0.0
    acknowledged_by: str = ""
    acknowledged_at: float | None = None
    resolved_by: str = ""
    resolved_at: float | None = None

    @property
    def stands(self) -> bool:
        """Whether it is still so, as far as anybody can tell."""
        return self.state in {AlertState.OPEN, AlertState.ACKNOWLEDGED}

    @property
    def wants_attention(self) -> bool:
        """Whether a person should do something: see to it, or look at it."""
        return self.stands or self.state is AlertState.NOTED

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "id": self.alert_id,
            **self.alert.to_dict(),
            "state": self.state.value,
            "key": self.key or None,
            "count": self.count,
            "last_told_at": self.last_told_at,
            "look_until": self.alert.at + RESPONSE_SECONDS[self.alert.severity],
            "acknowledged_by": self.acknowledged_by or None,
            "acknowledged_at": self.acknowledged_at,
            "resolved_by": self.resolved_by or None,
            "resolved_at": self.resolved_at,
        }
