"""This machine and this process: disks, zones, libraries, settings, and the file that closes it."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from guard.core.doctor_facts import MachineFacts
from guard.doctor.places import nearest_folder
from guard.errors import Unanswerable
from guard.observe.release import out_of_range

if TYPE_CHECKING:
    from guard.doctor.world import World

__all__ = ["contradictions", "look_at_machine"]


def look_at_machine(world: World) -> MachineFacts:
    """What can be seen without any server."""
    versions = out_of_range()
    return MachineFacts(
        disks=_disks(world),
        closed_by=str(world.local_close) if world.local_close.exists() else "",
        unknown_zones=_unknown_zones(world),
        versions=versions or (),
        unchecked="the guard is not installed as a package, so its requirements are not known here"
        if versions is None
        else "",
    )


def _disks(world: World) -> dict[str, float]:
    folders = {nearest_folder(world.local_close), tempfile.gettempdir(), "/"}
    with suppress(ArgumentError):  # another check says that it is no address
        url = make_url(str(world.settings.database_url))
        if url.get_backend_name() == "sqlite" and url.database:
            folders.add(nearest_folder(Path(url.database)))
    found = {}
    for folder in sorted(folders):
        try:
            found[folder] = world.machine.disk(folder).percent / 100
        except Unanswerable:
            continue
    return found


def _unknown_zones(world: World) -> tuple[str, ...]:
    named = [world.settings.guard_time_zone]
    configured = world.app.conf.timezone
    if isinstance(configured, str):
        named.append(configured)
    return tuple(name for name in dict.fromkeys(named) if not _is_known(name))


def _is_known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return False
    return True


def contradictions(world: World) -> list[str]:
    """Settings of the guard and of Celery of which each is right, and which do not fit together."""
    settings, conf = world.settings, world.app.conf
    found = []
    if settings.maintenance_webhook_url and not settings.maintenance_notifications_enabled:
        found.append("MAINTENANCE_WEBHOOK_URL is set, and MAINTENANCE_NOTIFICATIONS_ENABLED is false")
    if settings.guard_second_approver and settings.secret is None:
        found.append("GUARD_SECOND_APPROVER is set, and GUARD_SECRET_KEY, which proves who they are, is not")
    if settings.guard_ledger and not settings.redis_url and world.redis_url.endswith("localhost:6379/0"):
        found.append("GUARD_LEDGER is true, and REDIS_URL, where it lies, is not set")
    missing = sorted(settings.hold_queues - _queues(world)) if conf.task_queues else []
    if missing:
        found.append(f"GUARD_HOLD_QUEUES names {', '.join(missing)}, which task_queues does not")
    if conf.worker_enable_remote_control is False and settings.guard_events:
        found.append(
            "GUARD_EVENTS is true, and worker_enable_remote_control is False: nobody can switch events on"
        )
    grace, limit = settings.emergency_mode_job_grace_period, conf.task_time_limit
    if limit and grace > limit:
        found.append(
            f"EMERGENCY_MODE_JOB_GRACE_PERIOD is {grace} s, and task_time_limit ends every job after "
            f"{limit} s"
        )
    return found


def _queues(world: World) -> set[str]:
    return {str(name) for name in world.app.amqp.queues}
