"""What the guard asks of the world: small protocols, and the values that cross them.

Contracts that every doer keeps (tests/contracts runs one suite on memory, Redis and SQL):

- A store that does not answer raises `StoreUnavailable`; it never answers "inactive" instead.
- A store that holds nothing raises `StateMissing`; one that holds nonsense raises `StateInvalid`.
- A refused compare-and-set (`StaleEpoch`) has changed nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.account import Account
    from guard.core.parked import ParkedJob
    from guard.core.state import GuardState

__all__ = [
    "AgentCard",
    "AgentReport",
    "AuditRecord",
    "Barrier",
    "Clock",
    "ControlPlane",
    "DurableReader",
    "DurableStore",
    "Lock",
    "ParkedIndex",
    "Renewal",
    "RosterEntry",
    "RunningJob",
    "StateReader",
    "StateStore",
    "Tally",
    "WakeUp",
    "WindowRecord",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCard:
    """Who an agent is. Told once, when it registers.

    Attributes:
        agent_id: a UUID per process start; node names may be used twice (F56).
        role: ``worker`` or ``producer``.
        node: Celery's node name, a label for people.
        host, pid: where it runs.
        pool: prefork, threads, solo; empty for a producer.
        slots: how many jobs it can run at once.
        queues: the queues that it consumes from while open.
        tasks: the names of the tasks that it knows.
        terminable: whether its jobs can be ended one by one.
        problem: why it refuses guarded work; empty when its self-test passed.
    """

    agent_id: str
    role: str
    node: str
    host: str
    pid: int
    pool: str = ""
    slots: int = 0
    queues: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    terminable: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningJob:
    """A guarded job that runs. `since` is UTC seconds."""

    task_id: str
    task: str
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReport:
    """What an agent says about itself while the gate is closed.

    Attributes:
        running: guarded jobs in its pool.
        reserved: guarded jobs that it holds and has not started.
        cordoned: queues that it takes nothing from.
        lost_slots: slots whose process died without saying how its job ended.
    """

    running: tuple[RunningJob, ...] = ()
    reserved: int = 0
    cordoned: tuple[str, ...] = ()
    lost_slots: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterEntry:
    """One registered agent.

    Attributes:
        card: who it is.
        acknowledged_epoch: the last epoch that it acknowledged; -1 before the first.
        seen_seconds_ago: since its last renewal, by the store's clock.
        report: its last report while closed; None when it never made one in this epoch.
    """

    card: AgentCard
    acknowledged_epoch: int
    seen_seconds_ago: float
    report: AgentReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """The answer to a renewal: the state as the control plane has it, read in the same atomic step
    that registered the agent.

    Attributes:
        state: what the control plane holds.
        forgotten: it did not know this agent any more: what was acknowledged there is gone.
    """

    state: GuardState
    forgotten: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """Where the acknowledgements of the current epoch stand.

    Attributes:
        epoch: the epoch of the control plane right now.
        pending: registered agents that have not acknowledged it.
        registry_age: seconds for which the registry has been whole on this server.
        server: identity of the server process; another one means a restart or a failover.
    """

    epoch: int
    pending: int
    registry_age: float
    server: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One line of the journal. `detail` holds plain JSON types."""

    at: float
    actor: str
    action: str
    epoch: int
    outcome: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRecord:
    """One window as history keeps it; times are UTC seconds, duration is seconds."""

    window_id: str
    mode: str
    reason: str
    by: str
    started_at: float
    duration: int | None
    ended_at: float | None = None
    ended_by: str = ""
    account: Mapping[str, int] = field(default_factory=dict)


class Clock(Protocol):
    """Time. Wall for what is stored, boot for deadlines."""

    def wall(self) -> float:
        """UTC seconds."""

    def boot(self) -> float:
        """Seconds on a clock that never jumps."""

    def sleep(self, seconds: float) -> None:
        """Let this much time pass."""


class StateReader(Protocol):
    """Anything that can say the guard state."""

    def read(self) -> GuardState:
        """The state. Raises StoreUnavailable, StateMissing, StateInvalid, SchemaNotReady."""


class DurableReader(StateReader, Protocol):
    """The durable truth, for those who only ask."""

    def configuration_rows(self) -> dict[str, str | None]:
        """The guides' rows as they stand; empty when the table is not there."""


class StateStore(StateReader, Protocol):
    """Anything that can hold the guard state."""

    def compare_and_set(self, expected_epoch: int, new: GuardState) -> None:
        """Write `new` if the store is at `expected_epoch`, else raise StaleEpoch and change nothing."""


class DurableStore(StateStore, DurableReader, Protocol):
    """The durable truth: the state with its journal, in one transaction."""

    def change(self, expected_epoch: int, new: GuardState, record: AuditRecord) -> None:
        """Compare-and-set with the journal line and the configuration rows in the same transaction."""

    def journal(self, record: AuditRecord) -> None:
        """Write one journal line that changes no state."""

    def window(self, window_id: str) -> WindowRecord | None:
        """One window of the history."""

    def windows(self, limit: int) -> list[WindowRecord]:
        """The last windows, newest first."""

    def close_books(self, window_id: str, account: Account) -> None:
        """Store the account of a window. May be repeated; the last one stands."""

    def write_configuration_rows(self, state: GuardState) -> None:
        """Write the rows again so that they say this state."""


class ControlPlane(StateStore, Protocol):
    """The live control plane: state, registry of agents, acknowledgements."""

    def publish(self, state: GuardState) -> bool:
        """Write the state if its epoch is greater, start a new round of acknowledgements, wake all
        agents. False when the store already has this epoch or a greater one."""

    def overwrite(self, state: GuardState) -> None:
        """Write the state whatever is there. Only for a control plane that holds no valid state."""

    def renew(self, card: AgentCard, report: AgentReport | None, *, register: bool) -> Renewal:
        """Register or renew an agent and read the state, in one atomic step."""

    @property
    def connections(self) -> int:
        """How many connections were made so far. Another number: another server may be answering,
        and the durable store must be asked before it is believed."""

    def acknowledge(self, agent_id: str, epoch: int, report: AgentReport) -> bool:
        """Record an agent's word for this epoch. False, and nothing recorded, when the epoch is not
        the current one or the agent is not registered."""

    def leave(self, agent_id: str) -> None:
        """Forget an agent that stops in order."""

    def barrier(self) -> Barrier:
        """Where the acknowledgements stand."""

    def roster(self) -> list[RosterEntry]:
        """All registered agents."""

    def eviction_policy(self) -> str | None:
        """What the server does when its memory is full; None when it does not say."""

    def close(self) -> None:
        """Close the connections. The plane may be used again."""


class WakeUp(Protocol):
    """Tells an agent that the state has changed. A wake-up, never the truth: it may be lost."""

    def wait(self, seconds: float) -> str | None:
        """A pushed record, or None after this time. Raises StoreUnavailable at once when nobody can push."""

    def close(self) -> None:
        """Stop listening."""


class Lock(Protocol):
    """Saves work that only one process should do at a time. Not a proof of mutual exclusion."""

    def acquire(self) -> bool:
        """Whether we hold it now, for ten seconds."""

    def extend(self) -> bool:
        """Hold it for ten more seconds. False when it was lost."""

    def give_back(self) -> None:
        """Let the next one have it."""


class Tally(Protocol):
    """Counters of a window, summed over all processes."""

    def add(self, window_id: str, counts: Mapping[str, int]) -> None:
        """Add to counters named as in `Account.to_fields`."""

    def account(self, window_id: str) -> Account:
        """The sums so far."""


class ParkedIndex(Protocol):
    """The index of parked jobs. The parking queue is the truth; this answers questions about it quickly
    and makes a second copy of a job improbable."""

    def begin(self, job: ParkedJob) -> tuple[str, bool]:
        """Announce that a delivery is being parked. Gives the park id to use and whether that delivery
        is already safely parked: then this one is a second copy and must only be acknowledged."""

    def parked(self, job: ParkedJob) -> None:
        """The broker has confirmed the parked copy."""

    def gone(self, job: ParkedJob) -> None:
        """It was released or discarded."""

    def claim(self, park_id: str, copy: str) -> bool:
        """Whether this copy may run: the first copy that asks may, also when it is delivered again."""

    def park_id_of(self, publication: str, generation: str) -> str | None:
        """Under which id a delivery was parked in the last days, if it was."""

    def jobs(self, limit: int) -> list[ParkedJob]:
        """Parked jobs, oldest first."""

    def job(self, task_id: str) -> ParkedJob | None:
        """One parked job."""

    def first_of(self, window_id: str, entry: str, task_id: str) -> str:
        """For beat: the id of the occurrence of this entry that already waits in this window, or the
        given id when it is the first."""
