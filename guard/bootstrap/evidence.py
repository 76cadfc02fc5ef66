"""Evidence, wired. Loaded only by a process that collects some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from guard.evidence.connections import connections_part
from guard.evidence.database import database_part
from guard.evidence.logs import log_parts
from guard.evidence.machine import machine_part
from guard.evidence.processes import processes_part
from guard.evidence.records import record_parts, settings_part
from guard.evidence.redis_snapshot import redis_parts
from guard.store.redis.client import redis_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.bootstrap.wiring import Wiring
    from guard.core.alerts import Alert
    from guard.core.history import JournalLine, WindowRecord
    from guard.core.parked import ParkedJob
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState
    from guard.evidence.parts import Part

__all__ = ["EvidenceWiring"]

_MIB = 2**20


class EvidenceWiring:
    """The collectors of one app."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def parts(self, logs: Sequence[str]) -> list[Part]:
        """All of them, what is gone soonest first; the databases, which take longest, last."""
        settings = self._wiring.settings
        most = settings.guard_evidence_log_mb * _MIB
        return [
            connections_part(),
            processes_part(),
            machine_part(),
            *record_parts(_Records(self._wiring)),
            settings_part(settings),
            *(part for name, url in self._redis().items() for part in redis_parts(name, url)),
            *log_parts([*settings.evidence_logs, *logs], most_bytes=most),
            database_part("database", str(settings.database_url)),
            *self._foreign_database(),
        ]

    def _foreign_database(self) -> list[Part]:
        settings = self._wiring.settings
        if not settings.has_foreign_database:
            return []
        return [database_part("application-database", str(settings.app_database_url))]

    def _redis(self) -> dict[str, str]:
        """Each server once, by the name of its first use."""
        settings, conf = self._wiring.settings, self._wiring.app.conf
        uses = {
            "redis": self._wiring.stores.redis_url,
            "session-redis": str(settings.guard_session_redis_url),
            "broker-redis": str(conf.broker_write_url or conf.broker_url or ""),
        }
        found: dict[str, str] = {}
        servers: set[str] = set()
        for name, url in uses.items():
            if not url.startswith(("redis://", "rediss://", "redis+socket://", "unix://")) or ";" in url:
                continue
            server = _server(url)
            if server not in servers:
                servers.add(server)
                found[name] = url
        return found


def _server(url: str) -> str:
    parts = urlsplit(redis_url(url))
    if parts.scheme == "unix":
        return parts.path
    return f"{parts.hostname}:{parts.port or 6379}"


class _Records:
    """What the guard knows, for the collectors."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def durable_state(self) -> GuardState:
        return self._wiring.stores.durable.read()

    def live_state(self) -> GuardState:
        return self._wiring.stores.plane.read()

    def status(self) -> dict[str, Any]:
        return self._wiring.guard().status().to_dict()

    def workers(self) -> list[RosterEntry] | None:
        return self._wiring.conducting.roster()

    def journal(self, limit: int, before: int | None) -> Sequence[JournalLine]:
        return self._wiring.stores.journal.lines(limit, before=before)

    def windows(self, limit: int) -> Sequence[WindowRecord]:
        return self._wiring.stores.durable.windows(limit)

    def alerts(self, limit: int) -> Sequence[Alert]:
        return self._wiring.stores.alerts.recent(limit)

    def parked(self, limit: int) -> Sequence[ParkedJob]:
        return self._wiring.stores.index.jobs(limit)
