"""What windows found when they opened, in SQL.

It is written in the transaction that opens the window: what it says is what that transaction found, and no
window is open without it. What only the fleet and the process that opened it know is added afterwards.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError

from guard.core.found import Found, PlannedWindow, what_fits
from guard.errors import IllegalMove, StateInvalid
from guard.store.sql.configuration import read_all_rows, restore_row
from guard.store.sql.engine import patiently, reported
from guard.store.sql.rows import state_of
from guard.store.sql.schema import FOUND, SCHEDULES, STATE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from guard.core.difference import WriteRow
    from guard.core.found import Consumer
    from guard.core.state import GuardState
    from guard.store.sql.store import SqlStore

__all__ = ["SqlFound", "keep_found"]

log = logging.getLogger(__name__)

_LONGEST_PLANS = 16_000
_LONGEST_RECORD = 65_000
"""A TEXT column of MySQL takes 65,535 bytes, and the record is ASCII."""


def keep_found(connection: Connection, before: GuardState, new: GuardState) -> None:
    """Keep what is there, before the window changes it. What cannot be kept must not keep a window from
    opening: then a rollback will say that it is unknown."""
    found = _look(connection, before, new.changed_at)
    text = _text(found)
    try:
        with connection.begin_nested():
            connection.execute(FOUND.insert().values(window_id=new.window_id, found=text))
    except (DataError, IntegrityError) as error:
        log.warning("what the window found is not kept (%s)", type(error.orig).__name__)


class SqlFound:
    """What the windows of one installation found."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def of(self, window_id: str) -> Found | None:
        self._durable.require_ready()
        query = select(FOUND.c.found).where(FOUND.c.window_id == window_id)
        with reported(), self._durable.engine.connect() as connection:
            text = connection.execute(query).scalar()
        return None if text is None else _found(text)

    def now(self) -> tuple[GuardState, Found]:
        self._durable.require_ready()
        with reported():
            return self._now()

    @patiently
    def _now(self) -> tuple[GuardState, Found]:
        with self._durable.engine.connect() as connection:
            state = state_of(connection.execute(select(STATE).where(STATE.c.id == 1)).one())
            return state, _look(connection, state, state.changed_at)

    def complete(
        self,
        window_id: str,
        *,
        consumers: Mapping[str, Consumer] | None,
        settings: Mapping[str, str],
        beat: Mapping[str, str],
    ) -> None:
        self._durable.require_ready()
        with reported():
            self._complete(window_id, {"consumers": consumers, "settings": settings, "beat": beat})

    @patiently
    def _complete(self, window_id: str, parts: Mapping[str, Any]) -> None:
        this = FOUND.c.window_id == window_id
        with self._durable.engine.begin() as connection:
            text = connection.execute(select(FOUND.c.found).where(this).with_for_update()).scalar()
            if text is None:
                return
            found = _found(text)
            new = {name: value for name, value in parts.items() if getattr(found, name) is None}
            for name, value in new.items():
                longer = replace(found, **{name: value})
                found = longer if len(_text(longer)) <= _LONGEST_RECORD else found
            connection.execute(FOUND.update().where(this).values(found=_text(found)))

    def write_rows(self, rows: Sequence[WriteRow]) -> dict[str, str]:
        self._durable.require_ready()
        with reported():
            return self._write_rows(rows)

    @patiently
    def _write_rows(self, rows: Sequence[WriteRow]) -> dict[str, str]:
        with self._durable.engine.begin() as connection:
            # Locked: a window that opens at this moment writes its own rows after these, or before the lock.
            state = state_of(connection.execute(select(STATE).where(STATE.c.id == 1).with_for_update()).one())
            if state.is_active:
                raise IllegalMove(phase=state.phase, event="roll back", remedy="end the window first")
            return {row.key: restore_row(connection, row) for row in rows}


def _look(connection: Connection, state: GuardState, at: float) -> Found:
    rows, withheld = what_fits(read_all_rows(connection))
    return Found(
        at=at,
        epoch=state.epoch,
        phase=state.phase,
        mode=state.mode,
        configuration=rows,
        withheld=withheld,
        plans=_plans(connection),
        generation=state.generation,
    )


def _plans(connection: Connection) -> dict[str, PlannedWindow]:
    query = select(SCHEDULES.c.schedule_id, SCHEDULES.c.revision, SCHEDULES.c.plan).where(
        SCHEDULES.c.cancelled_at.is_(None)
    )
    plans, room = {}, _LONGEST_PLANS
    for plan_id, revision, plan in connection.execute(query.order_by(SCHEDULES.c.schedule_id)):
        text = plan if len(plan) <= room else ""
        room -= len(text)
        plans[plan_id] = PlannedWindow(revision=revision, plan=text)
    return plans


def _text(found: Found) -> str:
    return json.dumps(found.to_dict(), sort_keys=True, separators=(",", ":"))


def _found(text: str) -> Found:
    try:
        return Found.from_dict(json.loads(text))
    except json.JSONDecodeError as error:
        raise StateInvalid("what the window found is no JSON any more") from error
