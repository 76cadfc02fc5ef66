"""The weekly optimization, wired. Loaded only by a process that runs it, or ends what a dead run has left."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from guard.automation.optimization import WeeklyOptimization
from guard.automation.parts import OptimizationParts
from guard.core.lanes import lane_of
from guard.store.redis.client import redis_url
from guard.upkeep.files import clean_folder
from guard.upkeep.redis_keys import RedisKeys
from guard.upkeep.tables import open_database

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.bootstrap.wiring import Wiring
    from guard.core.cleanup import FolderRule, KeyRule
    from guard.core.optimization_report import FolderReport, KeyReport
    from guard.upkeep.database import Database

__all__ = ["optimization_parts", "weekly_optimization"]


def weekly_optimization(wiring: Wiring) -> WeeklyOptimization:
    """Who runs it."""
    return WeeklyOptimization(optimization_parts(wiring))


def optimization_parts(wiring: Wiring) -> OptimizationParts:
    """What it works with."""
    settings, stores, conducting = wiring.settings, wiring.stores, wiring.conducting

    def database() -> Database:
        return open_database(str(settings.app_database_url), lock_wait=settings.guard_optimize_lock_wait)

    def clean_keys(rule: KeyRule, dry_run: bool, go_on: Callable[[], bool]) -> KeyReport:  # noqa: FBT001
        keys = RedisKeys(
            redis_url(stores.redis_url), namespace=settings.guard_namespace, queues=_queues(wiring)
        )
        return keys.clean(rule, now=wiring.clock.wall(), dry_run=dry_run, go_on=go_on)

    def clean_files(rule: FolderRule, dry_run: bool, go_on: Callable[[], bool]) -> FolderReport:  # noqa: FBT001
        return clean_folder(rule, now=wiring.clock.wall(), dry_run=dry_run, go_on=go_on)

    return OptimizationParts(
        settings=settings,
        clock=wiring.clock,
        alerts=stores.alerts,
        leases=stores.window_leases,
        changes=conducting.changes,
        conductor=conducting.conductor,
        releasing=conducting.releasing,
        advancing=conducting.advancing,
        database=database,
        clean_keys=clean_keys,
        clean_folder=clean_files,
        sweep_sessions=lambda dry_run: wiring.sessions.cleaning.sweep(
            wiring.stores.durable.read(), dry_run=dry_run
        ).to_dict(),
        roster=conducting.roster,
        who=f"{socket.gethostname()}:{os.getpid()}",
    )


def _queues(wiring: Wiring) -> frozenset[str]:
    """The app's queues, their lanes, and where jobs are parked: their keys are never cleaned up."""
    names = {*wiring.app.amqp.queues, str(wiring.app.conf.task_default_queue)}
    return frozenset({*names, *map(lane_of, names), wiring.settings.guard_parked_queue})
