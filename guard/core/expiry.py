"""What becomes of the expiry of a job that had to wait."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ExpiryPolicy"]


class ExpiryPolicy(StrEnum):
    """What to do with jobs that expired, or came nearer to it, while parked."""

    REPORT = "report"
    EXTEND = "extend"
