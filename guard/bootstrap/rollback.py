"""The rollback of windows, wired. Loaded only by a process that opens a window or looks at what one found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from guard.fleet.consumption import RemoteConsumption
from guard.orchestrator.rollback import Rollback

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from guard.bootstrap.stores import Stores
    from guard.core.named_events import Announces
    from guard.core.roster import RosterEntry
    from guard.fleet.broker import Broker
    from guard.settings import Settings

__all__ = ["make_rollback"]

_SETTINGS = (
    "maintenance_mode_enabled",
    "maintenance_default_timeout",
    "emergency_mode_job_grace_period",
    "emergency_mode_session_cleanup",
    "guard_sessions_normal",
    "guard_when_closed",
    "guard_expired_jobs",
    "guard_hold_queues",
    "guard_mixed_queues",
    "guard_parked_queue",
    "guard_release_rate",
    "guard_lease_seconds",
    "guard_ledger",
)
"""Those that decide what a window does. None of them is a secret."""
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_LONGEST = 200


def make_rollback(
    app: Celery,
    *,
    settings: Settings,
    stores: Stores,
    broker: Broker,
    roster: Callable[[], list[RosterEntry] | None],
    announce: Announces,
) -> Rollback:
    """Who compares and restores."""
    return Rollback(
        durable=stores.durable,
        records=stores.found,
        consumption=RemoteConsumption(app, broker),
        tally=stores.tally,
        clock=stores.clock,
        announce=announce,
        roster=roster,
        settings=lambda: {name.upper(): str(getattr(settings, name)) for name in _SETTINGS},
        beat=lambda: _beat(app),
    )


def _beat(app: Celery) -> dict[str, str]:
    """Entry -> task and schedule, as this process has beat's table."""
    table: Mapping[str, Any] = app.conf.beat_schedule or {}
    return {str(name): _entry(entry)[:_LONGEST] for name, entry in table.items()}


def _entry(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return _ADDRESS.sub("", repr(entry))
    return _ADDRESS.sub("", f"{entry.get('task')} {entry.get('schedule')!r}")
