"""The statements of the account, each compared with somebody else's word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from guard.core.counts import Count
from tasks.demo.ledger import Outcome
from tasks.demo.runs import ran_twice
from tasks.names import (
    BEAT_HEARTBEAT,
    GENERATE_CAPTION,
    OPTIMIZE_IMAGE,
    ORCHESTRATION,
    PROCESS_BATCH,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from tasks.demo.evidence import Evidence
    from tasks.demo.runs import Run
    from tasks.demo.scenario import Story

_LEAVE_A_ROW: Final = frozenset({OPTIMIZE_IMAGE, GENERATE_CAPTION, PROCESS_BATCH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One statement, and whether it is true."""

    statement: str
    holds: bool
    detail: str = ""
    """The witness, or what speaks against it."""


def all_checks(story: Story, evidence: Evidence) -> list[Check]:
    """Every comparison, in the order in which they are told."""
    ledger, counters = story.ledger, evidence.counters
    ran = {run.task_id for run in evidence.runs} | set(evidence.rows)
    refused = {job.task_id for job in ledger.having(Outcome.REFUSED)}
    no_row_or_two = [
        job.task_id
        for job in ledger.having(Outcome.DONE)
        if job.task in _LEAVE_A_ROW and evidence.rows.get(job.task_id) != 1
    ]
    twice = ran_twice(evidence.runs) + [task_id for task_id, runs in evidence.rows.items() if runs > 1]
    parked, released = counters.total(Count.PARKED), counters.total(Count.RELEASED)
    return [
        _none(
            "every accepted job has an outcome", "result backend", [job.task_id for job in ledger.unsettled]
        ),
        _none("every done job left its result", "results database", no_row_or_two),
        _none("no job ran twice", "workers' logs, results database", sorted(set(twice))),
        _none("no refused job ran", "workers' logs", sorted(refused & ran)),
        _none(
            "no guarded job started while closed", "workers' logs", started_while_closed(story, evidence.runs)
        ),
        Check(
            statement="nothing touched the results during maintenance",
            holds=story.drained and story.untouched,
            detail="results database" if story.drained else "jobs that ran at the closing did not end",
        ),
        Check(
            statement="the guard counted the same refusals",
            holds=counters.total(Count.REFUSED) == len(refused),
            detail=f"guard {counters.total(Count.REFUSED)}, callers {len(refused)}",
        ),
        Check(
            statement="every parked job was released",
            holds=parked == released and evidence.still_parked == 0,
            detail=f"parked {parked}, released {released}, still parked {evidence.still_parked}",
        ),
        _none(
            "every failure lies in its image",
            "result backend",
            [job.why for job in ledger.having(Outcome.FAILED) if not job.explained],
        ),
    ]


def started_while_closed(story: Story, runs: Collection[Run]) -> list[str]:
    """Guarded jobs that started while closed; by the guard's own word none of them ran already before."""
    known = {job.task_id for job in story.closed.running or ()} if story.closed else set()
    return sorted(
        run.task_id
        for run in while_closed(story, runs)
        if run.task not in ORCHESTRATION and run.task_id not in known
    )


def heartbeats(story: Story, runs: Collection[Run]) -> int:
    """How often beat's unguarded job ran while closed."""
    return sum(run.task == BEAT_HEARTBEAT for run in while_closed(story, runs))


def while_closed(story: Story, runs: Collection[Run]) -> list[Run]:
    """Runs that started between the return of `enable` and the call of `disable`."""
    return [run for run in runs if story.closed_at < run.started < story.opened_at]


def _none(statement: str, witness: str, against: list[str]) -> Check:
    return Check(
        statement=statement, holds=not against, detail="; ".join(against[:5]) if against else witness
    )
