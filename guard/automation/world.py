"""What a routine may ask, in one value. `guard.bootstrap` fills it; a test fills it with what it breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    from guard.core.health import HealthCheck
    from guard.core.optimization_report import Report
    from guard.core.session_sweep import SessionSweep
    from guard.core.state import GuardState
    from guard.observe.machine import Machine
    from guard.ports import Clock, ControlPlane, DurableStore, ParkedIndex, Tally
    from guard.settings import Settings
    from guard.store.redis.keys import Keys
    from guard.store.redis.measures import RedisMeasures
    from guard.store.sql.measures import SqlMeasures
    from guard.store.sql.retention import SqlRetention
    from guard.store.sql.routines import SqlRoutines

__all__ = ["World"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The neighbours of a routine.

    Attributes:
        session_redis: where the application's sessions are.
        frequent: names of the routines that run by interval.
        environ: the environment of this process.
        ask_broker: returns when the broker answers, and raises what it raises.
        end_rehearsal: ends this window, which is in test mode, if nobody has changed it since.
        sweep_sessions: deletes what has expired, as `Guard.sessions.sweep`.
        optimize: first brings to its end what a run that died has left, then as `Guard.optimization.run`.
        health: how the parts are, as `Guard.health.now` says.
        certificate_end: as `guard.observe.certificate.certificate_end`.
        outdated_packages: as `guard.observe.packages.outdated_packages`.
    """

    settings: Settings
    zone: tzinfo
    clock: Clock
    durable: DurableStore
    plane: ControlPlane
    tally: Tally
    index: ParkedIndex
    keys: Keys
    past: SqlRoutines
    retention: SqlRetention
    database: SqlMeasures
    redis: RedisMeasures
    session_redis: RedisMeasures
    machine: Machine
    frequent: frozenset[str]
    environ: Mapping[str, str]
    ask_broker: Callable[[], None]
    end_rehearsal: Callable[[GuardState], None]
    sweep_sessions: Callable[[], SessionSweep]
    optimize: Callable[[], Report]
    health: Callable[[], tuple[HealthCheck, ...]]
    certificate_end: Callable[[str], float]
    outdated_packages: Callable[[], list[dict[str, str]]]
