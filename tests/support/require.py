"""Decide what happens when a server is not installed: a loud skip on a laptop, a failure in CI."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

# Daemons live in sbin, which is not on an ordinary user's PATH.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])

BINARIES = {
    "redis": ("redis-server",),
    "mariadb": ("mariadbd", "mariadb-install-db"),
    "rabbitmq": ("rabbitmq-server", "epmd"),
}


def find_binary(name: str) -> Path | None:
    """Return the path of a program, looking into the sbin folders as well."""
    found = shutil.which(name, path=SEARCH_PATH)
    return Path(found) if found else None


def require_binary(name: str) -> Path:
    """Return the path of a program, or skip the test (fail it under GUARD_REQUIRE_SERVERS=1)."""
    found = find_binary(name)
    if found is None:
        _missing(name)
    assert found is not None
    return found


def require_server(server: str) -> None:
    """Go on only if all programs of `server` (redis, mariadb, rabbitmq) are installed."""
    for name in BINARIES[server]:
        require_binary(name)


def require_postgresql() -> Path:
    """Return the folder of PostgreSQL's programs: Debian has one for each major version, off every PATH."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not folders:
        return require_binary("initdb").parent
    return max(folders, key=lambda folder: int(folder.parent.name))


def _missing(name: str) -> None:
    reason = (
        f"NOT TESTED: the program `{name}` is not installed. Run tests/support/install_servers.sh as root; "
        "GUARD_REQUIRE_SERVERS=1 turns this skip into a failure"
    )
    if os.environ.get("GUARD_REQUIRE_SERVERS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
