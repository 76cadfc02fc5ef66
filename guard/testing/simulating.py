"""What happens to a guard in production, on demand: stores away, workers that are silent, an emergency."""

from __future__ import annotations

import socket
import uuid
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from guard.core.agents import AgentCard, AgentReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.testing.wiring import MemoryWiring

__all__ = ["Simulated"]


class Simulated:
    """Each is a context manager; at its end all is as before."""

    def __init__(self, wiring: MemoryWiring) -> None:
        self._wiring = wiring

    @contextmanager
    def redis_away(self, *, lapsed: bool = True) -> Iterator[None]:
        """The control plane does not answer.

        Args:
            lapsed: whether that lasts longer than a lease by now: then nobody knows whether a window is open,
                and guarded work is refused with `guard.StateUnknown`. Else what is believed still counts.
        """
        away = self._wiring.memory.away
        self._wiring.runtime.view()  # what a process believes that published before
        away.control_plane = True
        try:
            if lapsed:
                self._wiring.memory.clock.advance(self._wiring.settings.guard_lease_seconds + 0.001)
            yield
        finally:
            away.control_plane = False

    @contextmanager
    def database_away(self) -> Iterator[None]:
        """The durable store does not answer: windows are not opened and ended, but for an emergency; what is
        believed goes on being believed."""
        self._wiring.runtime.view()
        away = self._wiring.memory.away
        away.durable_store = True
        try:
            yield
        finally:
            away.durable_store = False

    @contextmanager
    def worker(
        self, node: str = "w1@tests", *, silent: bool = False, queues: tuple[str, ...] = ("celery",)
    ) -> Iterator[None]:
        """A worker of the fleet, somewhere else, which runs nothing.

        Args:
            silent: it never gives its word: `enable` names it among the unconfirmed, when a lease has passed.
        """
        registry = self._wiring.memory.registry
        card = AgentCard(
            agent_id=str(uuid.uuid4()),
            role="worker",
            node=node,
            host=socket.gethostname(),
            pid=1,
            pool="prefork",
            slots=1,
            queues=queues,
            tasks=tuple(sorted(self._wiring.app.tasks)),
            terminable=True,
        )
        self._wiring.runtime.view()  # so that there is a state to follow
        changed, report = registry.changed, AgentReport(queues=queues)

        def follow(_seconds: float = 0.0) -> None:
            epoch = registry.renew(card, report, register=True).state.epoch
            registry.acknowledge(card.agent_id, epoch, report)

        def follow_too() -> None:
            changed()
            follow()

        registry.renew(card, None, register=True)
        with ExitStack() as at_end:
            at_end.callback(registry.leave, card.agent_id)
            if not silent:
                registry.changed = follow_too
                at_end.callback(setattr, registry, "changed", changed)
                at_end.callback(self._wiring.memory.clock.when_moved(follow))
                follow()
            yield

    @contextmanager
    def asked_to_stop(self, seconds: float = 30.0) -> Iterator[None]:
        """What a running job sees that an emergency asks to stop: in this thread `guard.should_stop` is true,
        `guard.checkpoint` raises `guard.JobInterrupted`, and `guard.time_left` counts down.

        Args:
            seconds: how long it has until it is ended.
        """
        with self._wiring.memory_runtime.asked_to_stop(seconds):
            yield
