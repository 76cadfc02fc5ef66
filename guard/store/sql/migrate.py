"""Bring the guard's tables up to date, or say what is wrong with them."""

from __future__ import annotations

import threading
import uuid
from contextlib import contextmanager, suppress
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from guard.core.audit_chain import ChainKeys
from guard.core.state import GuardState
from guard.errors import SchemaNotReady, StoreUnavailable
from guard.store.sql.append_only import make_triggers
from guard.store.sql.configuration import create_rows
from guard.store.sql.engine import migrating, patiently, reported
from guard.store.sql.names import VERSION_TABLE, only_adds, revisions
from guard.store.sql.rows import state_of, state_values
from guard.store.sql.schema import METADATA, STATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from sqlalchemy import Connection

__all__ = ["SchemaState", "migrate", "require_schema", "schema_state"]


_OTHERS_WITHIN = 20
"""Seconds for which a migration waits for somebody else to leave a table alone, or to end a migration."""

_ONE_AT_A_TIME = threading.Lock()
"""Alembic's context belongs to the whole process."""


class SchemaState(StrEnum):
    """What the database's tables look like to this release."""

    READY = "ready"
    MISSING = "missing"
    HALF = "half migrated"
    NEWER = "newer than this release"


def schema_state(engine: Engine) -> SchemaState:
    """Compare tables and version with what this release needs. Those to which a later release only added are
    ready too."""
    with reported(), engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        version = _version(connection) if VERSION_TABLE in tables else None
        seeded = STATE.name in tables and connection.execute(select(STATE.c.epoch)).first() is not None
    present = {table.name for table in METADATA.tables.values()} & tables
    if version is None and not present:
        return SchemaState.MISSING
    known = revisions()
    complete = len(present) == len(METADATA.tables) and seeded
    if version is not None and version not in known:
        return SchemaState.READY if complete and only_adds(version) else SchemaState.NEWER
    return SchemaState.READY if complete and version == known[-1] else SchemaState.HALF


def require_schema(engine: Engine) -> None:
    """Raise SchemaNotReady, with the remedy, unless the tables are as this release needs them."""
    found = schema_state(engine)
    if found is SchemaState.READY:
        return
    remedy = (
        "install the release that migrated it"
        if found is SchemaState.NEWER
        else "run `celery -A yourapp maintenance migrate`"
    )
    raise SchemaNotReady(f"the guard's tables are {found.value}: {remedy}")


def migrate(engine: Engine, *, now: float, keys: ChainKeys | None = None) -> None:
    """Create or complete the tables and the first state. Safe to run twice and by several at once.

    Args:
        keys: what the journal's rows of before are chained with; None: they get plain digests.

    Raises:
        SchemaNotReady: the tables are newer than this release; nothing was changed.
        StoreUnavailable: the database did not answer, or somebody else is at its tables. What was done stays,
            and the next call completes it.
    """
    if schema_state(engine) is SchemaState.NEWER:
        require_schema(engine)
    with reported(), _ONE_AT_A_TIME:
        _upgrade(engine, now, keys or ChainKeys())


@patiently
def _upgrade(engine: Engine, now: float, keys: ChainKeys) -> None:
    from alembic import command

    with migrating(engine) as connection, _alone(connection):
        if only_adds(_version_of(connection)):
            return  # a later release was here: there is nothing that this one could add
        config = _config()
        config.attributes["connection"] = connection
        config.attributes["chain_keys"] = keys
        command.upgrade(config, "head")
        # A table that was lost after its migration had run: Alembic has nothing to do there.
        METADATA.create_all(connection)
        connection.commit()
        _seed(connection, now)
        connection.commit()
        make_triggers(connection)
        connection.commit()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Several workers may start at once: the first holds a named lock, the others find the work done.
    In SQLite the migration is one transaction, which does the same by itself."""
    if connection.dialect.name not in {"mysql", "mariadb"}:
        yield
        return
    # Everybody else waits behind a migration that waits for a table, and the server's own limit is a day.
    connection.execute(text(f"SET SESSION lock_wait_timeout = {_OTHERS_WITHIN}"))
    locked = text(f"SELECT GET_LOCK('guard_migration', {_OTHERS_WITHIN})")
    if connection.execute(locked).scalar() != 1:
        raise StoreUnavailable(
            f"another process has been migrating the guard's tables for {_OTHERS_WITHIN} seconds: "
            "wait for it (SHOW PROCESSLIST lists its statement), then migrate again"
        )
    try:
        yield
    finally:
        # A connection that was lost has given the lock back; what lost it is what must be heard of.
        with suppress(SQLAlchemyError):
            connection.rollback()
            connection.execute(text("SELECT RELEASE_LOCK('guard_migration')"))
            connection.commit()


def _seed(connection: Connection, now: float) -> None:
    # The rows' table first: on MySQL its creation commits what was written before it.
    row = connection.execute(select(STATE)).first()
    state = state_of(row) if row is not None else GuardState.first(str(uuid.uuid4()), now)
    create_rows(connection, state)
    if row is None:
        with suppress(IntegrityError), connection.begin_nested():  # another process may have been faster
            connection.execute(STATE.insert().values(id=1, **state_values(state)))


def _version_of(connection: Connection) -> str | None:
    return _version(connection) if inspect(connection).has_table(VERSION_TABLE) else None


def _version(connection: Connection) -> str | None:
    quoted = connection.dialect.identifier_preparer.quote(VERSION_TABLE)
    row = connection.execute(text(f"SELECT version_num FROM {quoted}")).first()  # noqa: S608 - a constant
    return str(row[0]) if row else None


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("guard.store.sql") / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
