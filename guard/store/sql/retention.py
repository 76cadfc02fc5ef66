"""Old history, deleted a little at a time.

Rules of this file: the current window is never touched, nor an alert that stands, nor the last result of a
routine, nor the journal unless it is asked for by its own time. One call deletes at most `BATCH` rows of
each table, so no statement holds locks for long; what is left is deleted by the next call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select

from guard.core.alerts import AlertState
from guard.core.occurrence import FINAL
from guard.store.sql.audit_chain import cut
from guard.store.sql.engine import reported
from guard.store.sql.schema import (
    ALERTS,
    APPROVALS,
    BREAK_GLASS,
    BYPASSES,
    DRILL_WORDS,
    DRILLS,
    FOUND,
    OCCURRENCES,
    OUTBOX,
    PAGE_SESSIONS,
    REPORT_NOTES,
    REPORTS,
    ROLL,
    ROUTINES,
    SCHEDULES,
    STATE,
    TOKENS,
    WINDOWS,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection, Engine, Table

    from guard.store.sql.store import SqlStore

__all__ = ["BATCH", "SqlRetention"]

BATCH = 500
"""Rows of one table per call."""


class SqlRetention:
    """Deletes what is older than it has to be kept. Every call may raise StoreUnavailable.

    Args:
        batch: rows of one table per call.
    """

    def __init__(self, durable: SqlStore, *, batch: int = BATCH) -> None:
        self._durable = durable
        self._batch = batch

    def forget(
        self,
        *,
        before: float,
        frequent: Collection[str] = (),
        frequent_before: float = 0.0,
        journal_before: float | None = None,
        reports_before: float | None = None,
    ) -> dict[str, int]:
        """Delete what ended before a moment. Gives how many rows of each kind went.

        Args:
            before: UTC seconds, for windows with what belongs to them, alerts, results, planned windows,
                messages that were sent or given up, and access that has ended.
            frequent: routines whose results are kept for less long: until `frequent_before`.
            journal_before: for the journal; None: it is kept.
            reports_before: for reports, by when they were made; None: they are kept.
        """
        self._durable.require_ready()
        with reported():
            gone = {"windows": self._windows(before)}
            stands = ALERTS.c.state.in_([AlertState.OPEN.value, AlertState.ACKNOWLEDGED.value])
            over = (ALERTS.c.at < before) & or_(ALERTS.c.state.is_(None), ~stands)
            gone["alerts"] = self._delete(ALERTS, ALERTS.c.seq, over)
            gone["results"] = self._results(before, frequent, frequent_before)
            gone["occurrences"] = self._occurrences(before)
            gone["schedules"] = self._schedules(before)
            gone["access"] = self._access(before)
            gone["messages"] = self._delete(OUTBOX, OUTBOX.c.seq, OUTBOX.c.ended_at < before)
            gone["drills"] = self._drills(before)
            if journal_before is not None:
                gone["journal"] = self._journal(journal_before)
            if reports_before is not None:
                gone["reports"] = self._reports(reports_before)
        return gone

    @property
    def _engine(self) -> Engine:
        return self._durable.engine

    def _windows(self, before: float) -> int:
        current = select(STATE.c.window_id)
        with self._engine.begin() as connection:
            ids = _keys(
                connection,
                WINDOWS.c.window_id,
                (WINDOWS.c.ended_at < before) & WINDOWS.c.window_id.notin_(current),
                self._batch,
            )
            if ids:
                for table in (ROLL, FOUND, WINDOWS):
                    connection.execute(delete(table).where(table.c.window_id.in_(ids)))
        return len(ids)

    def _reports(self, before: float) -> int:
        with self._engine.begin() as connection:
            ids = _keys(connection, REPORTS.c.report_id, REPORTS.c.made_at < before, self._batch)
            if ids:
                for table in (REPORT_NOTES, REPORTS):
                    connection.execute(delete(table).where(table.c.report_id.in_(ids)))
        return len(ids)

    def _results(self, before: float, frequent: Collection[str], frequent_before: float) -> int:
        with self._engine.connect() as connection:
            newest = select(func.max(ROUTINES.c.seq)).group_by(ROUTINES.c.name)
            kept = list(connection.execute(newest).scalars())
        old = ROUTINES.c.due_at < before
        if frequent:
            old = or_(old, ROUTINES.c.name.in_(frequent) & (ROUTINES.c.due_at < frequent_before))
        return self._delete(ROUTINES, ROUTINES.c.seq, old & ROUTINES.c.seq.notin_(kept))

    def _occurrences(self, before: float) -> int:
        """Those that are over. The last one of a plan that counts stays: it says until when starts were seen
        to, and without it they would be taken for missed."""
        old = (OCCURRENCES.c.starts_at < before) & (OCCURRENCES.c.changed_at < before)
        counts = select(SCHEDULES.c.schedule_id).where(SCHEDULES.c.cancelled_at.is_(None))
        with self._engine.begin() as connection:
            newest = (
                select(OCCURRENCES.c.schedule_id, func.max(OCCURRENCES.c.starts_at))
                .where(OCCURRENCES.c.schedule_id.in_(counts))
                .group_by(OCCURRENCES.c.schedule_id)
            )
            kept = {tuple(row) for row in connection.execute(newest)}
            query = (
                select(OCCURRENCES.c.schedule_id, OCCURRENCES.c.starts_at)
                .where(old, OCCURRENCES.c.stage.in_([stage.value for stage in FINAL]))
                .limit(self._batch + len(kept))
            )
            rows = [row for row in connection.execute(query) if tuple(row) not in kept]
            for row in rows:  # two columns name a row; MySQL and SQLite spell a list of pairs differently
                connection.execute(
                    delete(OCCURRENCES).where(
                        OCCURRENCES.c.schedule_id == row.schedule_id,
                        OCCURRENCES.c.starts_at == row.starts_at,
                        OCCURRENCES.c.changed_at < before,
                    )
                )
        return len(rows)

    def _schedules(self, before: float) -> int:
        """Those that were cancelled, when the last of their windows is forgotten."""
        used = select(OCCURRENCES.c.schedule_id)
        old = (SCHEDULES.c.cancelled_at < before) & SCHEDULES.c.schedule_id.notin_(used)
        return self._delete(SCHEDULES, SCHEDULES.c.schedule_id, old)

    def _access(self, before: float) -> int:
        """What let somebody in and has long ceased to. A second factor stays until somebody forgets it."""
        over = (
            (PAGE_SESSIONS, PAGE_SESSIONS.c.session_id, PAGE_SESSIONS.c.expires_at < before),
            (TOKENS, TOKENS.c.token_id, or_(TOKENS.c.expires_at < before, TOKENS.c.revoked_at < before)),
            (BREAK_GLASS, BREAK_GLASS.c.digest, BREAK_GLASS.c.used_at < before),
            (APPROVALS, APPROVALS.c.approval_id, APPROVALS.c.expires_at < before),
            (BYPASSES, BYPASSES.c.bypass_id, BYPASSES.c.until < before),
        )
        return sum(self._delete(table, key, old) for table, key, old in over)

    def _journal(self, before: float) -> int:
        """From its beginning on, so that what is left is one chain: a row that is older than one before it,
        by the clock of another machine, goes with the next."""
        with self._engine.begin() as connection:
            return cut(
                connection,
                before=before,
                most=self._batch,
                now=self._durable.clock.wall(),
                keys=self._durable.keys,
            )

    def _drills(self, before: float) -> int:
        """With what people said in them; those whose end nobody wrote too."""
        with self._engine.begin() as connection:
            ids = _keys(connection, DRILLS.c.drill_id, DRILLS.c.began_at < before, self._batch)
            if ids:
                for table in (DRILL_WORDS, DRILLS):
                    connection.execute(delete(table).where(table.c.drill_id.in_(ids)))
        return len(ids)

    def _delete(self, table: Table, key: ColumnElement[Any], old: ColumnElement[bool]) -> int:
        with self._engine.begin() as connection:
            # MySQL cannot limit a delete by a subquery on the same table: the keys first.
            found = _keys(connection, key, old, self._batch)
            if found:
                connection.execute(delete(table).where(key.in_(found)))
        return len(found)


def _keys(connection: Connection, key: ColumnElement[Any], old: ColumnElement[bool], limit: int) -> list[Any]:
    return list(connection.execute(select(key).where(old).limit(limit)).scalars())
