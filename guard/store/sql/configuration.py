"""The guides' `configuration` rows, in whichever table the application keeps them.

The table may be the application's own (`configuration`, or `system_configuration` with more
columns); then its rows are updated and inserted with what its columns allow, and nothing of it is
migrated. When there is none, ours is made, in the guides' shape.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, MetaData, String, Table, Text, func, inspect, or_, select
from sqlalchemy.exc import DataError, IntegrityError

from guard.core.configuration import DESCRIPTIONS, rows_of
from guard.core.found import Row
from guard.store.sql.names import CONFIGURATION_TABLES

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from guard.core.difference import WriteRow
    from guard.core.state import GuardState

__all__ = ["create_rows", "read_all_rows", "read_rows", "restore_row", "write_rows"]

log = logging.getLogger(__name__)

_CATEGORY = "maintenance"


def create_rows(connection: Connection, state: GuardState) -> None:
    """Make sure there is a table and that its rows say this state. A table of that name which holds
    something else is the application's: it is left alone, and there is no view."""
    if _table(connection) is None and not inspect(connection).has_table(CONFIGURATION_TABLES[0]):
        Table(
            CONFIGURATION_TABLES[0],
            MetaData(),
            Column("key", String(100), primary_key=True),
            Column("value", Text),
            Column("description", Text),
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
        ).create(connection)
    write_rows(connection, state)


def read_rows(connection: Connection) -> dict[str, str | None]:
    """The five rows as they stand; empty without a table. Keys are compared without case, as MySQL does."""
    table = _table(connection)
    if table is None:
        return {}
    wanted = func.lower(table.c.key).in_(list(DESCRIPTIONS))
    return {
        row.key.lower(): row.value
        for row in connection.execute(select(table.c.key, table.c.value).where(wanted))
    }


def read_all_rows(connection: Connection) -> list[Row]:
    """The five rows, and those that the application has put into the category ``maintenance``; empty without
    a table. The keys of the five are in small letters, whatever the table has."""
    table = _table(connection)
    if table is None:
        return []
    sensitive = [table.c.is_sensitive] if "is_sensitive" in table.c else []
    query = select(table.c.key, table.c.value, *sensitive).where(_is_ours(table))
    return [
        Row(
            key=key.lower() if key.lower() in DESCRIPTIONS else key,
            value=None if value is None else str(value),
            sensitive=any(rest),
        )
        for key, value, *rest in connection.execute(query)
    ]


def restore_row(connection: Connection, row: WriteRow) -> str:
    """Write a row back that is there and is one of those above. A problem, or empty."""
    table = _table(connection)
    if table is None:
        return "there is no configuration table any more"
    same = func.lower(table.c.key) == row.key if row.key in DESCRIPTIONS else table.c.key == row.key
    update = table.update().where(same, _is_ours(table)).values(value=row.value, **_touched(table))
    try:
        with connection.begin_nested():
            written = connection.execute(update).rowcount
    except (DataError, IntegrityError) as error:
        return f"the table does not take it ({type(error.orig).__name__})"
    return "" if written else "there is no such row any more"


def _is_ours(table: Table) -> ColumnElement[bool]:
    guides = func.lower(table.c.key).in_(list(DESCRIPTIONS))
    if "category" not in table.c:
        return guides
    return or_(guides, table.c.category == _CATEGORY)


def write_rows(connection: Connection, state: GuardState) -> None:
    """Make the rows say this state. Does nothing without a table. They are a view: a column of the
    application's that is too short for a value must not keep a window from opening."""
    table = _table(connection)
    if table is None:
        return
    present = set(read_rows(connection))
    for key, value in rows_of(state).items():
        try:
            with connection.begin_nested():
                _write_row(connection, table, key, value, update=key in present)
        except (DataError, IntegrityError) as error:
            log.warning("the configuration row %s cannot be written (%s)", key, type(error.orig).__name__)


def _write_row(connection: Connection, table: Table, key: str, value: str, *, update: bool) -> None:
    if update:
        same = func.lower(table.c.key) == key
        connection.execute(table.update().where(same).values(value=value, **_touched(table)))
    elif _insertable(table):
        connection.execute(table.insert().values(key=key, value=value, **_described(table, key)))


def _table(connection: Connection) -> Table | None:
    inspector = inspect(connection)
    for name in CONFIGURATION_TABLES:
        if inspector.has_table(name):
            table = Table(name, MetaData(), autoload_with=connection)
            if {"key", "value"} <= set(table.c.keys()):
                return table
    return None


def _insertable(table: Table) -> bool:
    """Whether a row can be added with what we know: the original's table wants the id of a user."""
    ours = {"key", "value", "description", "data_type", "category", "updated_at", "created_at"}
    return all(
        column.nullable or column.primary_key or column.server_default is not None or column.name in ours
        for column in table.c
    )


def _described(table: Table, key: str) -> dict[str, Any]:
    known = {
        "description": DESCRIPTIONS[key],
        "data_type": "string",
        "category": _CATEGORY,
        **_touched(table),
    }
    if "created_at" in table.c:
        known["created_at"] = datetime.now(UTC).replace(tzinfo=None)
    return {name: value for name, value in known.items() if name in table.c}


def _touched(table: Table) -> dict[str, Any]:
    return {"updated_at": datetime.now(UTC).replace(tzinfo=None)} if "updated_at" in table.c else {}
