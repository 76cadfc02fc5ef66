"""The fence: a last check inside the job's own database transaction.

No lease can stop code that has passed the gate on a machine that was then frozen (reliability notes,
I1b). Such a job can be stopped only where it writes: it reads the guard state inside its own
transaction, with a shared lock, so that a window either waits for this transaction or is seen by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from guard.core.modes import CLOSED_PHASES, Mode
from guard.errors import MaintenanceActive, StateMissing
from guard.store.sql.rows import state_of
from guard.store.sql.schema import STATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from guard.core.scope import Scope

__all__ = ["look_through_fence"]


def look_through_fence(connection: Connection, *, is_about_this_job: Callable[[Scope], bool]) -> None:
    """Raise unless no window blocks this job now, and keep it so until this transaction ends.

    On MySQL and MariaDB it takes a shared lock on one row; on SQLite the transaction itself excludes other
    writers.

    Args:
        is_about_this_job: whether a scope covers the job that asks.

    Raises:
        MaintenanceActive: a window is open. Roll back.
        StateMissing: this database holds no guard state.
    """
    query: Any = select(STATE).where(STATE.c.id == 1)
    if connection.dialect.name != "sqlite":
        query = query.with_for_update(read=True)
    try:
        row = connection.execute(query).first()
    except (OperationalError, ProgrammingError) as error:
        if inspect(connection).has_table(STATE.name):
            raise
        raise StateMissing("this database has no guard_state table") from error
    if row is None:
        raise StateMissing("this database holds no guard state")
    state = state_of(row)
    if state.phase in CLOSED_PHASES and state.mode is not Mode.TEST and is_about_this_job(state.terms.scope):
        raise MaintenanceActive(
            "Maintenance began before this job could write",
            operation="unknown",
            mode=state.mode.value if state.mode else None,
            reason=state.reason,
            retry_after=60,
            epoch=state.epoch,
        )
