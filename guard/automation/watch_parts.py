"""What the watch works with, wired by bootstrap; a test fills it with what it breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.observe.machine import Machine
    from guard.ports import Clock, ControlPlane, DurableStore, Tally
    from guard.settings import Settings
    from guard.store.redis.measures import RedisMeasures
    from guard.store.redis.watched import RedisWatched
    from guard.store.sql.alerts import SqlAlerts
    from guard.store.sql.measures import SqlMeasures

__all__ = ["WatchParts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchParts:
    """The parts.

    Attributes:
        ask_broker: returns when the broker answers, and raises what it raises.
    """

    settings: Settings
    clock: Clock
    durable: DurableStore
    plane: ControlPlane
    tally: Tally
    alerts: SqlAlerts
    watched: RedisWatched
    database: SqlMeasures
    redis: RedisMeasures
    machine: Machine
    ask_broker: Callable[[], None]
