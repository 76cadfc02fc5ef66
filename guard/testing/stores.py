"""The stores of one app, in memory: what `guard.bootstrap.stores` is to a real guard."""

from __future__ import annotations

import uuid
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from guard.core.named_events import not_announced
from guard.core.record import write_record
from guard.store.memory import (
    MemoryControlPlane,
    MemoryDurableStore,
    MemoryOutcomes,
    MemoryParkedIndex,
    MemoryTally,
)
from guard.store.memory_attempts import MemoryAttempts
from guard.store.memory_bypasses import MemoryBypasses, MemoryBypassMarks
from guard.store.memory_finishing import MemoryFinishingSteps
from guard.store.memory_ledger import MemoryLedger
from guard.store.memory_schedules import MemorySchedules
from guard.store.redis.keys import Keys
from guard.testing.away import Away, MayBeAway
from guard.testing.errors import NotInMemory
from guard.testing.waking import Bell, ConductorEar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.core.account import Account
    from guard.core.agents import AgentReport
    from guard.core.alerts import Alert
    from guard.core.named_events import Announces
    from guard.core.state import GuardState
    from guard.settings import Settings
    from guard.testing.clock import FakeClock

__all__ = ["MemoryStores"]

_WHOLE_SECONDS = 3600.0


class _Plane(MemoryControlPlane):
    """The control plane that tells of its changes. Its registry is as whole as that of an old fleet, so that
    the first window need not wait for a lease."""

    def __init__(self, clock: FakeClock, bell: Bell, secret: bytes | None) -> None:
        super().__init__(clock)
        self._born -= _WHOLE_SECONDS
        self._bell = bell
        self._secret = secret
        self.changed: Callable[[], None] = lambda: None
        """Called after each change of the state, by who made it."""

    def _write(self, state: GuardState) -> None:
        super()._write(state)
        self._bell.ring(write_record(state, self._secret))

    def publish(self, state: GuardState) -> bool:
        written = super().publish(state)
        if written:
            self.changed()
        return written

    def overwrite(self, state: GuardState) -> None:
        super().overwrite(state)
        self.changed()

    def acknowledge(self, agent_id: str, epoch: int, report: AgentReport) -> bool:
        taken = super().acknowledge(agent_id, epoch, report)
        self._bell.ring()
        return taken


class _Tally(MemoryTally):
    """Counters of which nothing waits to be sent when they are read.

    Args:
        send: sends what does.
    """

    def __init__(self, send: Callable[[], None]) -> None:
        super().__init__()
        self._send = send

    def account(self, window_id: str) -> Account:
        self._send()
        return super().account(window_id)


class _Figures:
    """Sums of figures."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()

    def add(self, fields: Mapping[str, int]) -> None:
        self._sums.update(fields)

    def sums(self) -> dict[str, int]:
        return dict(self._sums)


class _Alerts:
    """What a person should know, in a list."""

    def __init__(self) -> None:
        self._alerts: list[Alert] = []

    def raise_alert(self, alert: Alert) -> None:
        self._alerts.append(alert)

    def recent(self, limit: int) -> list[Alert]:
        return self._alerts[::-1][:limit]


class _NothingFound:
    """What windows found: not kept, so nothing can be rolled back."""

    def complete(self, window_id: str, **parts: object) -> None:
        """Nothing is kept."""

    def __getattr__(self, name: str) -> NoReturn:
        raise NotInMemory("what a window found, which a rollback restores,")


class _NoWindowLeases:
    """Nobody runs the weekly optimization."""

    def look(self) -> None:
        return None


class _Lock:
    """A lock in one process."""

    def __init__(self, held: dict[str, object], name: str) -> None:
        self._held = held
        self._name = name

    def acquire(self) -> bool:
        return self._held.setdefault(self._name, self) is self

    def extend(self) -> bool:
        return self._held.get(self._name) is self

    def give_back(self) -> None:
        if self.extend():
            del self._held[self._name]


class _Members:
    """The ids of registered agents."""

    def __init__(self, plane: _Plane) -> None:
        self._plane = plane

    def __contains__(self, agent_id: object) -> bool:
        return any(entry.card.agent_id == agent_id for entry in self._plane.roster())


class MemoryStores:
    """Every store that there is in memory; any other is named by `NotInMemory`.

    Args:
        send: sends the counters of this process.
        workers: whether a worker runs in this process.
    """

    def __init__(
        self, settings: Settings, clock: FakeClock, *, send: Callable[[], None], workers: Callable[[], bool]
    ) -> None:
        self.clock = clock
        self.keys = Keys(settings.guard_namespace)
        self.announce: Announces = not_announced
        self.away = Away()
        self.bell = Bell()
        self._workers = workers
        self._locks: dict[str, object] = {}
        live = partial(MayBeAway, name="control plane", is_away=lambda: self.away.control_plane)
        kept = partial(MayBeAway, name="durable store", is_away=lambda: self.away.durable_store)
        self.registry = _Plane(clock, self.bell, settings.secret)
        """The control plane, whether it is away or not."""
        self.plane: Any = live(self.registry)
        durable = MemoryDurableStore(store_id=str(uuid.uuid4()), now=clock.wall())
        self.registry.publish(durable.read())
        self.durable: Any = kept(durable)
        self.glance: Any = self.durable
        self.index: Any = live(MemoryParkedIndex())
        self.tally: Any = live(_Tally(send))
        self.figures: Any = live(_Figures())
        self.attempts: Any = live(MemoryAttempts())
        self.outcomes: Any = live(MemoryOutcomes())
        self.finishing: Any = live(MemoryFinishingSteps())
        self.ledger: Any = live(MemoryLedger(_Members(self.registry)))
        self.bypass_marks: Any = live(MemoryBypassMarks(clock))
        self.bypasses: Any = kept(MemoryBypasses())
        self.schedules: Any = kept(MemorySchedules())
        self.alerts: Any = kept(_Alerts())
        self.found: Any = kept(_NothingFound())
        self.window_leases: Any = kept(_NoWindowLeases())

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInMemory(f"the store `{name}`")

    def impatient_plane(self, _timeout: float) -> Any:
        """The control plane, for an agent."""
        return self.plane

    def wake_up(self, _channel: str, *, name: str, timeout: float = 0.0) -> Any:
        """A listener for whoever waits for workers."""
        del name, timeout
        return ConductorEar(self.bell, self.clock, self._workers)

    def listen(self, _name: str) -> Any:
        """A listener to changes of the state, in a thread of its own."""
        return self.bell.ear()

    def lock(self, name: str) -> Any:
        """A lock, which is lost with the control plane."""
        return MayBeAway(_Lock(self._locks, name), "control plane", lambda: self.away.control_plane)

    def close(self) -> None:
        """Nothing to close."""
