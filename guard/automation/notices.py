"""Notices of planned windows where operators look: a log line and an alert.

People are told from the outbox, whose rows are written with the row that says that the notice was given (see
`guard.store.sql.schedules`).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from guard.core.alerts import Alert, Severity
from guard.core.named_events import EventName, not_announced
from guard.core.zones import shown

if TYPE_CHECKING:
    from guard.core.acts import Notice
    from guard.core.named_events import Announces
    from guard.ports import Alerts, Clock

__all__ = ["AlertNotices"]


class AlertNotices:
    """Writes each notice to the log and keeps it among the alerts."""

    def __init__(self, alerts: Alerts, clock: Clock, announce: Announces = not_announced) -> None:
        self._announce = announce
        self._alerts = alerts
        self._clock = clock

    def give(self, notice: Notice) -> None:
        """Raises StoreUnavailable: it was logged, and is not kept."""
        start = shown(notice.starts_at, notice.zone)
        self._announce(
            EventName.SCHEDULE_NOTICE, notice=notice.kind, name=notice.name, start=start, reason=notice.reason
        )
        kind = "planned maintenance" if notice.kind == "coming" else "planned maintenance cancelled"
        self._alerts.raise_alert(
            Alert(
                at=self._clock.wall(),
                severity=Severity.INFO,
                kind=kind,
                message=notice.message,
                detail=asdict(notice),
            )
        )
