"""The verdict, from journals alone.

Jepsen's way: sets of ids. `accepted - ended` must be empty, but for what the ledger calls lost, and that may
be no more than Redis can lose by the faults of the run. A job that began twice must have been hit, where it
ran or on its way back, by a fault that makes a broker deliver it again; or have been ended by an emergency,
which says so. Nothing guarded begins between the return of `enable` and the call of `disable`.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.stress.evidence import AFTER, FREE, Evidence
from tests.stress.journal import boot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stress.evidence import Closed, Hurt, Job, Line

__all__ = ["Judge", "Violation"]

PATIENCE, PATIENCE_WITH_LEDGER = 180.0, 240.0
"""Seconds in which a job has to end. Where a ledger is kept, one whose worker was killed waits for a minute,
and then for the next release; a lost one is found by two looks."""
CONSUMERS = 4
"""Workers, each of which has asked Redis for one job at a time: what one cut may lose."""
ENDED_BEFORE = 2.0
"""Seconds: "killed" is wrong for a job that had ended so long before it was asked to stop. On a busy machine
a process may take that long from its last line to where the guard sees its end."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be: one of few kinds, and what it was."""

    kind: str
    text: str


class Judge:
    """Judges one session, run by run.

    Args:
        redis: whether the broker is one that may lose jobs at the hand-over.
        ledger: whether the guard keeps one, so that it must say which.

    Attributes:
        patience: seconds in which a job has to end.
        counts: jobs and windows by what became of them.
        took: seconds that each `enable` took, by its proof.
    """

    def __init__(self, folder: Path, *, redis: bool, ledger: bool) -> None:
        self.evidence = Evidence(folder)
        self.patience = PATIENCE_WITH_LEDGER if ledger else PATIENCE
        self._ledger = ledger
        self.hopeless = redis and not ledger
        """Whether nobody will say which jobs are lost."""
        self.counts: Counter[str] = Counter()
        self.took: list[tuple[str, float]] = []
        self._redis = redis
        self._given_up: set[str] = set()
        self._accounted: set[str] = set()
        self._duplicates: Counter[str] = Counter()
        self._windows_judged = 0
        self._lost = 0
        self._came_back: set[str] = set()

    def read(self) -> None:
        """Take in what is new."""
        self.evidence.read()

    def unfinished(self) -> set[str]:
        """Accepted and not ended; without those that an earlier verdict has given up."""
        return self.evidence.unfinished - self._given_up

    def windows_to_account(self) -> list[str]:
        """Windows of which the guard was not asked for an account yet."""
        seen = {line["window"] for line in self.evidence.windows if line.get("window")}
        new = sorted(seen - self._accounted)
        self._accounted |= set(new)
        return new

    def verdict(self, *, last: bool = False) -> list[Violation]:
        """Judge what was read since the last verdict.

        Args:
            last: nothing will be read any more: what has not ended is missing.
        """
        found = self._missing(last)
        closures = self.evidence.closures()
        for task_id in sorted(self.evidence.touched):
            job = self.evidence.jobs[task_id]
            if job.said == "refused" and job.starts:
                found.append(Violation("refused and started", f"job {task_id}: {job.starts[0]}"))
            if any(line.get("raised") == "MaintenanceActive" for line in job.ends):
                found.append(Violation("a continuation was refused", f"of job {task_id}: {job.ends}"))
            found += self._twice(task_id, job)
            if job.task not in FREE:
                found += self._while_closed(task_id, job, closures)
        self.evidence.touched.clear()
        found += self._accounts()
        self._count_jobs()
        return found

    # -- nothing lost --------------------------------------------------------------------------------

    def _missing(self, last: bool) -> list[Violation]:
        found = []
        for task_id in sorted(self._given_up & self.evidence.lost - self._came_back):
            if self.evidence.jobs[task_id].ends:
                self._came_back.add(task_id)
                found.append(Violation("called lost, and ran", f"job {task_id}"))
        for task_id in sorted(self.unfinished()):
            job = self.evidence.jobs[task_id]
            overdue = last or boot() - job.accepted_at > self.patience
            if task_id in self.evidence.lost:
                self.counts["lost, reported"] += 1
                self._lost += 1
            elif not overdue:
                continue
            elif self._redis and job.task in FREE:
                self.counts["lost, and no window is about them"] += 1
                self._lost += 1
            elif self._redis and not self._ledger:
                self.counts["lost, and no ledger is kept"] += 1
                self._lost += 1
            elif self._redis and self.evidence.was_hurt("control plane", job.accepted_at, job.accepted_at):
                self.counts["lost, and could not be entered in the ledger"] += 1
                self._lost += 1
            else:
                self.counts["unaccounted"] += 1
                found.append(Violation("unaccounted", f"job {task_id} ({job.task}): starts {job.starts}"))
            self._given_up.add(task_id)
        allowed = sum(map(_may_lose, self.evidence.hurts))
        if self._lost > allowed:
            text = f"{self._lost} jobs so far; Redis may have lost {allowed}"
            found.append(Violation("more lost than faults explain", text))
        return found

    # -- nothing doubled -----------------------------------------------------------------------------

    def _twice(self, task_id: str, job: Job) -> list[Violation]:
        """Each run of a job but its last must have a reason to be followed by another."""
        starts = sorted(job.starts, key=lambda line: line["at"])
        new = max(0, len(starts) - 1) - self._duplicates[task_id]
        self._duplicates[task_id] += new
        found = []
        for start, following in list(pairwise(starts))[len(starts) - 1 - new :]:
            ended = job.end_of(start)
            reason = self._why_again(task_id, start, ended, following)
            self.counts[f"run again: {reason or 'nobody knows why'}"] += 1
            if not reason:
                text = f"job {task_id} ({job.task}) ended {ended}: {start}, and again {following}"
                found.append(Violation("doubled", text))
        return found

    def _why_again(self, task_id: str, start: Line, ended: float | None, following: Line) -> str:
        until = ended if ended is not None else following["at"]
        for line in self.evidence.windows:
            for outcome in line.get("outcomes") or ():
                if (outcome["task_id"], outcome["pid"]) == (task_id, start["pid"]) and outcome["went"] in {
                    "requeued",
                    "parked",
                }:
                    return "ended by an emergency"
        for hurt in self.evidence.hurts:
            if hurt.may_return(start, until):
                return "its broker was hurt" if hurt.place else "its process was hurt"
        return self._why_unmarked(self.evidence.jobs[task_id].accepted_at, following)

    def _why_unmarked(self, accepted_at: float, following: Line) -> str:
        """A job that was parked while the control plane could not be told, and whose original came again
        because its broker or its worker was hurt at the same time, or its worker replaced: nobody knows that
        there are two of it."""
        hurts = [*self.evidence.hurts, *self.evidence.deploys]
        lately = [hurt for hurt in hurts if accepted_at <= hurt.until + AFTER]
        lately = [hurt for hurt in lately if hurt.since <= following["at"]]
        for plane in (hurt for hurt in lately if hurt.place == "control plane"):
            for other in (hurt for hurt in lately if hurt.place in {"broker", ""}):
                if other.since <= plane.until + AFTER and plane.since <= other.until + AFTER:
                    return "parked without a mark: control plane and delivery were hurt at once"
        return ""

    # -- closed --------------------------------------------------------------------------------------

    def _while_closed(self, task_id: str, job: Job, closures: list[Closed]) -> list[Violation]:
        return [
            Violation("started after close", f"job {task_id} ({job.task}) in {closed.window}: {start}")
            for start in job.starts
            for closed in closures
            if closed.since < _entered(start) < closed.until and not self._was_frozen(start, closed)
        ]

    def _was_frozen(self, start: Line, closed: Closed) -> bool:
        """A process that stood still between its look and its start: its worker did not acknowledge."""
        return start["process"] in closed.unconfirmed and any(
            hurt.kind == "freeze"
            and hurt.process == start["process"]
            and hurt.since <= closed.since
            and hurt.until >= closed.began
            for hurt in self.evidence.hurts
        )

    # -- what the guard says -------------------------------------------------------------------------

    def _accounts(self) -> list[Violation]:
        found = []
        since_boot = time.time() - boot()
        for line in self.evidence.windows[self._windows_judged :]:
            match line["event"]:
                case "closed":
                    self.counts["windows"] += 1
                    self.took.append((line["proof"], line["returned"] - line["began"]))
                case "failed":
                    self.counts[f"{line['command']} refused"] += 1
                    if line["command"] == "account" and "no window has the id" in line["why"]:
                        found.append(Violation("a window is not in the history", line["why"]))
                case "account":
                    found += self._books(line)
                    for outcome in line["outcomes"] or ():
                        found += self._outcome(outcome, since_boot)
        self._windows_judged = len(self.evidence.windows)
        return found

    def _books(self, line: Line) -> list[Violation]:
        """Books that miss jobs, though no job is missing. What is counted while the control plane is hurt may
        not arrive there; what became of a job in a worker that was killed may not be known."""
        if line["unaccounted"] == 0:
            return []
        if line["unaccounted"] is None and self.evidence.was_anything_hurt(line["began"], line["at"]):
            self.counts["books of which the guard says that it does not know"] += 1
            return []
        if self.evidence.was_hurt("control plane", line["began"], line["at"]):
            self.counts["books that miss a count, beside a fault of the control plane"] += 1
            return []
        self.counts["wrong outcomes"] += 1
        return [Violation("the guard's books miss jobs that are there", str(line)[:500])]

    def _outcome(self, outcome: dict[str, Any], since_boot: float) -> list[Violation]:
        """What the guard says of a job that an emergency asked to stop, and what the job says."""
        self.counts[f"asked to stop, {outcome['outcome']}"] += 1
        job = self.evidence.jobs[outcome["task_id"]]
        asked = outcome["asked_at"] - since_boot
        starts = [line for line in job.starts if line["pid"] == outcome["pid"] and line["at"] <= asked + 1]
        wrong = ""
        if not starts:
            wrong = "it never began there"
        else:
            ended = job.end_of(max(starts, key=lambda line: line["at"]))
            if outcome["outcome"] == "completed" and ended is None:
                wrong = "it did not end"
            if outcome["outcome"] in {"killed", "interrupted"} and ended and ended < asked - ENDED_BEFORE:
                wrong = "it had ended before it was asked"
            if outcome["went"] == "revoked":
                wrong = "it was acknowledged late, and yet is not to run again"
        if not wrong:
            return []
        self.counts["wrong outcomes"] += 1
        return [Violation("wrong outcome", f"{wrong}: {outcome}; starts {job.starts}; ends {job.ends}")]

    def _count_jobs(self) -> None:
        jobs = self.evidence.jobs.values()
        for said in ("accepted", "refused", "unknown"):
            self.counts[said] = sum(job.said == said for job in jobs)
        self.counts["ended"] = sum(job.said == "accepted" and bool(job.ends) for job in jobs)
        self.counts["started"] = sum(len(job.starts) for job in jobs)


def _entered(start: Line) -> float:
    """When a job passed its gate. The first line of its code may come later: its process may be made to wait
    in between, which the guard counts as running. A time from before Celery announced the job is of another
    job."""
    entered, prerun = start["entered"], start["prerun"] or start["at"]
    return float(entered) if entered is not None and entered >= prerun - 0.002 else float(start["at"])


def _may_lose(hurt: Hurt) -> int:
    """How many jobs kombu's Redis transport may lose by a fault: taken from the list, not yet written
    down."""
    if hurt.place == "broker":
        return {"slow": 0, "memory full": 1000}.get(hurt.kind, CONSUMERS)
    return 1 if hurt.kind in {"kill worker", "kill main process of prefork", "kill orchestrator"} else 0
