"""How the parts of an installation are, as this process sees them: gathers what `guard.core.health`
judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.automation.probes import Probe
from guard.core.health import HealthCheck, answered, judge_beat, judge_clock, judge_disk, judge_workers
from guard.errors import StoreError, Unanswerable

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.roster import RosterEntry
    from guard.observe.machine import Machine
    from guard.ports import Clock, DurableStore
    from guard.settings import Settings
    from guard.store.redis.watched import RedisWatched

__all__ = ["PATIENCE_SECONDS", "House"]

PATIENCE_SECONDS = 1.0
"""How long a request waits for those that say nothing."""


class House:
    """The parts of one app.

    Args:
        roster: all registered agents.
        database_clock: UTC seconds by the database's clock.
        has_beat: whether the app has a timetable, so that beat is missed when it does not tick.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        clock: Clock,
        durable: DurableStore,
        roster: Callable[[], list[RosterEntry]],
        watched: RedisWatched,
        database_clock: Callable[[], float],
        machine: Machine,
        ask_broker: Callable[[], None],
        has_beat: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._durable = durable
        self._roster = roster
        self._watched = watched
        self._database_clock = database_clock
        self._machine = machine
        self._ask_broker = ask_broker
        self._has_beat = has_beat
        asked: dict[str, Callable[[], HealthCheck]] = {
            "sql": self._sql,
            "redis": lambda: self._timed("redis", self._watched.time),
            "broker": lambda: self._timed("broker", self._ask_broker),
            "workers": lambda: judge_workers(self._roster(), lease=settings.guard_lease_seconds),
            "beat": lambda: judge_beat(self._watched.last_tick(), now=clock.wall()),
            "disk": self._disk,
            "clock": self._clocks,
        }
        self._probes = tuple(Probe(name, ask, clock) for name, ask in asked.items())

    def now(self, seconds: float = PATIENCE_SECONDS) -> tuple[HealthCheck, ...]:
        """How each part is; takes so long at most. Beat is left out where nothing is ever sent by one."""
        probes = [probe for probe in self._probes if probe.name != "beat" or self._has_beat()]
        for probe in probes:
            probe.begin()
        until = self._clock.boot() + seconds
        return tuple(probe.end(until) for probe in probes)

    def close(self) -> None:
        """Wait for what is being asked, ten seconds each at most."""
        for probe in self._probes:
            probe.join()

    def _timed(self, name: str, ask: Callable[[], object]) -> HealthCheck:
        begun = self._clock.boot()
        ask()
        return answered(name, 1000 * (self._clock.boot() - begun))

    def _sql(self) -> HealthCheck:
        begun = self._clock.boot()
        state = self._durable.read()
        return answered("sql", 1000 * (self._clock.boot() - begun), f"epoch {state.epoch}")

    def _disk(self) -> HealthCheck:
        found: dict[str, float | None] = {}
        for folder in ("/", *self._settings.backup_folders):
            try:
                found[folder] = self._machine.disk(folder).percent
            except Unanswerable:
                found[folder] = None
        return judge_disk(found)

    def _clocks(self) -> HealthCheck:
        return judge_clock(
            {"Redis": self._ahead(self._watched.time), "the database": self._ahead(self._database_clock)}
        )

    def _ahead(self, ask: Callable[[], float]) -> float | None:
        before = self._clock.wall()
        try:
            told = ask()
        except (StoreError, Unanswerable):
            return None
        return told - (before + self._clock.wall()) / 2
