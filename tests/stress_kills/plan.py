"""What a round does, drawn by seed: its jobs, its grace period, and what goes wrong in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.stress_kills.app import ACKS, WORKERS, task_name
from tests.stress_kills.jobs import SOFT

if TYPE_CHECKING:
    import random

__all__ = ["Cut", "Job", "Murder", "Plan", "WorkerDeath", "draw"]

_WEIGHTS = {
    **dict.fromkeys(("waits", "deaf"), 5),
    **dict.fromkeys(("finishes", "finishes_deaf", "blocks", "cleans"), 4),
    **dict.fromkeys(("fails", "retries", "catches_exit", "soft_swallows", "forks"), 2),
    **dict.fromkeys(("breaks", "soft", "soft_returns", "polite", "partial", "starts_program"), 1),
}
_ACKS = {"late": 5, "early": 3, "resumable": 3}


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `after` is what its character makes of it, in seconds."""

    id: str
    worker: str
    character: str
    acks: str
    after: float

    @property
    def task(self) -> str:
        """The name of its task."""
        return task_name(self.worker, self.acks, soft=self.character in SOFT)


@dataclass(frozen=True, slots=True)
class Murder:
    """The system kills the process of a job, as when memory runs out. Seconds from the beginning."""

    job: str
    at: float


@dataclass(frozen=True, slots=True)
class WorkerDeath:
    """SIGKILL for a worker's main process; its children follow `reaped_after` seconds later."""

    worker: str
    at: float
    reaped_after: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The workers lose the guard's Redis between these moments; seconds from the beginning."""

    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One round."""

    number: int
    grace: int
    jobs: tuple[Job, ...]
    murders: tuple[Murder, ...] = ()
    death: WorkerDeath | None = None
    cut: Cut | None = None


def draw(dice: random.Random, number: int, *, children: int, may_kill_worker: bool, may_cut: bool) -> Plan:
    """A round of `children` jobs on each worker."""
    grace = dice.choices((1, 2), (3, 1))[0]
    jobs = tuple(_job(dice, number, worker, place) for worker in WORKERS for place in range(children))
    term, kill = float(grace), grace + 2.0
    murders = tuple(
        Murder(job.id, dice.choice((term, kill)) + dice.uniform(-0.08, 0.08))
        for job in dice.sample(jobs, k=dice.choice((0, 0, 2, 3)))
    )
    death = cut = None
    if may_kill_worker and dice.random() < 0.12:
        death = WorkerDeath(
            dice.choice(WORKERS),
            dice.choice((term, kill, 0.5)) + dice.uniform(-0.1, 0.3),
            dice.uniform(0, 0.7),
        )
    elif may_cut and dice.random() < 0.12:
        begins = dice.uniform(0.1, kill)
        cut = Cut(begins, begins + dice.uniform(0.2, 1.5))
    return Plan(number, grace, jobs, murders, death, cut)


def _job(dice: random.Random, number: int, worker: str, place: int) -> Job:
    character = dice.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    acks = dice.choices(list(_ACKS), list(_ACKS.values()))[0]
    assert acks in ACKS
    return Job(
        f"r{number}-{worker}-{place}-{character}-{acks}", worker, character, acks, _after(dice, character)
    )


def _after(dice: random.Random, character: str) -> float:
    match character:
        case "finishes" | "fails" | "retries" | "finishes_deaf":
            return dice.uniform(-0.015, 0.06) if dice.random() < 0.85 else dice.uniform(-0.7, -0.1)
        case "cleans":
            return dice.choice((0.0, dice.uniform(0, 1.5), dice.uniform(1.95, 2.06), 3.0))
        case "catches_exit":
            return dice.choice((0.0, dice.uniform(0, 1.5), dice.uniform(1.95, 2.06)))
    return 0.0
