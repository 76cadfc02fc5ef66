"""What `maintenance check` looks at: one function per neighbour, each with a limit of its own.

A probe changes nothing. One that gets no answer in time says "unknown": a silent server is not known
to be away.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.cli.exits import Exit
from guard.cli.failures import failure_of
from guard.cli.render import hide_secrets
from guard.errors import StateMissing, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from guard.settings import Settings
    from guard.store.redis.plane import RedisControlPlane

__all__ = ["Finding", "Verdict", "probe_all"]

_LIMIT_SECONDS = 8.0
_CONNECT_SECONDS = 3.0


class Verdict(StrEnum):
    """What a check found."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check. `exit_if_bad` is the exit code that a failure asks for."""

    name: str
    verdict: Verdict
    note: str
    exit_if_bad: Exit = Exit.AWAY

    @property
    def exit(self) -> Exit:
        """The exit code that this finding asks for."""
        if self.verdict is Verdict.PASS:
            return Exit.DONE
        return self.exit_if_bad if self.verdict is Verdict.FAIL else Exit.UNCONFIRMED

    def to_dict(self) -> dict[str, str]:
        """Plain JSON types."""
        return {"name": self.name, "verdict": self.verdict.value, "note": self.note}


def probe_all(settings: Settings, app: Celery | None) -> list[Finding]:
    """Look at everything. Without an app its broker and result backend are unknown."""
    broker_url = str(app.conf.broker_write_url or app.conf.broker_url or "") if app is not None else ""
    plane = _plane(settings, broker_url)
    durable_url, plane_url = hide_secrets(str(settings.database_url)), hide_secrets(plane[0])
    findings = [
        _limited("durable store", durable_url, lambda: _durable(settings)),
        _limited("control plane", plane_url, lambda: _control_plane(plane[1])),
        _limited("workers", "registry", lambda: _workers(plane[1])),
    ]
    if app is not None:
        findings += [
            _limited("broker", hide_secrets(broker_url), lambda: _broker(app)),
            _limited(
                "result backend", hide_secrets(str(app.conf.result_backend or "")), lambda: _backend(app)
            ),
        ]
    return [*findings, _local_close(settings)]


def _plane(settings: Settings, broker_url: str) -> tuple[str, RedisControlPlane]:
    from guard.store.redis.keys import Keys
    from guard.store.redis.plane import RedisControlPlane

    url = settings.control_plane_url(broker_url)
    keys = Keys(settings.guard_namespace)
    return str(url), RedisControlPlane(url, keys, secret=settings.secret, timeout=_CONNECT_SECONDS)


def _limited(name: str, where: str, look: Callable[[], tuple[Verdict, str]]) -> Finding:
    """Look, for a limited time; errors become a failure."""
    found: list[tuple[Verdict, str]] = []

    def run() -> None:
        try:
            found.append(look())
        except Exception as error:  # noqa: BLE001 - each neighbour's client has errors of its own
            failure = failure_of(error)
            what = str(error) if isinstance(error, StoreError) else failure and failure.message
            found.append((Verdict.FAIL, str(what or type(error).__name__)))

    thread = threading.Thread(target=run, daemon=True, name=f"probe {name}")
    thread.start()
    thread.join(_LIMIT_SECONDS)
    verdict, note = found[0] if found else (Verdict.UNKNOWN, f"no answer within {_LIMIT_SECONDS:g} s")
    return Finding(name, verdict, f"{note} ({where})" if where else note)


def _durable(settings: Settings) -> tuple[Verdict, str]:
    from guard.clock import SystemClock
    from guard.store.sql.migrate import SchemaState, schema_state
    from guard.store.sql.store import SqlStore

    url = str(settings.database_url)
    store = SqlStore(url, clock=SystemClock(), auto_migrate=False, timeout=_CONNECT_SECONDS)
    schema = schema_state(store.engine)
    if schema is SchemaState.READY:
        state = store.read()
        return Verdict.PASS, f"answers, tables are ready, epoch {state.epoch}, {state.phase.value}"
    if schema is SchemaState.MISSING and url.startswith("sqlite"):
        return Verdict.PASS, "answers, its tables are made at first use"
    return Verdict.FAIL, f"answers, its tables are {schema.value}: run `maintenance migrate`"


def _control_plane(plane: RedisControlPlane) -> tuple[Verdict, str]:
    try:
        state = plane.read()
    except StateMissing:
        return (
            Verdict.UNKNOWN,
            "answers and holds no guard state yet; closed until a worker or a change writes it",
        )
    policy = plane.eviction_policy()
    if policy is not None and policy.startswith("allkeys-"):
        return Verdict.FAIL, f"answers, but may evict guard keys (maxmemory-policy {policy}): use noeviction"
    return Verdict.PASS, f"answers, epoch {state.epoch}, {state.phase.value}"


def _workers(plane: RedisControlPlane) -> tuple[Verdict, str]:
    workers = [entry for entry in plane.roster() if entry.card.role == "worker"]
    refusing = [f"{entry.card.node}: {entry.card.problem}" for entry in workers if entry.card.problem]
    if refusing:
        return Verdict.FAIL, f"refuse guarded work: {'; '.join(refusing)}"
    if not workers:
        return Verdict.UNKNOWN, "none is registered"
    return (
        Verdict.PASS,
        f"{len(workers)} registered: {', '.join(sorted(entry.card.node for entry in workers))}",
    )


def _broker(app: Celery) -> tuple[Verdict, str]:
    with app.connection_for_write(connect_timeout=_CONNECT_SECONDS) as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=int(_CONNECT_SECONDS))
    return Verdict.PASS, "answers"


def _backend(app: Celery) -> tuple[Verdict, str]:
    from celery.backends.base import DisabledBackend

    backend: Any = app.backend
    if isinstance(backend, DisabledBackend):
        return Verdict.UNKNOWN, "none is configured: `maintenance job` cannot tell how a job ended"
    app.AsyncResult(str(uuid.uuid4())).state  # noqa: B018 - asks the backend
    return Verdict.PASS, "answers"


def _local_close(settings: Settings) -> Finding:
    from guard.bootstrap import local_close_file

    path = local_close_file(settings)
    if path.exists():
        note = f"this machine is closed by {path}: `maintenance close-local --open` removes it"
        return Finding("local close", Verdict.FAIL, note, Exit.NOT_NOW)
    return Finding("local close", Verdict.PASS, f"not closed here ({path})")
