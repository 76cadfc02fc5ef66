"""An alert: something that a person should know, and how soon."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Alert", "Severity"]


class Severity(StrEnum):
    """How soon somebody should look: the operational procedures' three classes."""

    CRITICAL = "critical"
    """At once."""
    WARNING = "warning"
    """Within an hour."""
    INFO = "info"
    """Within a day."""


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
