"""The guard's tables. The application's own tables belong to it and are never migrated.

Only what MySQL 8, MariaDB 10.6 and SQLite have in common is used.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

__all__ = ["AUDIT", "METADATA", "ROLL", "STATE", "WINDOWS"]

METADATA = MetaData()

_BIG = BigInteger().with_variant(Integer, "sqlite")
_MYSQL: Any = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
}

STATE = Table(
    "guard_state",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", _BIG, nullable=False),
    Column("phase", String(20), nullable=False),
    Column("mode", String(20)),
    Column("window_id", String(36), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("changed_by", String(100), nullable=False),
    Column("started_at", Float(53)),
    Column("duration", Integer),
    Column("changed_at", Float(53), nullable=False),
    Column("store_id", String(36), nullable=False),
    Column("terms", Text),
    **_MYSQL,
)

WINDOWS = Table(
    "guard_windows",
    METADATA,
    Column("window_id", String(36), primary_key=True),
    Column("mode", String(20), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("opened_by", String(100), nullable=False),
    Column("started_at", Float(53), nullable=False),
    Column("duration", Integer),
    Column("ended_at", Float(53)),
    Column("ended_by", String(100), nullable=False, default=""),
    Column("account", Text, nullable=False),
    Index("ix_guard_windows_started_at", "started_at"),
    **_MYSQL,
)

AUDIT = Table(
    "guard_audit",
    METADATA,
    Column("seq", _BIG, primary_key=True, autoincrement=True),
    Column("at", Float(53), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(50), nullable=False),
    Column("epoch", _BIG, nullable=False),
    Column("outcome", String(50), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_guard_audit_at", "at"),
    **_MYSQL,
)

ROLL = Table(
    "guard_roll",
    METADATA,
    Column("window_id", String(36), primary_key=True),
    Column("agent_id", String(36), primary_key=True),
    Column("node", String(255), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("machine", String(80), nullable=False),
    Column("page", String(40), nullable=False),
    Column("fate", String(10), nullable=False),
    **_MYSQL,
)
