"""What the guard asks of the world: small protocols. Only type checkers load this module.

Contracts that every doer keeps (tests/contracts runs one suite on memory, Redis and SQL):

- A store that does not answer raises `StoreUnavailable`; it never answers "inactive" instead.
- A store that holds nothing raises `StateMissing`; one that holds nonsense raises `StateInvalid`.
- A refused compare-and-set (`StaleEpoch`) has changed nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from guard.core.account import Account
    from guard.core.acts import Notice
    from guard.core.agents import AgentCard, AgentReport, Renewal
    from guard.core.alerts import Alert
    from guard.core.difference import Consume, StopConsuming, WriteRow
    from guard.core.finishing import FinishingStep
    from guard.core.found import Consumer, Found
    from guard.core.history import AuditRecord, WindowRecord
    from guard.core.ledger import LedgerEntry, LostJob
    from guard.core.occurrence import Occurrence
    from guard.core.outcome import JobOutcome
    from guard.core.parked import ParkedJob
    from guard.core.planned import Schedule
    from guard.core.roll import Fate, RollEntry
    from guard.core.roster import Barrier, RosterEntry
    from guard.core.state import GuardState
    from guard.core.window_lease import WindowLease

__all__ = [
    "Alerts",
    "Clock",
    "Consumption",
    "ControlPlane",
    "DurableReader",
    "DurableStore",
    "FinishingSteps",
    "FoundRecords",
    "Ledger",
    "LedgerBooks",
    "Lock",
    "Notices",
    "Outcomes",
    "ParkedIndex",
    "Schedules",
    "StateReader",
    "StateStore",
    "Tally",
    "WakeUp",
    "WindowLeases",
]


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

    def latest(self, action: str, limit: int) -> list[AuditRecord]:
        """The last journal lines of one action, newest first."""

    def window(self, window_id: str) -> WindowRecord | None:
        """One window of the history."""

    def windows(self, limit: int) -> list[WindowRecord]:
        """The last windows, newest first."""

    def enrol(self, window_id: str, entries: Sequence[RollEntry]) -> None:
        """Write workers on the roll of a window. Those that are on it already stay as they are."""

    def roll(self, window_id: str) -> list[RollEntry]:
        """Every worker that was ever seen in a window."""

    def settle(self, window_id: str, agent_id: str, fate: Fate) -> bool:
        """Write what became of a worker that is expected to answer. False when it is not on the roll,
        or its fate is known already."""

    def close_books(self, window_id: str, account: Account) -> None:
        """Store the account of a window. May be repeated; the last one stands."""

    def write_configuration_rows(self, state: GuardState) -> None:
        """Write the rows again so that they say this state."""


class WindowLeases(Protocol):
    """Who runs the automated window: in the durable store, since that is what says that a window is open."""

    def look(self) -> WindowLease | None:
        """The lease as it stands; None when nobody has it."""

    def take(self, window_id: str, who: str, *, now: float, until: float) -> int | None:
        """Take it when nobody has it, or when it has run out. Its fence, or None when somebody was faster."""

    def extend(self, fence: int, *, until: float) -> bool:
        """Keep it. False when somebody has taken it over."""

    def drop(self, fence: int) -> None:
        """Give it back, if it still is ours."""


class Alerts(Protocol):
    """What a person should know."""

    def raise_alert(self, alert: Alert) -> None:
        """Log an alert and keep it. StoreUnavailable: it was logged, and is not kept."""

    def recent(self, limit: int) -> list[Alert]:
        """The last ones, newest first."""


class FoundRecords(Protocol):
    """What windows found when they opened. The durable store writes it in the transaction that opens one."""

    def of(self, window_id: str) -> Found | None:
        """None for a window that was opened without the durable store. StateInvalid: it is unreadable."""

    def now(self) -> tuple[GuardState, Found]:
        """The state, and what a window would find now as far as the durable store knows."""

    def complete(
        self,
        window_id: str,
        *,
        consumers: Mapping[str, Consumer] | None,
        settings: Mapping[str, str],
        beat: Mapping[str, str],
    ) -> None:
        """Add what only the fleet and this process know. What is known already stays."""

    def write_rows(self, rows: Sequence[WriteRow]) -> dict[str, str]:
        """Write rows of the configuration table back: key -> problem, or empty. IllegalMove while a window is
        open: then they are a view of it, and nothing was changed."""


class Consumption(Protocol):
    """Which queues workers consume. Asked and told by Celery's remote control."""

    def ask(self, nodes: Collection[str]) -> dict[str, Consumer] | None:
        """Those of these nodes that answer, by the id of the worker's process; None when the broker does not.
        A name is given as often as there are workers of it: returns as soon as so many have answered."""

    def tell(self, undo: Consume | StopConsuming) -> str:
        """Why a worker was not reached, or empty. It acts a moment later."""


class Notices(Protocol):
    """How people hear of planned windows before they begin."""

    def give(self, notice: Notice) -> None:
        """Give one. Each is given once, by one process; what cannot be delivered is this doer's to repeat."""


class Schedules(Protocol):
    """Plans, and what became of their starts."""

    def schedules(self) -> list[Schedule]:
        """All plans, cancelled ones too, by their first start."""

    def add(self, schedule: Schedule) -> None:
        """Keep a new one, of an id that is not there."""

    def change(self, schedule: Schedule) -> bool:
        """Replace the revision before it. False, and nothing changed, when that is not there any more."""

    def occurrences(self, now: float) -> list[Occurrence]:
        """Rows that have not ended, those of starts to come, and the last one of each schedule until now."""

    def history(self, schedule_id: str, limit: int) -> list[Occurrence]:
        """The rows of a schedule, latest start first."""

    def save(self, before: Occurrence, after: Occurrence, notices: Sequence[Notice] = ()) -> bool:
        """Write a row if it still is as it was read, or not there where `before` was never written, and with
        it the messages to those who are to be told. False, and nothing changed, when another process was
        faster."""


class ControlPlane(StateStore, Protocol):
    """The live control plane: state, registry of agents, acknowledgements."""

    def publish(self, state: GuardState) -> bool:
        """Write the state if its epoch is greater, start a new round of acknowledgements, wake all
        agents. False when the store already has this epoch or a greater one."""

    def overwrite(self, state: GuardState) -> None:
        """Write the state whatever is there. Only for a control plane that holds no valid state."""

    def renew(
        self, card: AgentCard, report: AgentReport | None, *, register: bool, epoch: int | None = None
    ) -> Renewal:
        """Register or renew an agent and read the state, in one atomic step.

        Args:
            epoch: the one that the report is about. A report about another than the current one is not kept:
                a renewal may arrive late, when its sender has long sent another.
        """

    @property
    def connections(self) -> int:
        """How many connections were made so far. Another number: another server may be answering,
        and the durable store must be asked before it is believed."""

    def acknowledge(self, agent_id: str, epoch: int, report: AgentReport) -> bool:
        """Record an agent's word for this epoch. False, and nothing recorded, when the epoch is not
        the current one or the agent is not registered."""

    def leave(self, agent_id: str) -> None:
        """Forget an agent that stops in order."""

    def departed(self, agent_id: str) -> bool:
        """Whether an agent has left in order within the last week."""

    def barrier(self) -> Barrier:
        """Where the acknowledgements stand, on a server that takes writes.

        Raises:
            StateMissing: there is no state.
            StoreUnavailable: it does not answer, or takes no writes (it is primary no longer, say).
        """

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

    def begin(self, window_id: str) -> None:
        """Note that everything is counted from now on. May be repeated."""

    def is_whole(self, window_id: str) -> bool:
        """Whether everything since then is counted: no data was lost meanwhile."""

    def add(self, window_id: str, counts: Mapping[str, int], *, sender: str = "", number: int = 0) -> None:
        """Add to counters named as in `Account.to_fields`.

        Args:
            sender, number: name this batch. One that has come is not added again, so that whoever got no
                answer may send it once more. The numbers of a sender grow, and one is sent at a time.
        """

    def account(self, window_id: str) -> Account:
        """The sums so far."""


class FigureBooks(Protocol):
    """Sums of figures over all processes and windows (`guard.core.process_figures`)."""

    def add(self, fields: Mapping[str, int]) -> None:
        """Add to them."""

    def sums(self) -> dict[str, int]:
        """All that anybody ever added to."""


class Outcomes(Protocol):
    """What became of jobs that an emergency met while they ran."""

    def record(self, outcome: JobOutcome) -> None:
        """Record one. Recording the same attempt again changes nothing but its content."""

    def of(self, window_id: str) -> list[JobOutcome]:
        """Those of one window, in the order in which they ended; kept for thirty days."""


class ParkedIndex(Protocol):
    """The index of parked jobs. The parking queue is the truth; this answers questions about it quickly
    and makes a second copy of a job improbable."""

    def begin(self, job: ParkedJob) -> tuple[str, bool]:
        """Announce that a delivery is being parked. Gives the park id to use and whether that delivery
        is already safely parked: then this one is a second copy and must only be acknowledged.

        A delivery that has claimed the park id as `ORIGINAL`, because it came again while its copy was being
        parked, is the one that is to run: that copy is dropped. So it is parked anew, under its new id."""

    def parked(self, job: ParkedJob) -> bool:
        """The broker has confirmed the parked copy. False: its original is to run by now (`claim_original`),
        and this copy will be dropped."""

    def gone(self, job: ParkedJob) -> None:
        """It was released or discarded."""

    def claim(self, park_id: str, copy: str) -> bool:
        """Whether this copy may run: the first copy that asks may, also when it is delivered again."""

    def claim_original(self, publication: str, generation: str) -> bool:
        """Whether a delivery that comes again may run. Not when the broker has confirmed a parked copy of it
        in the last days: that one runs. A copy that is being parked is dropped in favour of the delivery."""

    def jobs(self, limit: int) -> list[ParkedJob]:
        """Parked jobs, oldest first."""

    def job(self, task_id: str) -> ParkedJob | None:
        """One parked job."""

    def first_of(self, window_id: str, entry: str, task_id: str) -> str:
        """For beat: the id of the occurrence of this entry that already waits in this window, or the
        given id when it is the first."""


class Ledger(Protocol):
    """Accepted jobs that have not ended, for who publishes and who runs them."""

    def accept(self, entry: LedgerEntry) -> None:
        """Enter a job that is about to be published. One of the same id is replaced: a retry."""

    def started(self, task_id: str, agent_id: str) -> None:
        """It runs with this agent."""

    def stopped(self, task_id: str) -> None:
        """It runs no longer, and has not ended: it was given back."""

    def ended(self, task_id: str) -> bool:
        """It has ended, or was never published. True when it had been given up as lost."""

    def runner(self, task_id: str) -> str | None:
        """The agent where it runs, if that is registered: one that was silent for a minute is not."""

    def note_second(self, task_id: str, publication: str) -> None:
        """A second delivery of this publication was parked: remember its end when that comes."""

    def has_ended(self, publication: str) -> bool:
        """Whether a publication of which a second delivery was parked has ended, in the last two days."""


class LedgerBooks(Protocol):
    """The same, for who reconciles."""

    def open(self) -> int:
        """How many jobs are entered."""

    def queues(self) -> list[str]:
        """Queues for which jobs were ever entered."""

    def accepted_at(self, queue: str, task_ids: Sequence[str]) -> dict[str, float]:
        """When those of these ids were accepted that are entered for this queue."""

    def oldest(self, queue: str, before: float, limit: int) -> list[LedgerEntry]:
        """Jobs of a queue that were accepted before this time, oldest first."""

    def runners(self, task_ids: Sequence[str]) -> dict[str, str]:
        """Where those of these jobs run that run with a registered agent."""

    def suspected(self) -> dict[str, str]:
        """Task id and publication of those that were nowhere at the last look."""

    def suspect(self, entries: Iterable[LedgerEntry]) -> None:
        """Replace them."""

    def lose(self, jobs: Iterable[LostJob]) -> None:
        """Give jobs up: they are lost, and not entered any more."""

    def lost(self) -> list[LostJob]:
        """Those that are lost and that nobody has forgotten, oldest first."""

    def forget(self, task_id: str) -> bool:
        """Strike a lost job off. False when there is none of this id."""


class FinishingSteps(Protocol):
    """Steps of workflows that go on while a window drains."""

    def begin(self, window_id: str, step: FinishingStep) -> bool:
        """Enter a step. False when this window takes none any more."""

    def holds(self, window_id: str, token: str) -> bool:
        """Whether a step is entered."""

    def end(self, window_id: str, token: str) -> None:
        """Strike a step off."""

    def steps(self, window_id: str) -> list[FinishingStep]:
        """Those that are entered, oldest first."""

    def close(self, window_id: str) -> bool:
        """Take none from now on, if none is left: then True. In one step, so that none slips in between."""
