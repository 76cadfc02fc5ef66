"""MySQL and MariaDB: by `mariadb-dump` or `mysqldump`, in one transaction, without locking anybody out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.evidence.parts import Missing
from guard.evidence.sink import ToolFailed
from guard.evidence.sizes import ask_size
from guard.evidence.tools import find_tool, inherited, private_file

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from guard.evidence.sink import Sink

__all__ = ["mysql_dump", "mysql_size", "option_file"]

_TOOLS = ("mariadb-dump", "mysqldump")
_OPTIONS = (
    "--single-transaction", "--quick", "--skip-lock-tables", "--no-tablespaces", "--hex-blob", "--triggers",
    "--default-character-set=utf8mb4",
)  # fmt: skip
_CODE = ("--no-data", "--no-create-info", "--skip-triggers", "--routines", "--events")
"""Stored procedures and events: they take rights that the application's user often lacks, and without them
the tool gives up. So they are asked for by themselves, after the rows."""
_TLS = {"ssl_ca": "ssl-ca", "ssl_cert": "ssl-cert", "ssl_key": "ssl-key", "ssl_capath": "ssl-capath"}
_SIZE = "SELECT SUM(data_length) FROM information_schema.tables WHERE table_schema = DATABASE()"


def mysql_dump(url: URL, sink: Sink) -> str:
    """Write a dump that `mariadb` or `mysql` reads back into an empty database."""
    if not url.database:
        raise Missing("the address names no database")
    tool = find_tool(*_TOOLS)
    with private_file(option_file(url)) as options:
        # --defaults-file must come first, and keeps every other option file away.
        command = [tool, f"--defaults-file={options}", *_OPTIONS]
        sink.run([*command, "--", url.database], environment=inherited())
        try:
            sink.run([*command, *_CODE, "--", url.database], environment=inherited())
        except ToolFailed as error:
            return f"without stored procedures and events: {error.complaint}"
    return ""


def mysql_size(url: URL) -> int | None:
    """About how many bytes its rows are; None when the server does not say."""
    return ask_size(url, _SIZE)


def option_file(url: URL) -> str:
    """What says where the server is and how to sign in, as its tools read it."""
    query = {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}
    values = {
        "user": url.username or "",
        "password": str(url.password or ""),
        "host": url.host or "",
        "port": str(url.port or ""),
        "socket": query.get("unix_socket", ""),
        **{ours: query.get(name, "") for name, ours in _TLS.items()},
    }
    if any("\n" in value or "\0" in value for value in values.values()):
        raise Missing("the address has a line break in it, which no option file can hold")
    lines = [f"{name}={_quoted(value)}" for name, value in values.items() if value]
    return "\n".join(["[client]", *lines, *_tls(query), ""])


def _tls(query: dict[str, str]) -> list[str]:
    """As strict as the application is: with a CA the certificate is checked; without TLS nothing is promised.
    Of the two tools each knows one of these names, and `loose-` lets it skip the other."""
    if query.get("ssl_ca") or query.get("ssl_capath"):
        named = query.get("ssl_check_hostname", "true").lower() not in {"false", "0"}
        mode = "VERIFY_IDENTITY" if named else "VERIFY_CA"
        return [f"loose-ssl-mode={mode}", f"loose-ssl-verify-server-cert={int(named)}"]
    return ["loose-ssl-verify-server-cert=0"]


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
