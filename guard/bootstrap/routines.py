"""The routines, wired. Loaded only by a process that runs or shows one."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from guard.automation.checks.catalogue import ROUTINES
from guard.automation.routines import Runner
from guard.automation.world import World
from guard.core.alert_rules import RULED_KINDS
from guard.core.changes import release
from guard.core.modes import Mode
from guard.core.timetable import Entry, timetable
from guard.errors import IllegalMove
from guard.observe.certificate import certificate_end
from guard.observe.machine import Machine
from guard.observe.packages import outdated_packages
from guard.store.redis.client import connect
from guard.store.redis.measures import RedisMeasures
from guard.store.sql.measures import SqlMeasures
from guard.store.sql.retention import SqlRetention
from guard.store.sql.routines import SqlRoutines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis import Redis

    from guard.bootstrap.wiring import Wiring
    from guard.core.optimization_report import Report
    from guard.core.session_sweep import SessionSweep
    from guard.core.state import GuardState

__all__ = ["RoutineWiring"]

_CONNECT_SECONDS = 3.0
_HEALTH_SECONDS = 4.0
_BY = "expiry sweep"
_BEAT = "beat"
_WATCH = "watch-"


class RoutineWiring:
    """The routines of one app."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    @property
    def names(self) -> Sequence[str]:
        return tuple(ROUTINES)

    @functools.cached_property
    def timetable(self) -> Sequence[Entry]:
        """Rows that the app put into its configuration; none when it did not."""
        rows = self._wiring.app.conf.get("guard_timetable") or ()
        return timetable(rows, vars(self._wiring.settings))

    @functools.cached_property
    def store(self) -> SqlRoutines:
        return SqlRoutines(self._wiring.stores.durable)

    @functools.cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self._wiring.settings.guard_time_zone)

    @functools.cached_property
    def runner(self) -> Runner:
        stores = self._wiring.stores
        return Runner(
            timetable=self.timetable,
            routines=ROUTINES,
            world=self._world,
            store=self.store,
            durable=stores.durable,
            plane=stores.plane,
            alerts=stores.alerts,
            clock=stores.clock,
            zone=self.zone,
            announce=self._wiring.announcer.announce,
            told_elsewhere=RULED_KINDS if self._is_watched else (),
        )

    @property
    def _is_watched(self) -> bool:
        """Whether beat has the rules looked at: then these tell what is found, once."""
        return any(entry.name.startswith(_WATCH) and entry.is_frequent for entry in self.timetable)

    def _world(self) -> World:
        wiring, stores = self._wiring, self._wiring.stores
        return World(
            settings=wiring.settings,
            zone=self.zone,
            clock=stores.clock,
            durable=stores.durable,
            plane=stores.plane,
            tally=stores.tally,
            index=stores.index,
            keys=stores.keys,
            past=self.store,
            retention=SqlRetention(stores.durable),
            database=SqlMeasures(
                str(wiring.settings.app_database_url), ours=not wiring.settings.has_foreign_database
            ),
            redis=RedisMeasures(stores.plane.client),
            session_redis=RedisMeasures(self._session_client()),
            machine=Machine(),
            frequent=frozenset(entry.name for entry in self.timetable if entry.is_frequent),
            environ=os.environ,
            ask_broker=self._ask_broker,
            end_rehearsal=self._end_rehearsal,
            sweep_sessions=self._sweep_sessions,
            optimize=self._optimize,
            health=lambda: wiring.watching.house.now(_HEALTH_SECONDS),
            certificate_end=certificate_end,
            outdated_packages=outdated_packages,
        )

    def _session_client(self) -> Redis:
        url = str(self._wiring.settings.guard_session_redis_url)
        ours = self._wiring.stores.plane.client
        return connect(url, timeout=_CONNECT_SECONDS, name="guard-routines") if url else ours

    def _ask_broker(self) -> None:
        with self._wiring.app.connection_for_write(connect_timeout=_CONNECT_SECONDS) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=int(_CONNECT_SECONDS))

    def _end_rehearsal(self, state: GuardState) -> None:
        """This one, if nobody has changed it since: it may have become a real window meanwhile."""
        if state.mode is not Mode.TEST:
            raise IllegalMove(phase=state.phase.value, event="end a rehearsal", remedy="this is none")
        advancing = self._wiring.conducting.advancing
        advancing.change(state, "disable", lambda old, now: release(old, by=_BY, now=now, unverified=True))
        advancing.advance()

    def _sweep_sessions(self) -> SessionSweep:
        return self._wiring.guard().sessions.sweep()

    def _optimize(self) -> Report:
        optimization = self._wiring.guard().optimization
        optimization.recover()
        return optimization.run(by=_BEAT)
