"""The drain: which jobs still run, how long they may take, and when nothing is left.

Rules:

- Drained needs the word of every worker on the roll: it follows this epoch, was heard of within a
  lease, and runs nothing, holds nothing back, ends nothing and has lost no job. Unknown is not zero.
- A worker that does not answer blocks the drain until it answers, is proven gone and its jobs are back
  with the broker, or an operator vouches for it.
- A registry that was lost hides live workers, and the roll knows only those that were seen in this window. So
  it is believed once it has been whole for longer than a lease, the rule of `guard.core.barrier`: by then who
  lives has registered again.
- A step that goes on (`guard.core.finishing`) blocks it, from before it is published until what follows
  it was.
- An estimate says what it rests on: how long the task took before, or its time limit. A job that runs
  longer than it ever did is *slow*; one that nothing bounds is *never*.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from guard.core.roll import Fate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from guard.core.agents import AgentReport, RunningJob
    from guard.core.finishing import FinishingStep
    from guard.core.roll import RollEntry
    from guard.core.roster import RosterEntry

__all__ = ["Basis", "Blocker", "BlockerKind", "DrainFacts", "DrainView", "Pace", "view_drain"]


class BlockerKind(StrEnum):
    """Why a drain is not over."""

    RUNNING = "running"
    RESERVED = "reserved"
    """The worker still holds jobs that have not started; it gives them back."""
    ENDING = "ending"
    """Its code has ended; its result, and what follows it, are on their way."""
    LOST = "lost"
    """A pool child died and did not say how its job ended; Celery finds out."""
    UNCONFIRMED = "unconfirmed"
    """The worker answers, and does not follow this epoch yet."""
    SILENT = "silent"
    """The worker does not answer."""
    UNDELIVERED = "undelivered"
    """The worker is gone, and the broker still believes its jobs to be in its hands."""
    FINISHING = "finishing"
    """The next step of a workflow that goes on: on its way, or lost with a worker."""


class Basis(StrEnum):
    """What an estimate rests on."""

    PAST_RUNS = "past runs"
    TIME_LIMIT = "time limit"
    NOTHING = "nothing"


class Pace(StrEnum):
    """How a running job does."""

    NORMAL = "normal"
    SLOW = "slow"
    """It has run longer than this task ever did on this worker."""
    NEVER = "never"
    """Nothing says that it will end: no time limit, and no past run that took as long."""


_YOUNG = (
    "the registry of workers is not known to have been whole for longer than a lease (Redis or the fleet was "
    "started just now): workers may be missing in it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One thing that keeps a drain from being over. Times are seconds.

    Attributes:
        kind: what it is.
        worker: the node.
        count: jobs, for RESERVED, ENDING and LOST.
        task_id, task, operation: of a RUNNING job.
        running_for: since it started, or since a worker was heard of that does not answer; None when never.
        limit: hard time limit of the job; None when it has none.
        ends_in: estimate until it ends; None when nothing is known.
        basis: what the estimate rests on.
        pace: how the job does.
        can_end: whether an emergency could end it one by one.
    """

    kind: BlockerKind
    worker: str
    count: int = 1
    task_id: str = ""
    task: str = ""
    operation: str = ""
    running_for: float | None = None
    limit: float | None = None
    ends_in: float | None = None
    basis: Basis = Basis.NOTHING
    pace: Pace = Pace.NORMAL
    can_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainFacts:
    """What is known at one moment.

    Attributes:
        epoch: of the window now.
        workers: the registered workers; None when the registry does not answer.
        roll: every worker that was ever seen in this window; None when SQL does not answer.
        undelivered: ids of agents on the roll that are gone while their jobs are not back yet.
        steps: steps of workflows that go on; None when Redis does not answer.
        lease: seconds after which a worker that is not heard of counts as silent.
        registry_age: seconds for which the registry had been whole when the workers were asked for; None when
            unknown. It is known to be whole when that is more than a lease.
        now: UTC seconds.
    """

    epoch: int
    workers: tuple[RosterEntry, ...] | None
    roll: tuple[RollEntry, ...] | None
    lease: float
    registry_age: float | None
    now: float
    undelivered: frozenset[str] = frozenset()
    steps: tuple[FinishingStep, ...] | None = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainView:
    """How far a drain is.

    Attributes:
        drained: nothing guarded is left in any worker, proven.
        blockers: what is left, slowest first; as far as is known while something is unknown.
        unknown: what could not be asked; a drain is never over while something is.
        ends_in: seconds until the last job should have ended; None when that cannot be said.
    """

    drained: bool
    blockers: tuple[Blocker, ...] = ()
    unknown: tuple[str, ...] = ()
    ends_in: float | None = None


def view_drain(facts: DrainFacts) -> DrainView:
    """How far the drain is, by these facts."""
    unknown = []
    if facts.workers is None:
        unknown.append("the registry of workers does not answer")
    if facts.roll is None:
        unknown.append("the durable store does not say which workers this window has seen")
    if facts.steps is None:
        unknown.append("nobody can say which steps of workflows go on")
    if facts.workers is None or facts.roll is None or facts.steps is None:
        return DrainView(drained=False, unknown=tuple(unknown))
    blockers = [*_blockers(facts.workers, facts.roll, facts)]
    blockers += _steps(facts.steps, {blocker.task_id for blocker in blockers}, facts.now)
    blockers.sort(key=_by_end)
    if facts.registry_age is None or facts.registry_age <= facts.lease:
        return DrainView(drained=False, blockers=tuple(blockers), unknown=(_YOUNG,))
    ends = [blocker.ends_in for blocker in blockers]
    return DrainView(
        drained=not blockers,
        blockers=tuple(blockers),
        ends_in=None if None in ends else max((end for end in ends if end is not None), default=0.0),
    )


def _by_end(blocker: Blocker) -> tuple[float, str, str]:
    """What ends last, or nobody knows when, comes first."""
    ends_in = blocker.ends_in if blocker.ends_in is not None else float("inf")
    return -ends_in, blocker.worker, blocker.task_id


def _blockers(
    workers: tuple[RosterEntry, ...], roll: tuple[RollEntry, ...], facts: DrainFacts
) -> Iterator[Blocker]:
    known = {entry.card.agent_id for entry in workers}
    fates = {entry.agent_id: entry.fate for entry in roll}
    for entry in roll:
        if entry.agent_id not in known and entry.fate is Fate.UNKNOWN:
            yield Blocker(
                kind=_silence(entry.agent_id, facts), worker=f"{entry.node} (pid {entry.pid} on {entry.host})"
            )
    for worker in workers:
        if worker.seen_seconds_ago > facts.lease:
            if fates.get(worker.card.agent_id, Fate.UNKNOWN) is Fate.UNKNOWN:
                yield Blocker(
                    kind=_silence(worker.card.agent_id, facts),
                    worker=_name(worker),
                    running_for=worker.seen_seconds_ago,
                )
        elif worker.acknowledged_epoch < facts.epoch or worker.report is None:
            yield Blocker(kind=BlockerKind.UNCONFIRMED, worker=_name(worker))
        else:
            yield from _left_in(worker, worker.report, facts.now)


def _silence(agent_id: str, facts: DrainFacts) -> BlockerKind:
    return BlockerKind.UNDELIVERED if agent_id in facts.undelivered else BlockerKind.SILENT


def _steps(steps: tuple[FinishingStep, ...], running: Collection[str], now: float) -> Iterator[Blocker]:
    """Those that no worker reports as running."""
    for step in steps:
        if step.task_id not in running:
            yield Blocker(
                kind=BlockerKind.FINISHING,
                worker=f"queue {step.queue}",
                task_id=step.task_id,
                task=step.task,
                running_for=max(0.0, now - step.since),
            )


def _left_in(worker: RosterEntry, report: AgentReport, now: float) -> Iterator[Blocker]:
    for job in report.running:
        yield _running(job, worker, now)
    if report.reserved:
        yield Blocker(kind=BlockerKind.RESERVED, worker=_name(worker), count=report.reserved)
    if report.ending:
        yield Blocker(kind=BlockerKind.ENDING, worker=_name(worker), count=report.ending)
    if report.lost_slots:
        yield Blocker(kind=BlockerKind.LOST, worker=_name(worker), count=report.lost_slots)


def _running(job: RunningJob, worker: RosterEntry, now: float) -> Blocker:
    elapsed = max(0.0, now - job.since)
    ends_in, basis, pace = _estimate(job, elapsed)
    return Blocker(
        kind=BlockerKind.RUNNING,
        worker=worker.card.node,
        task_id=job.task_id,
        task=job.task,
        operation=job.operation,
        running_for=elapsed,
        limit=job.limit,
        ends_in=ends_in,
        basis=basis,
        pace=pace,
        can_end=worker.card.terminable,
    )


def _estimate(job: RunningJob, elapsed: float) -> tuple[float | None, Basis, Pace]:
    for past in (job.usual, job.longest):
        if past is not None and elapsed < past:
            bounded = past if job.limit is None else min(past, job.limit)
            return max(0.0, bounded - elapsed), Basis.PAST_RUNS, Pace.NORMAL
    if job.limit is not None:
        pace = Pace.SLOW if job.longest is not None else Pace.NORMAL
        return max(0.0, job.limit - elapsed), Basis.TIME_LIMIT, pace
    return None, Basis.NOTHING, Pace.NEVER


def _name(worker: RosterEntry) -> str:
    return f"{worker.card.node} (pid {worker.card.pid} on {worker.card.host})"
