"""What `maintenance check` looks at: one function per neighbour. None of them changes anything."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from guard.cli.exits import Exit
from guard.cli.findings import Finding, Probe, Verdict, ask_all
from guard.errors import StateMissing
from guard.settings.masking import mask_url

if TYPE_CHECKING:
    from celery import Celery

    from guard.settings import Settings
    from guard.store.redis.plane import RedisControlPlane

__all__ = ["probe_all"]

_CONNECT_SECONDS = 3.0


def probe_all(settings: Settings, app: Celery | None) -> list[Finding]:
    """Look at everything. Without an app there is no broker and no result backend to look at."""
    broker_url = str(app.conf.broker_write_url or app.conf.broker_url or "") if app is not None else ""
    plane_url, plane = _plane(settings, broker_url)
    probes = [
        Probe("durable store", mask_url(str(settings.database_url)), lambda: _durable(settings)),
        Probe("control plane", mask_url(plane_url), lambda: _control_plane(plane)),
        Probe("workers", "", lambda: _workers(plane)),
    ]
    if app is not None:
        backend_url = mask_url(str(app.conf.result_backend or ""))
        probes += [
            Probe("broker", mask_url(broker_url), lambda: _broker(app)),
            Probe("result backend", backend_url, lambda: _backend(app)),
        ]
    return [*ask_all(probes), _local_close(settings)]


def _plane(settings: Settings, broker_url: str) -> tuple[str, RedisControlPlane]:
    from guard.store.redis.keys import Keys
    from guard.store.redis.plane import RedisControlPlane

    url = settings.control_plane_url(broker_url)
    keys = Keys(settings.guard_namespace)
    return str(url), RedisControlPlane(url, keys, secret=settings.secret, timeout=_CONNECT_SECONDS)


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
