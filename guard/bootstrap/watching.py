"""The watch and the health, wired. Loaded only by a process that looks, or is asked."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from guard.automation.house import House
from guard.automation.watch import Watch
from guard.automation.watch_parts import WatchParts
from guard.observe.machine import Machine
from guard.store.redis.measures import RedisMeasures
from guard.store.redis.watched import RedisWatched
from guard.store.sql.measures import SqlMeasures

if TYPE_CHECKING:

    from guard.bootstrap.wiring import Wiring

__all__ = ["Watching"]

_CONNECT_SECONDS = 3.0


class Watching:
    """What watches one app, and says how its parts are."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    @functools.cached_property
    def watched(self) -> RedisWatched:
        """What is remembered from look to look."""
        stores = self._wiring.stores
        return RedisWatched(stores.plane.client, stores.keys)

    @functools.cached_property
    def watch(self) -> Watch:
        """What beat calls."""
        stores = self._wiring.stores
        return Watch(
            WatchParts(
                settings=self._wiring.settings,
                clock=stores.clock,
                durable=stores.durable,
                plane=stores.plane,
                tally=stores.tally,
                alerts=stores.alerts,
                watched=self.watched,
                database=self._database,
                redis=RedisMeasures(stores.plane.client),
                machine=Machine(),
                ask_broker=self._ask_broker,
            )
        )

    @functools.cached_property
    def house(self) -> House:
        """How the parts are: asked by the command line, over HTTP, and by the morning check."""
        stores, settings = self._wiring.stores, self._wiring.settings
        return House(
            settings=settings,
            clock=stores.clock,
            durable=stores.durable,
            roster=stores.plane.roster,
            watched=self.watched,
            database_clock=SqlMeasures(str(settings.database_url)).clock,
            machine=Machine(),
            ask_broker=self._ask_broker,
            has_beat=lambda: bool(self._wiring.app.conf.get("guard_timetable")),
        )

    def close(self) -> None:
        """Wait for what is being asked."""
        if "house" in self.__dict__:
            self.house.close()

    @property
    def _database(self) -> SqlMeasures:
        settings = self._wiring.settings
        return SqlMeasures(str(settings.app_database_url), ours=not settings.has_foreign_database)

    def _ask_broker(self) -> None:
        # kombu's Redis transport would wait for ever for a server that hangs
        options = {"socket_timeout": _CONNECT_SECONDS} if self._wiring.broker.is_redis else {}
        with self._wiring.app.connection_for_write(
            connect_timeout=_CONNECT_SECONDS, transport_options=options
        ) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=int(_CONNECT_SECONDS))
