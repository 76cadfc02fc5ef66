"""Plans and their occurrences in the database.

A plan is replaced only at the revision that was read, a row only as it was read: of two beats that decide the
same, one writes. Text is compared as it was read; the revision inside makes it different each time.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.exc import IntegrityError

from guard.core.deliveries import Delivery
from guard.core.occurrence import FINAL, Occurrence, Stage
from guard.core.plain import read_json
from guard.core.planned import Plan, Schedule
from guard.errors import StateInvalid
from guard.store.sql.engine import patiently, reported
from guard.store.sql.outbox import write_deliveries
from guard.store.sql.schema import OCCURRENCES, SCHEDULES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Row

    from guard.core.acts import Notice
    from guard.store.sql.store import SqlStore

__all__ = ["SqlSchedules"]

log = logging.getLogger(__name__)

_LIVE = [stage.value for stage in Stage if stage not in FINAL]


class SqlSchedules:
    """The plans of one installation.

    Args:
        tells: from a key of its own and a notice to what people are to be told, which is written with the
            row that says that the notice was given.
    """

    def __init__(
        self, durable: SqlStore, *, tells: Callable[[str, Notice], Sequence[Delivery]] | None = None
    ) -> None:
        self._durable = durable
        self._tells = tells

    def schedules(self) -> list[Schedule]:
        """All, in the order in which they were added; one that cannot be read is logged and left out."""
        self._durable.require_ready()
        with reported(), self._durable.engine.connect() as connection:
            rows = connection.execute(select(SCHEDULES).order_by(SCHEDULES.c.schedule_id)).all()
        found = []
        for row in rows:
            try:
                found.append(_schedule(row))
            except StateInvalid as error:
                log.error("schedule %s is left out: %s", row.schedule_id, error)  # noqa: TRY400 - data, not code
        return sorted(found, key=lambda one: (one.plan.when.start, one.plan.name))

    def add(self, schedule: Schedule) -> None:
        self._durable.require_ready()
        with reported():
            self._add(schedule)

    @patiently
    def _add(self, schedule: Schedule) -> None:
        with self._durable.engine.begin() as connection:
            connection.execute(SCHEDULES.insert().values(**_plan_values(schedule)))

    def change(self, schedule: Schedule) -> bool:
        self._durable.require_ready()
        with reported():
            return self._change(schedule)

    @patiently
    def _change(self, schedule: Schedule) -> bool:
        expected = (
            SCHEDULES.c.schedule_id == schedule.schedule_id,
            SCHEDULES.c.revision == schedule.revision - 1,
        )
        with self._durable.engine.begin() as connection:
            changed = connection.execute(SCHEDULES.update().where(*expected).values(**_plan_values(schedule)))
            return changed.rowcount == 1

    def occurrences(self, now: float) -> list[Occurrence]:
        self._durable.require_ready()
        last = (
            select(OCCURRENCES.c.schedule_id, func.max(OCCURRENCES.c.starts_at).label("starts_at"))
            .where(OCCURRENCES.c.starts_at <= now)
            .group_by(OCCURRENCES.c.schedule_id)
            .subquery()
        )
        is_last = and_(
            OCCURRENCES.c.schedule_id == last.c.schedule_id, OCCURRENCES.c.starts_at == last.c.starts_at
        )
        query = (
            select(OCCURRENCES)
            .join(last, is_last, isouter=True)
            .where(
                or_(
                    OCCURRENCES.c.stage.in_(_LIVE),
                    OCCURRENCES.c.starts_at > now,
                    last.c.schedule_id.is_not(None),
                )
            )
            .order_by(OCCURRENCES.c.starts_at, OCCURRENCES.c.schedule_id)
        )
        with reported(), self._durable.engine.connect() as connection:
            return _readable(connection.execute(query).all())

    def history(self, schedule_id: str, limit: int) -> list[Occurrence]:
        self._durable.require_ready()
        query = (
            select(OCCURRENCES)
            .where(OCCURRENCES.c.schedule_id == schedule_id)
            .order_by(OCCURRENCES.c.starts_at.desc())
            .limit(limit)
        )
        with reported(), self._durable.engine.connect() as connection:
            return _readable(connection.execute(query).all())

    def save(self, before: Occurrence, after: Occurrence, notices: Sequence[Notice] = ()) -> bool:
        self._durable.require_ready()
        tells, told = self._tells, list[Delivery]()
        if tells is not None and notices:
            self._durable.prepare_telling()
            key = f"{after.schedule_id}|{after.revision}"
            told = [one for notice in notices for one in tells(key, notice)]
        with reported():
            return self._insert(after, told) if before.revision == 0 else self._replace(before, after, told)

    @patiently
    def _insert(self, after: Occurrence, told: Sequence[Delivery]) -> bool:
        key = {"schedule_id": after.schedule_id, "starts_at": after.starts_at}
        try:
            with self._durable.engine.begin() as connection:
                connection.execute(OCCURRENCES.insert().values(**key, **_values(after)))
                write_deliveries(connection, told)
        except IntegrityError:
            return False
        return True

    @patiently
    def _replace(self, before: Occurrence, after: Occurrence, told: Sequence[Delivery]) -> bool:
        as_read = (
            OCCURRENCES.c.schedule_id == before.schedule_id,
            OCCURRENCES.c.starts_at == before.starts_at,
            OCCURRENCES.c.stage == before.stage.value,
            OCCURRENCES.c.detail == _text(before),
        )
        with self._durable.engine.begin() as connection:
            changed = connection.execute(OCCURRENCES.update().where(*as_read).values(**_values(after)))
            if changed.rowcount == 1:
                write_deliveries(connection, told)
            return changed.rowcount == 1


def _plan_values(schedule: Schedule) -> dict[str, Any]:
    return {
        "schedule_id": schedule.schedule_id,
        "revision": schedule.revision,
        "plan": json.dumps(schedule.plan.to_dict(), sort_keys=True),
        "changed_at": schedule.changed_at,
        "changed_by": schedule.changed_by,
        "cancelled_at": schedule.cancelled_at,
    }


def _schedule(row: Row[Any]) -> Schedule:
    try:
        raw = read_json(row.plan)
    except ValueError as error:
        raise StateInvalid("a stored plan is no JSON") from error
    return Schedule(
        schedule_id=row.schedule_id,
        revision=row.revision,
        plan=Plan.from_dict(raw),
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        cancelled_at=row.cancelled_at,
    )


def _values(row: Occurrence) -> dict[str, Any]:
    return {
        "stage": row.stage.value,
        "window_id": row.window_id or None,
        "detail": _text(row),
        "changed_at": row.changed_at,
    }


def _text(row: Occurrence) -> str:
    return json.dumps(row.detail(), sort_keys=True)


def _readable(rows: Any) -> list[Occurrence]:
    found = []
    for row in rows:
        try:
            found.append(
                Occurrence.from_row(
                    schedule_id=row.schedule_id,
                    starts_at=row.starts_at,
                    stage=row.stage,
                    window_id=row.window_id,
                    changed_at=row.changed_at,
                    detail=read_json(row.detail),
                )
            )
        except (StateInvalid, ValueError) as error:
            log.error("occurrence %s of %s is left out: %s", row.starts_at, row.schedule_id, error)  # noqa: TRY400
    return found
