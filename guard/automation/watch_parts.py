"""What the watch works with, wired by bootstrap; a test fills it with what it breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.alerts import Alert
    from guard.observe.machine import Machine
    from guard.ports import Clock, ControlPlane, DurableStore, Tally
    from guard.settings import Settings
    from guard.store.redis.measures import RedisMeasures
    from guard.store.redis.watched import RedisWatched
    from guard.store.sql.alerts import SqlAlerts
    from guard.store.sql.measures import SqlMeasures

__all__ = ["WatchParts", "say_nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchParts:
    """The parts.

    Attributes:
        ask_broker: returns when the broker answers, and raises what it raises.
        tell: has people told of an alert that was raised or repeated, or is over. Called after it is kept;
        what it
            raises is logged.
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
    tell: Callable[[Alert], None]


def say_nothing(alert: Alert) -> None:
    """Where nobody is to be told: alerts are in the log and in the database."""
    del alert
