"""What happened between two moments, read from the tables: for reports.

Each question has a most; where there is more, it is `Unanswerable`: a part is never taken for the whole.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from guard.core.alerts import Alert, Severity
from guard.errors import Unanswerable
from guard.store.sql.engine import reported
from guard.store.sql.routines import run_of
from guard.store.sql.schema import ALERTS, AUDIT, OCCURRENCES, ROUTINES, SECOND_FACTORS, TOKENS, WINDOWS
from guard.store.sql.store import audit_record, window_record

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Row, Select

    from guard.core.history import AuditRecord, WindowRecord
    from guard.core.routine_result import RoutineRun
    from guard.store.sql.store import SqlStore

__all__ = ["SqlHappenings"]

_MOST_WINDOWS = 5_000
_MOST_LINES = 50_000
_MOST_ALERTS = 20_000
_MOST_RUNS = 10_000


class SqlHappenings:
    """The history of one installation. Every call may raise StoreUnavailable or Unanswerable."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def windows(self, start: float, end: float) -> list[WindowRecord]:
        """Windows that were open at any moment of a time, the oldest first."""
        touches = or_(WINDOWS.c.ended_at.is_(None), WINDOWS.c.ended_at > start)
        query = select(WINDOWS).where(WINDOWS.c.started_at < end, or_(touches, WINDOWS.c.started_at >= start))
        return [
            window_record(row)
            for row in self._rows(query.order_by(WINDOWS.c.started_at, WINDOWS.c.window_id), _MOST_WINDOWS)
        ]

    def journal(self, start: float, end: float) -> list[AuditRecord]:
        """Lines of a time, in the order in which they were written."""
        query = select(AUDIT).where(AUDIT.c.at >= start, AUDIT.c.at < end).order_by(AUDIT.c.seq)
        return [audit_record(row) for row in self._rows(query, _MOST_LINES)]

    def alerts(self, start: float, end: float) -> list[Alert]:
        """Alerts that were raised in a time, the oldest first."""
        import json

        query = select(ALERTS).where(ALERTS.c.at >= start, ALERTS.c.at < end).order_by(ALERTS.c.seq)
        return [
            Alert(
                at=row.at,
                severity=Severity(row.severity),
                kind=row.kind,
                message=row.message,
                detail=json.loads(row.detail),
            )
            for row in self._rows(query, _MOST_ALERTS)
        ]

    def runs(self, start: float, end: float, *, without: Collection[str]) -> list[RoutineRun]:
        """Turns of routines that were due in a time, the oldest first.

        Args:
            without: routines by interval, whose results are kept for a day only.
        """
        query = select(ROUTINES).where(
            and_(
                ROUTINES.c.due_at >= start, ROUTINES.c.due_at < end, ROUTINES.c.name.notin_(list(without))
            )
        )
        return [
            run_of(row) for row in self._rows(query.order_by(ROUTINES.c.due_at, ROUTINES.c.seq), _MOST_RUNS)
        ]

    def planned(self, start: float, end: float) -> dict[str, int]:
        """How many planned windows were due to begin in a time, by stage."""
        self._durable.require_ready()
        query = (
            select(OCCURRENCES.c.stage, func.count())
            .where(OCCURRENCES.c.starts_at >= start, OCCURRENCES.c.starts_at < end)
            .group_by(OCCURRENCES.c.stage)
        )
        with reported(), self._durable.engine.connect() as connection:
            return {str(row[0]): int(row[1]) for row in connection.execute(query)}

    def tokens(self, now: float) -> dict[str, int]:
        """How many access tokens are in force, by right. One with two rights counts in both."""
        self._durable.require_ready()
        query = select(TOKENS.c.rights).where(TOKENS.c.expires_at > now, TOKENS.c.revoked_at.is_(None))
        with reported(), self._durable.engine.connect() as connection:
            counts: Counter[str] = Counter()
            for rights in connection.execute(query).scalars():
                counts.update(filter(None, str(rights).replace(",", " ").split()))
        return dict(counts)

    def second_factors(self) -> int:
        """How many people have confirmed a second factor."""
        self._durable.require_ready()
        query = select(func.count()).where(SECOND_FACTORS.c.confirmed_at.is_not(None))
        with reported(), self._durable.engine.connect() as connection:
            return int(connection.execute(query).scalar() or 0)

    def _rows(self, query: Select[Any], most: int) -> list[Row[Any]]:
        self._durable.require_ready()
        with reported(), self._durable.engine.connect() as connection:
            rows = list(connection.execute(query.limit(most + 1)).all())
        if len(rows) > most:
            raise Unanswerable(f"there are more than {most} rows of this time: take a shorter one")
        return rows
