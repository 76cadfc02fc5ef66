"""What the guard and three independent witnesses say, gathered after the last job.

The witnesses are Celery's result backend (how each job ended; already in the ledger), the results database
(what each left behind, and how often) and the workers' logs (what ran, and when).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from guard.core.counts import Count
from tasks.demo.ledger import Outcome
from tasks.demo.runs import Run, read_runs
from tasks.names import GENERATE_CAPTION
from tasks.results.schema import job_captions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from guard import Guard
    from guard.core.account import Account
    from tasks.demo.scenario import Story
    from tasks.results.store import ResultStore

_COUNTERS_SECONDS: Final = 5.0
"""Processes send their counters about once a second."""
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The guard's word and the witnesses'.

    Attributes:
        counters: The guard's own, of this window.
        still_parked: By the broker; None when it did not answer.
        runs: By the workers' logs.
        rows: By the results database: how often each job wrote its result.
        example: A caption that a job wrote, with its file; empty when none did.
        last_seen: Where the guard believes each job without an outcome to be.
    """

    counters: Account
    still_parked: int | None
    runs: Sequence[Run]
    rows: Mapping[str, int]
    example: Mapping[str, str]
    last_seen: Mapping[str, str]


def gather(story: Story, guard: Guard, results: ResultStore, worker_logs: Iterable[Path]) -> Evidence:
    """Ask them all."""
    return Evidence(
        counters=_counters(story, guard),
        still_parked=guard.status().parked,
        runs=read_runs(worker_logs),
        rows=results.runs(),
        example=_example(story, results),
        last_seen={job.task_id: guard.job(job.task_id).note for job in story.ledger.unsettled},
    )


def _example(story: Story, results: ResultStore) -> dict[str, str]:
    for job in story.ledger.having(Outcome.DONE):
        row = results.row(job_captions, job.task_id) if job.task == GENERATE_CAPTION else None
        if row is not None:
            return {"image": job.about, "caption": row["text"]}
    return {}


def _counters(story: Story, guard: Guard) -> Account:
    """The guard's counters: as soon as they are complete, or as they are after some seconds."""
    window_id = story.closed.window_id if story.closed else None
    refused = len(story.ledger.having(Outcome.REFUSED))
    until = time.monotonic() + _COUNTERS_SECONDS
    while True:
        counters = guard.account(window_id)
        complete = counters.still_parked == 0 and counters.total(Count.REFUSED) == refused
        if complete or time.monotonic() > until:
            return counters
        time.sleep(_POLL_SECONDS)
