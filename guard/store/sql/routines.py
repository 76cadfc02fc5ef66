"""Turns of routines and their locks, in SQL.

Rules of this file:

- Taking a lock makes its fence grow. Whatever is written about a run is written in a transaction that first
  touches the lock's row and finds the fence unchanged; a runner whose lock was taken over is refused.
- A lock that has run out may be taken by anybody. Clocks of machines may differ by seconds: that makes a lock
  shorter or longer, and the fence still lets one of two runners write.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from guard.core.routine_result import RoutineResult, RoutineRun
from guard.core.routines import Outcome, Run
from guard.store.sql.engine import patiently, reported
from guard.store.sql.schema import ROUTINE_LOCKS, ROUTINES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection, Row

    from guard.store.sql.store import SqlStore

__all__ = ["Hold", "SqlRoutines", "run_of"]

_LONGEST_HOLDER = 100
_LEFT = (Outcome.RUNNING.value, Outcome.ABANDONED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A lock that was taken, and its fencing epoch."""

    name: str
    fence: int
    holder: str


class SqlRoutines:
    """The routines of one installation. Every call may raise StoreUnavailable."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    # -- the lock --------------------------------------------------------------------------------

    def take(self, name: str, *, holder: str, now: float, seconds: float) -> Hold | None:
        """The lock of a routine for so many seconds, or None while somebody has it.

        Args:
            holder: who takes it; another text at each taking.
        """
        self._durable.require_ready()
        with reported():
            return self._take(name, holder[:_LONGEST_HOLDER], now, now + seconds)

    @patiently
    def _take(self, name: str, holder: str, now: float, until: float) -> Hold | None:
        values = {"holder": holder, "until": until}
        with self._durable.engine.begin() as connection:
            taken = connection.execute(
                ROUTINE_LOCKS.update()
                .where(ROUTINE_LOCKS.c.name == name, ROUTINE_LOCKS.c.until <= now)
                .values(fence=ROUTINE_LOCKS.c.fence + 1, **values)
            )
            row = connection.execute(select(ROUTINE_LOCKS).where(ROUTINE_LOCKS.c.name == name)).first()
            if row is not None:
                # Ours too when the answer to our own writing was lost and this is the second try.
                ours = taken.rowcount == 1 or row.holder == holder
                return Hold(name=name, fence=int(row.fence), holder=holder) if ours else None
        try:
            with self._durable.engine.begin() as connection:
                connection.execute(ROUTINE_LOCKS.insert().values(name=name, fence=1, **values))
        except IntegrityError:
            return None  # another process was faster
        return Hold(name=name, fence=1, holder=holder)

    def give_back(self, hold: Hold) -> None:
        """Let the next one have it. Nothing happens to a lock that another has taken over."""
        with reported(), self._durable.engine.begin() as connection:
            connection.execute(ROUTINE_LOCKS.update().where(*_unchanged(hold)).values(until=0.0))

    # -- turns -----------------------------------------------------------------------------------

    def begin(self, hold: Hold, *, due_at: float, now: float, is_for_a_time: bool = True) -> int | None:
        """Write that a run begins. Gives its number; None, and nothing written, when the lock was lost or
        this time has been handled.

        Args:
            is_for_a_time: False for what runs by interval: it is refused by no run of a clock that was ahead.
        """
        return self._enter(
            hold,
            due_at=due_at,
            began_at=now,
            ended_at=None,
            outcome=Outcome.RUNNING,
            is_for_a_time=is_for_a_time,
        )

    def note(self, hold: Hold, *, due_at: float, outcome: Outcome, why: str, now: float) -> bool:
        """Write a turn that was no run: skipped, missed, first seen. False as `begin` gives None."""
        entered = self._enter(hold, due_at=due_at, began_at=now, ended_at=now, outcome=outcome, why=why)
        return entered is not None

    def _enter(
        self,
        hold: Hold,
        *,
        due_at: float,
        began_at: float,
        ended_at: float | None,
        outcome: Outcome,
        why: str = "",
        is_for_a_time: bool = True,
    ) -> int | None:
        values = {
            "name": hold.name,
            "due_at": due_at,
            "began_at": began_at,
            "ended_at": ended_at,
            "outcome": outcome.value,
            "fence": hold.fence,
            "result": json.dumps({"why": why} if why else {}),
        }
        with reported(), self._durable.engine.begin() as connection:
            if not _still_held(connection, hold):
                return None
            if is_for_a_time and _is_handled(connection, hold.name, due_at):
                return None
            _abandon(connection, hold, now=began_at)
            entered = connection.execute(ROUTINES.insert().values(**values))
            key: Any = entered.inserted_primary_key
            return int(key[0])

    def finish(self, hold: Hold, seq: int, *, result: RoutineResult, now: float) -> bool:
        """Store the result of a run. False, and nothing stored, when the lock was taken over meanwhile."""
        with reported():
            return self._finish(hold, seq, result, now)

    @patiently
    def _finish(self, hold: Hold, seq: int, result: RoutineResult, now: float) -> bool:
        with self._durable.engine.begin() as connection:
            if not _still_held(connection, hold):
                return False
            changed = connection.execute(
                ROUTINES.update()
                .where(ROUTINES.c.seq == seq, ROUTINES.c.fence == hold.fence)
                .values(
                    ended_at=now,
                    outcome=result.outcome.value,
                    result=json.dumps(result.to_dict(), sort_keys=True, default=str),
                )
            )
            return changed.rowcount == 1

    def give_up(self, hold: Hold, *, now: float) -> bool:
        """Write that the run which was left behind will not be repeated. False when the lock was lost."""
        with reported(), self._durable.engine.begin() as connection:
            if not _still_held(connection, hold):
                return False
            _abandon(connection, hold, now=now)
            return True

    # -- questions -------------------------------------------------------------------------------

    def last_ran(self, names: Collection[str]) -> float | None:
        """When one of these routines was last due and begun, UTC seconds; None: never."""
        self._durable.require_ready()
        query = select(func.max(ROUTINES.c.due_at)).where(ROUTINES.c.name.in_(names))
        with reported(), self._durable.engine.connect() as connection:
            found: float | None = connection.execute(query).scalar()
        return found

    def last_turns(self) -> dict[str, Run]:
        """The last turn of each routine, with the attempts at it and the lock."""
        self._durable.require_ready()
        newest, last = select(func.max(ROUTINES.c.seq)).group_by(ROUTINES.c.name), ROUTINES.alias()
        same = (ROUTINES.c.name == last.c.name) & (ROUTINES.c.due_at == last.c.due_at)
        query = (
            select(ROUTINES.c.name, ROUTINES.c.due_at, ROUTINES.c.outcome, ROUTINE_LOCKS.c.until)
            .join(last, same)
            .where(last.c.seq.in_(newest))
            .outerjoin(ROUTINE_LOCKS, ROUTINE_LOCKS.c.name == ROUTINES.c.name)
            .order_by(ROUTINES.c.seq)
        )
        turns: dict[str, Run] = {}
        with reported(), self._durable.engine.connect() as connection:
            for row in connection.execute(query):
                before = turns.get(row.name)
                turns[row.name] = Run(
                    due_at=row.due_at,
                    outcome=Outcome(row.outcome),
                    attempts=(before.attempts + 1) if before is not None else 1,
                    held_until=row.until or 0.0,
                )
        return turns

    def runs(self, name: str, limit: int, *, since: float = 0.0) -> list[RoutineRun]:
        """The last turns of a routine that were due after a moment, newest first, notes included."""
        self._durable.require_ready()
        query = (
            select(ROUTINES)
            .where(ROUTINES.c.name == name, ROUTINES.c.due_at > since)
            .order_by(ROUTINES.c.seq.desc())
            .limit(limit)
        )
        with reported(), self._durable.engine.connect() as connection:
            return [run_of(row) for row in connection.execute(query)]

    def last_result(self, name: str, *, before: float) -> RoutineRun | None:
        """The last run that was due before a moment and has a result."""
        done = (Outcome.DONE.value, Outcome.UNKNOWN.value)
        query = (
            select(ROUTINES)
            .where(ROUTINES.c.name == name, ROUTINES.c.due_at < before, ROUTINES.c.outcome.in_(done))
            .order_by(ROUTINES.c.due_at.desc(), ROUTINES.c.seq.desc())
            .limit(1)
        )
        with reported(), self._durable.engine.connect() as connection:
            row = connection.execute(query).first()
            return run_of(row) if row is not None else None


def _unchanged(hold: Hold) -> tuple[Any, ...]:
    return (ROUTINE_LOCKS.c.name == hold.name, ROUTINE_LOCKS.c.fence == hold.fence)


def _still_held(connection: Connection, hold: Hold) -> bool:
    """Lock the lock's row for this transaction, and see whether nobody has taken it over."""
    touched = connection.execute(
        ROUTINE_LOCKS.update().where(*_unchanged(hold)).values(fence=ROUTINE_LOCKS.c.fence)
    )
    return touched.rowcount == 1


def _is_handled(connection: Connection, name: str, due_at: float) -> bool:
    """Whether this time or a later one was handled. One that was left behind may be run again."""
    later = select(ROUTINES.c.seq).where(
        ROUTINES.c.name == name,
        (ROUTINES.c.due_at > due_at) | ((ROUTINES.c.due_at == due_at) & ROUTINES.c.outcome.notin_(_LEFT)),
    )
    return connection.execute(later.limit(1)).first() is not None


def _abandon(connection: Connection, hold: Hold, *, now: float) -> None:
    """Whoever has the lock now is the only one: a run under a smaller fence was left behind."""
    connection.execute(
        ROUTINES.update()
        .where(
            ROUTINES.c.name == hold.name,
            ROUTINES.c.outcome == Outcome.RUNNING.value,
            ROUTINES.c.fence < hold.fence,
        )
        .values(outcome=Outcome.ABANDONED.value, ended_at=now)
    )


def run_of(row: Row[Any]) -> RoutineRun:
    """A row as a value."""
    raw: Mapping[str, Any] = json.loads(row.result)
    outcome = Outcome(row.outcome)
    return RoutineRun(
        seq=row.seq,
        name=row.name,
        due_at=row.due_at,
        began_at=row.began_at,
        ended_at=row.ended_at,
        outcome=outcome,
        fence=row.fence,
        result=RoutineResult.from_dict(raw, outcome),
        why=str(raw.get("why", "")),
    )
