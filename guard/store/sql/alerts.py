"""Alerts in the database: kept until somebody has seen to them, and for the history."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from sqlalchemy import select

from guard.core.alerts import Alert, Severity
from guard.store.sql.engine import patiently, reported
from guard.store.sql.schema import ALERTS

if TYPE_CHECKING:
    from guard.store.sql.store import SqlStore

__all__ = ["SqlAlerts"]

log = logging.getLogger(__name__)

_LEVELS = {
    Severity.CRITICAL: logging.CRITICAL,
    Severity.WARNING: logging.WARNING,
    Severity.INFO: logging.INFO,
}
_LONGEST_MESSAGE = 500


class SqlAlerts:
    """The alerts of one installation."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def raise_alert(self, alert: Alert) -> None:
        """Log it, and keep it.

        Raises:
            StoreUnavailable: it was logged, and is not kept.
        """
        log.log(_LEVELS[alert.severity], "alert (%s): %s", alert.kind, alert.message)
        with reported():
            self._insert(alert)

    def recent(self, limit: int) -> list[Alert]:
        """The last alerts, newest first. Raises StoreUnavailable."""
        self._durable.require_ready()
        query = select(ALERTS).order_by(ALERTS.c.seq.desc()).limit(limit)
        with reported(), self._durable.engine.connect() as connection:
            rows = connection.execute(query).all()
        return [
            Alert(
                at=row.at,
                severity=Severity(row.severity),
                kind=row.kind,
                message=row.message,
                detail=json.loads(row.detail),
            )
            for row in rows
        ]

    @patiently
    def _insert(self, alert: Alert) -> None:
        self._durable.require_ready()
        with self._durable.engine.begin() as connection:
            connection.execute(
                ALERTS.insert().values(
                    at=alert.at,
                    severity=alert.severity.value,
                    kind=alert.kind,
                    message=alert.message[:_LONGEST_MESSAGE],
                    detail=json.dumps(dict(alert.detail), sort_keys=True, default=str),
                )
            )
