"""Drills in the database: their results, and what people say while one runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guard.core.drill_records import DrillRecord, DrillState
from guard.store.sql.engine import patiently, reported
from guard.store.sql.schema import DRILL_WORDS, DRILLS

if TYPE_CHECKING:
    from sqlalchemy import Row

    from guard.store.sql.store import SqlStore

__all__ = ["SqlDrills"]


class SqlDrills:
    """The drills of one installation. Every call may raise StoreUnavailable."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def begin(self, record: DrillRecord) -> None:
        """Keep that it began; or, for one that was played elsewhere, all of it."""
        self._durable.require_ready()
        with reported(), self._durable.engine.begin() as connection:
            connection.execute(DRILLS.insert().values(drill_id=record.drill_id, **_values(record)))

    def wait_for(self, drill_id: str, step: str) -> None:
        """Let people acknowledge this step, and no other; an empty text: none."""
        self._write(drill_id, waiting_for=step)

    def end(self, record: DrillRecord) -> None:
        """Keep its result."""
        self._write(record.drill_id, **_values(record))

    def acknowledge(self, drill_id: str, step: str, *, by: str, at: float) -> bool:
        """Keep who has done a step. False when somebody has already."""
        self._durable.require_ready()
        values = {"drill_id": drill_id, "step": step, "said_by": by, "at": at}
        with reported():
            return self._insert(values)

    def _insert(self, values: dict[str, Any]) -> bool:
        try:
            with self._durable.engine.begin() as connection:
                connection.execute(DRILL_WORDS.insert().values(**values))
        except IntegrityError:
            return False
        return True

    def words(self, drill_id: str) -> dict[str, str]:
        """Who has acknowledged which step."""
        self._durable.require_ready()
        query = select(DRILL_WORDS.c.step, DRILL_WORDS.c.said_by).where(DRILL_WORDS.c.drill_id == drill_id)
        with reported(), self._durable.engine.connect() as connection:
            return {row.step: row.said_by for row in connection.execute(query)}

    def find(self, start: str) -> list[DrillRecord]:
        """Those whose id begins so, at most two."""
        self._durable.require_ready()
        query = select(DRILLS).where(DRILLS.c.drill_id.startswith(start, autoescape=True)).limit(2)
        with reported(), self._durable.engine.connect() as connection:
            return [_record(row) for row in connection.execute(query)]

    def recent(self, limit: int) -> list[DrillRecord]:
        """The last ones, newest first."""
        self._durable.require_ready()
        query = select(DRILLS).order_by(DRILLS.c.began_at.desc(), DRILLS.c.drill_id).limit(limit)
        with reported(), self._durable.engine.connect() as connection:
            return [_record(row) for row in connection.execute(query)]

    @patiently
    def _update(self, drill_id: str, values: dict[str, Any]) -> None:
        with self._durable.engine.begin() as connection:
            connection.execute(DRILLS.update().where(DRILLS.c.drill_id == drill_id).values(**values))

    def _write(self, drill_id: str, **values: Any) -> None:
        self._durable.require_ready()
        with reported():
            self._update(drill_id, values)


def _values(record: DrillRecord) -> dict[str, Any]:
    return {
        "scenario": record.scenario,
        "place": record.place,
        "state": record.state.value,
        "began_by": record.by,
        "began_at": record.began_at,
        "ended_at": record.ended_at,
        "percent": record.percent,
        "waiting_for": record.waiting_for,
        "card": json.dumps(dict(record.card), sort_keys=True),
    }


def _record(row: Row[Any]) -> DrillRecord:
    return DrillRecord(
        drill_id=row.drill_id,
        scenario=row.scenario,
        place=row.place,
        state=DrillState(row.state),
        by=row.began_by,
        began_at=row.began_at,
        ended_at=row.ended_at,
        percent=row.percent,
        waiting_for=row.waiting_for,
        card=json.loads(row.card),
    )
