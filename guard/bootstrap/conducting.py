"""What conducts windows, wired. Loaded only by a process that opens, ends or describes one."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

from kombu.exceptions import KombuError

from guard.bootstrap.rollback import make_rollback
from guard.core.hazards import Facts, hazards
from guard.core.modes import Mode
from guard.core.process_figures import drain_fields
from guard.errors import StoreError
from guard.fleet.consumers import Consumers
from guard.fleet.machine import HiddenProcesses, machine_name, page_file
from guard.fleet.queues import Queues
from guard.fleet.redelivery import Redelivery
from guard.fleet.releaser import Releaser
from guard.gates.messages import job_of
from guard.gates.page import SlotState, is_alive, slots_of
from guard.gates.scoping import Scoping
from guard.orchestrator.advancing import Advancing
from guard.orchestrator.changes import Changes
from guard.orchestrator.closing import Closing
from guard.orchestrator.conductor import Conductor
from guard.orchestrator.draining import Draining
from guard.orchestrator.fates import Fates
from guard.orchestrator.releasing import Releasing
from guard.orchestrator.surroundings import Surroundings
from guard.worker.cordon import carried_by

if TYPE_CHECKING:
    from kombu.message import Message

    from guard.bootstrap.wiring import Wiring
    from guard.core.agents import AgentCard
    from guard.core.operations import OperationKind
    from guard.core.roll import RollEntry
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState
    from guard.orchestrator.rollback import Rollback
    from guard.store.redis.wake import RedisWakeUp

__all__ = ["Conducting"]

log = logging.getLogger(__name__)

_POLICY_SECONDS = 60.0
"""How long Redis' eviction policy is believed: nobody changes it often, and asking is not cheap."""


class Conducting:
    """The conducting parts of one app."""

    def __init__(self, wiring: Wiring) -> None:
        self.app = wiring.app
        self.settings = wiring.settings
        self.broker = wiring.broker
        self._stores = wiring.stores
        self._classifier = wiring.classifier
        self._make_broker = wiring.make_broker
        self._scoping = Scoping(wiring.app, wiring.runtime, wiring.clock.wall)
        self._count_now = wiring.count_now
        self._announce = wiring.announcer.announce
        self._policy: tuple[float, str] | None = None

    @functools.cached_property
    def queues(self) -> Queues:
        # A connection of its own: a passive declare of a queue that is not there closes its channel, which
        # must not be the one that a release is working on.
        return Queues(self.app, self._make_broker())

    @functools.cached_property
    def releaser(self) -> Releaser:
        return Releaser(
            broker=self._make_broker(),  # a paced release takes minutes, and parking must not wait for it
            queue=self.settings.guard_parked_queue,
            index=self._stores.index,
            pace=self.settings.pace,
            order=self.settings.release_order,
            policy=self.settings.guard_expired_jobs,
            known_tasks=self._tasks_of_live_workers,
            known_queue=lambda name: self.queues.is_there(name, self._consumed_by_live_workers()),
            count=self._count_now,
            announce=self._announce,
        )

    def _live_workers(self) -> list[AgentCard]:
        lately = self.settings.guard_lease_seconds * 2
        roster = self._stores.plane.roster()
        return [
            entry.card for entry in roster if entry.card.role == "worker" and entry.seen_seconds_ago < lately
        ]

    def _tasks_of_live_workers(self) -> frozenset[str]:
        return frozenset(task for card in self._live_workers() for task in card.tasks)

    def _consumed_by_live_workers(self) -> frozenset[str]:
        return frozenset(queue for card in self._live_workers() for queue in card.queues)

    @functools.cached_property
    def changes(self) -> Changes:
        """Who writes changes of the state."""
        return Changes(
            durable=self._stores.durable,
            plane=self._stores.plane,
            clock=self._stores.clock,
            announce=self._announce,
        )

    @functools.cached_property
    def closing(self) -> Closing:
        """Who waits until the gates are closed."""
        return Closing(
            changes=self.changes,
            clock=self._stores.clock,
            lease=self.settings.lease,
            listen=self._listen,
            announce=self._announce,
        )

    @functools.cached_property
    def draining(self) -> Draining:
        """Who knows how far a drain is."""
        return Draining(
            durable=self._stores.durable,
            plane=self._stores.plane,
            clock=self._stores.clock,
            lease=self.settings.guard_lease_seconds,
            fates=Fates(
                durable=self._stores.durable,
                plane=self._stores.plane,
                clock=self._stores.clock,
                lease=self.settings.guard_lease_seconds,
                is_gone=_runs_nothing,
                redelivery=lambda: self.redelivery,
                announce=self._announce,
            ),
            finishing=lambda: self._stores.finishing,
            announce=self._announce,
        )

    @functools.cached_property
    def redelivery(self) -> Redelivery:
        """Who gives back the jobs of workers that are gone."""
        return Redelivery(
            app=self.app,
            broker=self.broker,
            is_blocked=self._is_blocked,
            strangers=lambda queues: self._unguarded(queues, self._known_nodes()),
            is_current=self.changes.is_current,
        )

    def _is_blocked(self, state: GuardState, message: Message, queue: str) -> bool:
        try:
            _, name, _, args, kwargs = job_of(message)
        except (KeyError, TypeError, ValueError, KombuError):
            return False  # no job of Celery
        kind = self._classifier.job(name, args, kwargs, queue=queue)
        return state.gate in kind.blocked_by and self._scoping.covers_message(
            lambda: kind, message, lambda: queue, scope=state.terms.scope
        )

    def _known_nodes(self) -> frozenset[str]:
        return frozenset(entry.card.node for entry in self.roster() or ())

    @functools.cached_property
    def advancing(self) -> Advancing:
        """Who brings a window on."""
        return Advancing(
            changes=self.changes,
            closing=self.closing,
            draining=self.draining,
            release=self.releasing.release,
            listen=self._listen,
            clock=self._stores.clock,
            sessions=self.settings.sessions_policy(Mode.EMERGENCY),
            begin_books=self.releasing.begin_books,
            remember=self.rollback.remember,
            announce=self._announce,
            drained=self._count_drain,
        )

    def _count_drain(self, seconds: float) -> None:
        try:
            self._stores.figures.add(drain_fields(seconds))
        except StoreError as error:
            log.warning("how long a drain took is not counted: %s", error)

    @functools.cached_property
    def conductor(self) -> Conductor:
        """Who opens and ends windows."""
        return Conductor(
            settings=self.settings,
            changes=self.changes,
            closing=self.closing,
            surroundings=Surroundings(
                roster=self.roster,
                parked=self.parked_count,
                unguarded=self._unguarded,
                carries=self.carries,
                warnings=self.warnings,
            ),
            releasing=self.releasing,
            clock=self._stores.clock,
            remember=self.rollback.remember,
            announce=self._announce,
        )

    @functools.cached_property
    def releasing(self) -> Releasing:
        """Who gives parked jobs back."""
        return Releasing(
            changes=self.changes,
            closing=self.closing,
            releaser=self.releaser,
            tally=self._stores.tally,
            clock=self._stores.clock,
            lock=self._stores.lock,
            limit=self.settings.release_limit,
            broker_errors=self.broker.errors,
            announce=self._announce,
        )

    @functools.cached_property
    def rollback(self) -> Rollback:
        """Who knows what windows found, and restores it."""
        return make_rollback(
            self.app,
            settings=self.settings,
            stores=self._stores,
            broker=self.broker,
            roster=self.roster,
            announce=self._announce,
        )

    def _listen(self) -> RedisWakeUp:
        return self._stores.wake_up(self._stores.keys.acknowledged, name="guard-conductor")

    def roster(self) -> list[RosterEntry] | None:
        try:
            return self._stores.plane.roster()
        except StoreError:
            return None

    def parked_count(self) -> int | None:
        try:
            return self.releaser.remaining()
        except self.broker.errors:
            return None

    def _unguarded(self, guarded_queues: Any, known_nodes: Any) -> list[str] | None:
        return Consumers(self.app, self.broker).unguarded(
            guarded_queues=guarded_queues, known_nodes=known_nodes
        )

    def warnings(self, state: GuardState) -> tuple[str, ...]:
        conf = self.app.conf
        visibility = None
        if self.broker.is_redis:
            visibility = float((conf.broker_transport_options or {}).get("visibility_timeout", 3600))
        expires = conf.result_expires
        seconds = expires.total_seconds() if hasattr(expires, "total_seconds") else expires
        return hazards(
            Facts(
                duration=state.duration,
                visibility_timeout=visibility,
                result_expires=float(seconds) if seconds else None,
                eviction_policy=self._eviction_policy(),
                signed=self.settings.secret is not None,
            )
        )

    def _eviction_policy(self) -> str | None:
        now = self._stores.clock.boot()
        if self._policy is not None and now - self._policy[0] < _POLICY_SECONDS:
            return self._policy[1]
        found = self._stores.plane.eviction_policy()
        self._policy = (now, found) if found is not None else None
        return found

    def carries(self, queues: list[str]) -> dict[str, frozenset[OperationKind]]:
        """For these queues the operations that are routed to them."""
        return carried_by(self.app, self._classifier, queues)

    def close(self) -> None:
        """Close the connections that were made here."""
        for part in ("releaser", "queues"):
            if part in self.__dict__:
                getattr(self, part).close()


def _runs_nothing(entry: RollEntry) -> bool | None:
    """Whether a worker that does not answer runs nothing on this machine any more: its main process is
    gone, and no pool child that it left behind is in a job. None when that cannot be told from here."""
    if not entry.page or not entry.machine or entry.machine != machine_name() or is_alive(entry.pid):
        return None
    try:
        path = page_file(entry.page)
        slots = slots_of(path) if path is not None else []
    except (HiddenProcesses, OSError):
        return None
    busy = {SlotState.ENTERING, SlotState.RUNNING}
    return not any(slot.state in busy and is_alive(slot.pid) for slot in slots)
