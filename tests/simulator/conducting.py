"""What conducts windows in one process: the guard's own parts on simulated stores."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from guard.core.expiry import ExpiryPolicy
from guard.core.named_events import not_announced
from guard.core.pace import ErrorLimit, Pace
from guard.errors import StoreError
from guard.orchestrator.advancing import Advancing
from guard.orchestrator.changes import Changes
from guard.orchestrator.conductor import Conductor
from guard.orchestrator.draining import Draining
from guard.orchestrator.fates import Fates
from guard.orchestrator.housekeeping import Housekeeping
from guard.orchestrator.releasing import Releasing
from guard.orchestrator.surroundings import Surroundings
from tests.simulator.broker import BrokerClient, BrokerDown
from tests.simulator.celery_worker import TASKS
from tests.simulator.stores import Durable, Ear, Lock, RedisClient, Tally

if TYPE_CHECKING:
    from guard.orchestrator.closing import Closing
    from tests.simulator.hub import Process
    from tests.simulator.world import World

__all__ = ["Conducting"]

_SETTINGS: Any = SimpleNamespace(
    release_limit=ErrorLimit(),
    maintenance_default_timeout=3600,
    hold_queues=(),
    mixed_queues=(),
    sessions_policy=lambda _mode: None,
)


class _NoSteps:
    """No workflow goes on while a window drains."""

    def steps(self, _window_id: str) -> list[Any]:
        return []

    def close(self, _window_id: str) -> bool:
        return True


class _BroughtBack:
    """RabbitMQ gives back by itself what a worker had that is gone."""

    def bring_back(self, *_: object, **__: object) -> tuple[str, ...]:
        return ()


class Conducting:
    """Built at first use, as in a real process."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process
        self._client = RedisClient(world, process)
        self.plane = world.parts.plane(self._client)
        self.durable: Any = Durable(world, process)
        self._broker = BrokerClient(world, process)

    def lock(self, name: str) -> Any:
        return Lock(self._client, name)

    def _listen(self) -> Any:
        return Ear(self._world, self._process, "acknowledged")

    @cached_property
    def changes(self) -> Changes:
        return Changes(durable=self.durable, plane=self.plane, clock=self._world.clock)

    @cached_property
    def closing(self) -> Closing:
        parts = self._world.parts
        return parts.closing(  # type: ignore[no-any-return]
            changes=self.changes, clock=self._world.clock, lease=parts.lease, listen=self._listen
        )

    @cached_property
    def releasing(self) -> Releasing:
        world = self._world
        index = world.parts.index(RedisClient(world, self._process))
        tally = Tally(self._client)

        def count(window_id: str, kind: Any, operation: str) -> None:
            with suppress(StoreError):
                tally.add(window_id, {f"{kind.value}:{operation}": 1})

        releaser = world.parts.releaser(
            broker=BrokerClient(world, self._process),
            queue=world.parked,
            index=index,
            pace=Pace(),
            order=("caption_generation",) if world.waves else (),
            policy=ExpiryPolicy.REPORT,
            known_tasks=lambda: frozenset(TASKS),
            known_queue=lambda _queue: True,
            count=count,
            announce=not_announced,
        )
        return Releasing(
            changes=self.changes,
            closing=self.closing,
            releaser=releaser,
            tally=tally,
            clock=world.clock,
            lock=self.lock,
            limit=_SETTINGS.release_limit,
            broker_errors=(BrokerDown,),
            announce=not_announced,
        )

    @cached_property
    def conductor(self) -> Conductor:
        return Conductor(
            settings=_SETTINGS,
            changes=self.changes,
            closing=self.closing,
            surroundings=Surroundings(
                roster=self._roster,
                parked=self._parked,
                unguarded=lambda _queues, _nodes: [],
                carries=lambda queues: {q: [t.kind for t in TASKS.values() if t.queue == q] for q in queues},
                warnings=lambda _state: (),
            ),
            releasing=self.releasing,
            clock=self._world.clock,
            remember=lambda _window_id, _epoch: None,
            announce=not_announced,
        )

    @cached_property
    def advancing(self) -> Advancing:
        world = self._world
        return Advancing(
            changes=self.changes,
            closing=self.closing,
            draining=Draining(
                durable=self.durable,
                plane=self.plane,
                clock=world.clock,
                lease=world.parts.lease.lease,
                fates=Fates(
                    durable=self.durable,
                    plane=self.plane,
                    clock=world.clock,
                    lease=world.parts.lease.lease,
                    is_gone=lambda entry: world.runs_nothing(entry.agent_id),
                    redelivery=_BroughtBack,  # type: ignore[arg-type]
                    announce=not_announced,
                ),
                finishing=_NoSteps,  # type: ignore[arg-type]
                announce=not_announced,
            ),
            release=self.releasing.release,
            listen=self._listen,
            clock=world.clock,
            begin_books=self.releasing.begin_books,
            remember=lambda _window_id, _epoch: None,
            announce=not_announced,
        )

    @cached_property
    def housekeeping(self) -> Housekeeping:
        return Housekeeping(
            plane=self.plane,
            glance=self.durable,
            parked=self._parked,
            conductor=lambda: self.conductor,
            releasing=lambda: self.releasing,
            advancing=lambda: self.advancing,
            changes=lambda: self.changes,
            clock=self._world.clock,
            recover=lambda: None,
        )

    def _roster(self) -> Any:
        try:
            return self.plane.roster()
        except StoreError:
            return None

    def _parked(self) -> int | None:
        try:
            return self._broker.length(self._world.parked)
        except BrokerDown:
            return None
