"""The durable store: every change of the guard state is one transaction with its journal line.

The database decides races: `UPDATE … WHERE epoch = expected` touches one row or none.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guard.core.audit_chain import ChainKeys
from guard.core.configuration import drift
from guard.core.history import AuditRecord, WindowRecord
from guard.core.modes import Phase
from guard.core.roll import Fate, RollEntry
from guard.errors import SchemaNotReady, StaleEpoch, StateMissing
from guard.store.sql.audit_chain import append
from guard.store.sql.configuration import read_rows, write_rows
from guard.store.sql.engine import make_engine, patiently, reported
from guard.store.sql.found import keep_found
from guard.store.sql.migrate import migrate, require_schema
from guard.store.sql.outbox import write_deliveries
from guard.store.sql.rows import state_of, state_values
from guard.store.sql.schema import AUDIT, ROLL, STATE, WINDOWS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine, Row

    from guard.core.account import Account
    from guard.core.audit_chain import Head
    from guard.core.deliveries import Delivery
    from guard.core.state import GuardState
    from guard.ports import Clock

__all__ = ["SqlStore", "audit_record", "window_record"]

log = logging.getLogger(__name__)


class SqlStore:
    """The guard state, its history and its journal in SQL.

    Args:
        url: SQLAlchemy URL.
        clock: for the first state of a new installation.
        auto_migrate: create or complete the tables at first use; for SQLite, where nobody else would.
        keys: what the journal's links are made with; None: they are plain digests.
        on_head: called with the journal's new head after each transaction that wrote a row; must not raise.
        deliveries: from the old state and the new one to what people are told, which is written with it.
        before_telling: called before each transaction that people are told of; must not raise.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        auto_migrate: bool,
        timeout: float = 3.0,
        keys: ChainKeys | None = None,
        on_head: Callable[[Head], None] | None = None,
        deliveries: Callable[[GuardState, GuardState], Sequence[Delivery]] | None = None,
        before_telling: Callable[[], object] | None = None,
    ) -> None:
        self._url = url
        self.keys = keys if keys is not None else ChainKeys()
        self._on_head = on_head
        self.clock = clock
        self._auto_migrate = auto_migrate
        self._timeout = timeout
        self._deliveries = deliveries
        self._before_telling = before_telling
        self._ready = False

    @property
    def engine(self) -> Engine:
        """The engine of this process."""
        return make_engine(self._url, timeout=self._timeout)

    def close(self) -> None:
        """Close the connections of this process."""
        self.engine.dispose()

    def migrate(self) -> None:
        """Create or complete the tables."""
        migrate(self.engine, now=self.clock.wall(), keys=self.keys)
        self._ready = True

    def read(self) -> GuardState:
        self.require_ready()
        with reported():
            return self._read()

    @patiently
    def _read(self) -> GuardState:
        with self.engine.connect() as connection:
            return _current(connection)

    def compare_and_set(self, expected_epoch: int, new: GuardState) -> None:
        record = AuditRecord(
            at=new.changed_at, actor=new.by, action="compare and set", epoch=new.epoch, outcome="done"
        )
        self.change(expected_epoch, new, record)

    def change(self, expected_epoch: int, new: GuardState, record: AuditRecord) -> None:
        self.require_ready()
        self.prepare_telling()
        with reported():
            self._tell(self._change(expected_epoch, new, record))

    def prepare_telling(self) -> None:
        """Before a transaction that people are told of: whoever makes the messages may read what that takes
        now. In the transaction it must read nothing: SQLite has one writer at a time, and every transaction
        of ours is one, so that a second connection would wait for the first."""
        if self._before_telling is not None:
            self._before_telling()

    def _tell(self, head: Head | None) -> None:
        if head is not None and self._on_head is not None:
            self._on_head(head)

    @patiently
    def _change(self, expected_epoch: int, new: GuardState, record: AuditRecord) -> Head | None:
        with self.engine.begin() as connection:
            old = _current(connection)
            updated = connection.execute(
                STATE.update()
                .where(STATE.c.id == 1, STATE.c.epoch == expected_epoch)
                .values(**state_values(new))
            )
            if updated.rowcount != 1:
                found = _current(connection)
                if found == new:  # our own write, whose answer was lost: the retry finds it done
                    return None
                raise StaleEpoch(expected=expected_epoch, found=found.epoch)
            if _opens(new, record) and record.outcome == "done":
                keep_found(connection, old, new)
            _write_window(connection, new, record)
            write_deliveries(connection, self._deliveries_of(old, new))
            # A wish that somebody wrote into the rows a moment ago outlives a mere change of phase. While no
            # window is open the rows say so, and what else they hold is left as it is.
            if old.is_active != new.is_active or (
                new.is_active and drift(read_rows(connection), old) is None
            ):
                write_rows(connection, new)
            return append(connection, record, self.keys)

    def _deliveries_of(self, old: GuardState, new: GuardState) -> Sequence[Delivery]:
        if self._deliveries is None:
            return ()
        try:
            return self._deliveries(old, new)
        except Exception:  # no message is a reason to leave a gate open
            log.exception("nobody will be told of epoch %d", new.epoch)
            return ()

    def journal(self, record: AuditRecord) -> None:
        self.require_ready()
        with reported():
            self._tell(self._journal(record))

    @patiently
    def _journal(self, record: AuditRecord) -> Head:
        with self.engine.begin() as connection:
            return append(connection, record, self.keys)

    def records(self, limit: int) -> list[AuditRecord]:
        """The last journal lines, newest first."""
        self.require_ready()
        with reported(), self.engine.connect() as connection:
            found = connection.execute(select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit))
            return [audit_record(row) for row in found]

    def latest(self, action: str, limit: int) -> list[AuditRecord]:
        self.require_ready()
        query = select(AUDIT).where(AUDIT.c.action == action).order_by(AUDIT.c.seq.desc()).limit(limit)
        with reported(), self.engine.connect() as connection:
            return [audit_record(row) for row in connection.execute(query)]

    def window(self, window_id: str) -> WindowRecord | None:
        self.require_ready()
        with reported(), self.engine.connect() as connection:
            row = connection.execute(select(WINDOWS).where(WINDOWS.c.window_id == window_id)).first()
            return window_record(row) if row else None

    def windows(self, limit: int) -> list[WindowRecord]:
        self.require_ready()
        with reported(), self.engine.connect() as connection:
            found = connection.execute(select(WINDOWS).order_by(WINDOWS.c.started_at.desc()).limit(limit))
            return [window_record(row) for row in found]

    def enrol(self, window_id: str, entries: Sequence[RollEntry]) -> None:
        self.require_ready()
        known = {entry.agent_id for entry in self.roll(window_id)}
        rows = [
            {**asdict(entry), "fate": entry.fate.value, "window_id": window_id}
            for entry in entries
            if entry.agent_id not in known
        ]
        with reported():
            try:
                self._enrol(rows)
            except IntegrityError:  # another process was faster, with some of them
                for row in rows:
                    with suppress(IntegrityError):
                        self._enrol([row])

    @patiently
    def _enrol(self, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            with self.engine.begin() as connection:
                connection.execute(ROLL.insert(), rows)

    def roll(self, window_id: str) -> list[RollEntry]:
        self.require_ready()
        with reported(), self.engine.connect() as connection:
            found = connection.execute(
                select(ROLL).where(ROLL.c.window_id == window_id).order_by(ROLL.c.node, ROLL.c.agent_id)
            )
            return [
                RollEntry(
                    agent_id=row.agent_id,
                    node=row.node,
                    host=row.host,
                    pid=row.pid,
                    machine=row.machine,
                    page=row.page,
                    fate=Fate(row.fate),
                )
                for row in found
            ]

    def settle(self, window_id: str, agent_id: str, fate: Fate) -> bool:
        self.require_ready()
        with reported(), self.engine.begin() as connection:
            expected = (ROLL.c.window_id == window_id, ROLL.c.agent_id == agent_id, ROLL.c.fate == "")
            changed = connection.execute(ROLL.update().where(*expected).values(fate=fate.value))
            return changed.rowcount == 1

    def close_books(self, window_id: str, account: Account) -> None:
        self.require_ready()
        with reported(), self.engine.begin() as connection:
            connection.execute(
                WINDOWS.update()
                .where(WINDOWS.c.window_id == window_id)
                .values(account=json.dumps(account.to_fields(), sort_keys=True))
            )

    def configuration_rows(self) -> dict[str, str | None]:
        self.require_ready()
        with reported(), self.engine.connect() as connection:
            return read_rows(connection)

    def write_configuration_rows(self, state: GuardState) -> None:
        self.require_ready()
        with reported(), self.engine.begin() as connection:
            write_rows(connection, state)

    def require_ready(self) -> None:
        if self._ready:
            return
        try:
            require_schema(self.engine)
        except SchemaNotReady:
            if not self._auto_migrate:
                raise
            self.migrate()
        self._ready = True


def _current(connection: Connection) -> GuardState:
    row = connection.execute(select(STATE).where(STATE.c.id == 1)).first()
    if row is None:
        raise StateMissing("the guard_state table has no row: run `celery -A yourapp maintenance migrate`")
    return state_of(row)


def _opens(state: GuardState, record: AuditRecord) -> bool:
    return record.action == "enable" and state.phase is Phase.CLOSING and state.mode is not None


def _write_window(connection: Connection, state: GuardState, record: AuditRecord) -> None:
    if _opens(state, record) and state.mode is not None:
        # A window that an unjournaled emergency has replaced ends with it.
        connection.execute(
            WINDOWS.update().where(WINDOWS.c.ended_at.is_(None)).values(ended_at=record.at, ended_by=state.by)
        )
        connection.execute(
            WINDOWS.insert().values(
                window_id=state.window_id,
                mode=state.mode.value,
                reason=state.reason,
                opened_by=state.by,
                started_at=state.started_at,
                duration=state.duration,
                ended_by="",
                account="{}",
            )
        )
    elif state.phase is Phase.RELEASING:
        connection.execute(
            WINDOWS.update()
            .where(WINDOWS.c.window_id == state.window_id, WINDOWS.c.ended_at.is_(None))
            .values(ended_at=state.changed_at, ended_by=state.by)
        )
    elif state.is_active and state.mode is not None:  # as it was last changed
        connection.execute(
            WINDOWS.update()
            .where(WINDOWS.c.window_id == state.window_id, WINDOWS.c.ended_at.is_(None))
            .values(mode=state.mode.value, reason=state.reason, duration=state.duration)
        )


def audit_record(row: Row[Any]) -> AuditRecord:
    """A row of the journal as a value."""
    return AuditRecord(
        at=row.at,
        actor=row.actor,
        action=row.action,
        epoch=row.epoch,
        outcome=row.outcome,
        detail=json.loads(row.detail),
    )


def window_record(row: Row[Any]) -> WindowRecord:
    """A row of the history as a value."""
    return WindowRecord(
        window_id=row.window_id,
        mode=row.mode,
        reason=row.reason,
        by=row.opened_by,
        started_at=row.started_at,
        duration=row.duration,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        account=json.loads(row.account),
    )
