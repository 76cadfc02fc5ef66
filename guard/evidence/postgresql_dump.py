"""PostgreSQL: by `pg_dump`, as text that `psql` reads back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.evidence.parts import Missing
from guard.evidence.sizes import ask_size
from guard.evidence.tools import find_tool, inherited, private_file

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from guard.evidence.sink import Sink

__all__ = ["postgresql_dump", "postgresql_environment", "postgresql_size"]

_OPTIONS = ("--no-password", "--encoding=UTF8", "--lock-wait-timeout=30s")
_SIZE = "SELECT pg_database_size(current_database())"
_PASSED_ON = {
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL", "host": "PGHOST", "port": "PGPORT", "options": "PGOPTIONS",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}  # fmt: skip


def postgresql_dump(url: URL, sink: Sink) -> str:
    """Write a dump that `psql` reads back into an empty database."""
    if not url.database:
        raise Missing("the address names no database")
    tool = find_tool("pg_dump")
    with private_file(_password_file(url)) as passwords:
        sink.run([tool, *_OPTIONS], environment=inherited() | postgresql_environment(url, passwords))
    return ""


def postgresql_size(url: URL) -> int | None:
    """About how many bytes it has; None when the server does not say."""
    return ask_size(url, _SIZE)


def postgresql_environment(url: URL, passwords: str) -> dict[str, str]:
    """What says where the server is, as libpq reads it; the password is in a file."""
    query = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    values = {
        "PGHOST": url.host or "",
        "PGPORT": str(url.port or ""),
        "PGUSER": url.username or "",
        "PGDATABASE": url.database or "",
        "PGCONNECT_TIMEOUT": "10",
        "PGPASSFILE": passwords,
    }
    values |= {ours: query[name] for name, ours in _PASSED_ON.items() if query.get(name)}
    return {name: value for name, value in values.items() if value}


def _password_file(url: URL) -> str:
    password = str(url.password or "")
    if "\n" in password:
        raise Missing("the password has a line break in it, which no password file can hold")
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    return f"*:*:*:*:{escaped}\n"
