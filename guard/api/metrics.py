"""`Guard.metrics`: what Prometheus is told, in whichever process it asks.

Rules:

- All figures are the fleet's: whoever is asked says the same, so any process may be scraped, and one is
  enough.
- Redis, SQL and broker are asked at the same time, each in a thread of its own. One that does not answer in
  time has no figures, and `guard_up` 0; the others are told all the same.
- However many ask, a look is taken once a second at most, and none while nobody asks.
"""

from __future__ import annotations

import functools
import os
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from guard.api.questions import Question
from guard.clock import boot_ms
from guard.core.fleet_figures import FleetFigures, Part, with_state, with_sums, with_window, with_workers
from guard.core.modes import Phase
from guard.core.state import newer
from guard.errors import StateInvalid, StateMissing
from guard.fleet.broker import Broker
from guard.fleet.consumers import Consumers
from guard.fleet.queues import Queues

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.api.parts import Parts
    from guard.core.account import Account
    from guard.core.drain import DrainView
    from guard.core.roster import RosterEntry
    from guard.core.session_sweep import Marks
    from guard.core.state import GuardState

__all__ = ["Metrics"]

_KEPT_SECONDS = 1.0
_WITHIN_SECONDS = 4.0
"""Prometheus waits for ten."""
_CONSUMERS_SECONDS = 60.0
_LEAVE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfRedis:
    state: GuardState | None
    roster: list[RosterEntry]
    sums: Mapping[str, int]
    marks: Marks
    account: Account | None
    lost: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfSql:
    state: GuardState
    drain: DrainView | None
    beat_ran_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfQueues:
    held: int | None
    unguarded: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """Boot times. It is kept from its end on: a server that hangs makes it long, and others wait for it."""

    begun: float
    ended: float
    figures: FleetFigures


class Metrics:
    """The figures of one app's fleet. Any number of threads may ask."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._latest: _Look | None = None
        self._broker = Broker(self._parts.app)  # of its own: another's may be at work on a long release
        self._connecting = threading.Lock()
        self._consumers: tuple[float, int | None] | None = None
        self._redis = Question("redis", self._ask_redis)
        self._sql = Question("sql", self._ask_sql)
        self._parked = Question("broker", self._ask_broker)
        self._queues = Question("queues", self._ask_queues)
        self._questions = (self._redis, self._sql, self._parked, self._queues)

    def look(self, *, within: float = _WITHIN_SECONDS) -> FleetFigures:
        """The fleet now, or as it was a moment ago. Never raises for a server that is away.

        Args:
            within: seconds to wait at most.
        """
        with self._lock:  # who asks at the same time gets the same look
            now = boot_ms() / 1000
            if self._latest is None or now - self._latest.ended >= _KEPT_SECONDS:
                figures = self._take(now + within)
                self._latest = _Look(begun=now, ended=boot_ms() / 1000, figures=figures)
            latest = self._latest
        return replace(latest.figures, age=boot_ms() / 1000 - latest.begun)

    def text(self, *, within: float = _WITHIN_SECONDS) -> str:
        """The same in Prometheus' text format 0.0.4 (`guard.observe.exposition.CONTENT_TYPE`).

        Raises:
            InvalidRequest: the extra `metrics` is not installed.
        """
        from guard.api.exposing import exposition

        return exposition(self.look(within=within), declared=self.declared)

    @property
    def declared(self) -> frozenset[str]:
        """The operations that a window can block: each is always told apart."""
        return frozenset(name for name, kind in self._parts.registry.kinds.items() if kind.guarded)

    def close(self) -> None:
        """Wait for what is being asked, and close the connection to the broker."""
        for question in self._questions:
            question.join(_LEAVE_SECONDS)
        self._broker.close()

    # -- asking ----------------------------------------------------------------------------------

    def _take(self, until: float) -> FleetFigures:
        for question in self._questions:
            question.begin()
        redis, sql = self._redis.end(until), self._sql.end(until)
        parked, queues = self._parked.end(until), self._queues.end(until)
        now = self._parts.clock.wall()
        states = [one.state for one in (redis, sql) if one is not None and one.state is not None]
        state = functools.reduce(newer, states) if states else None
        asked = {Part.REDIS: redis, Part.SQL: sql, Part.BROKER: parked}
        up = {part.value: answer is not None for part, answer in asked.items()}
        figures = FleetFigures(up=up, parked=parked)
        if state is not None:
            usual = self._parts.settings.maintenance_default_timeout
            figures = with_state(figures, state, now=now, usual_length=usual)
        if redis is not None:
            figures = with_sums(with_workers(figures, redis.roster, state), redis.sums)
            figures = with_window(figures, state, redis.account, redis.marks)
            figures = replace(figures, lost=redis.lost)
        if sql is not None:
            ran_at = sql.beat_ran_at
            figures = replace(
                figures,
                drain_blockers=_blockers(sql.drain),
                beat_age=max(0.0, now - ran_at) if ran_at is not None else None,
            )
        if queues is not None:
            figures = replace(figures, held=queues.held, unguarded=queues.unguarded)
        return figures

    def _ask_redis(self) -> _OfRedis:
        parts, stores = self._parts, self._parts.stores
        state: GuardState | None = None
        with suppress(StateMissing, StateInvalid):  # it answers, and holds nothing usable
            state = stores.plane.read()
        return _OfRedis(
            state=state,
            roster=stores.plane.roster(),
            sums=stores.figures.sums(),
            marks=stores.session_marks.read(),
            account=stores.tally.account(state.window_id) if state and state.window_id else None,
            lost=len(stores.ledger.lost()) if parts.settings.guard_ledger else None,
        )

    def _ask_sql(self) -> _OfSql:
        parts = self._parts
        state = parts.stores.durable.read()
        names = self._frequent()
        return _OfSql(
            state=state,
            drain=parts.conducting.draining.view(state) if state.phase is Phase.DRAINING else None,
            beat_ran_at=parts.routines.store.last_ran(names) if names else None,
        )

    def _frequent(self) -> list[str]:
        """The routines that beat sends by interval; none where the app has no timetable."""
        if not self._parts.app.conf.get("guard_timetable"):
            return []
        entries = self._parts.routines.timetable
        return [entry.name for entry in entries if entry.is_frequent and entry.recorded]

    def _ask_broker(self) -> int:
        with self._connecting:
            return self._broker.length(self._parts.settings.guard_parked_queue)

    def _ask_queues(self) -> _OfQueues:
        """What takes both: Redis knows which queues workers have cordoned, the broker what lies there."""
        roster = self._parts.stores.plane.roster()
        cordoned = sorted({name for one in roster if one.report is not None for name in one.report.cordoned})
        nodes = [one.card.node for one in roster]
        with self._connecting:
            queues = Queues(self._parts.app, self._broker)
            lengths = [queues.length(name) for name in cordoned]
            return _OfQueues(
                held=None if None in lengths else sum(length for length in lengths if length is not None),
                unguarded=self._unguarded(cordoned, nodes) if cordoned else None,
            )

    def _unguarded(self, cordoned: list[str], nodes: list[str]) -> int | None:
        """Once a minute: workers are asked by remote control when somebody is suspect."""
        now = boot_ms() / 1000
        if self._consumers is None or now - self._consumers[0] >= _CONSUMERS_SECONDS:
            found = Consumers(self._parts.app, self._broker).unguarded(
                guarded_queues=cordoned, known_nodes=nodes
            )
            self._consumers = now, len(found) if found is not None else None
        return self._consumers[1]


def _blockers(drain: DrainView | None) -> int | None:
    """How many there are; None too when some worker's are not known: those that are known are not all."""
    return len(drain.blockers) if drain is not None and not drain.unknown else None
