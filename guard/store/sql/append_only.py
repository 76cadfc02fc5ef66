"""Triggers that keep the journal append-only, against mistakes: an UPDATE or DELETE by hand is refused.

They are no defence against somebody who may drop them, nor against TRUNCATE, which asks no trigger; the chain
finds what they did. Where the database user may not make triggers everything works without, and
`maintenance audit verify` says that they are missing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["drop_triggers", "has_triggers", "make_triggers"]

log = logging.getLogger(__name__)

_UPDATE, _DELETE = "guard_audit_no_update", "guard_audit_no_delete"
_WORDS = "guard_audit is append-only: rows go by GUARD_JOURNAL_DAYS alone"
_CUT_TO = "COALESCE((SELECT cut_to FROM guard_audit_head WHERE id = 1), 0)"
_WHEN_SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS {} BEFORE {} ON guard_audit WHEN {} "
    "BEGIN SELECT RAISE(ABORT, '{}'); END"
)
_WHEN_MYSQL = (
    "CREATE TRIGGER {} BEFORE {} ON guard_audit FOR EACH ROW "
    "BEGIN IF {} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{}'; END IF; END"
)
_TRIGGERS = (
    (_UPDATE, "UPDATE", "OLD.number IS NOT NULL", _WORDS),
    (_DELETE, "DELETE", f"OLD.seq > {_CUT_TO}", _WORDS),
)


def make_triggers(connection: Connection) -> None:
    """Make those that are not there. Never raises: on failure the log says what is missing."""
    if has_triggers(connection) is not False:
        return
    try:
        statement = _WHEN_SQLITE if connection.dialect.name == "sqlite" else _WHEN_MYSQL
        for parts in _TRIGGERS:
            connection.exec_driver_sql(statement.format(*parts))
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        number = cause.args[0] if cause.args and isinstance(cause.args[0], int) else type(cause).__name__
        log.warning(
            "the journal has no triggers that keep it append-only: this database user may not make them (%s)",
            number,
        )


def has_triggers(connection: Connection) -> bool | None:
    """Whether both are there; None: this kind of database gets none, or it did not say."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    elif connection.dialect.name in {"mysql", "mariadb"}:
        query = (
            "SELECT trigger_name FROM information_schema.triggers "
            "WHERE trigger_schema = DATABASE() AND event_object_table = 'guard_audit'"
        )
    else:
        return None
    names = set(connection.execute(text(query)).scalars())
    return {_UPDATE, _DELETE} <= names


def drop_triggers(connection: Connection) -> None:
    """Drop those that are there."""
    for name in (_UPDATE, _DELETE) if connection.dialect.name in {"sqlite", "mysql", "mariadb"} else ():
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
