"""What is known of one job of one round, from four sources that do not know each other, and of the round.

The jobs' journal, the kernel, Celery's results, and the records of the guard.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.stress_kills.plan import Job, Plan

__all__ = ["Case", "Record", "Round"]

_ENDS = {"end", "left"}
_STANDSTILL = 1.0
"""Seconds for which a main process may not get to what waits in its socket. It was seen to wait for a
processor for 0.9 s of a round, p99 (docs/kills.md)."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the guard recorded of one run, its times turned to the boot clock."""

    outcome: str
    went: str
    pid: int
    asked_at: float
    ended_at: float


@dataclass(slots=True)
class Case:
    """One job. Times are on the boot clock.

    Attributes:
        lines: of the journal, all runs.
        records: of the guard, in this window.
        signals: when the guard said that it had sent which.
        died_at: when the process of its first run was seen to have ended.
        murdered_at: when the harness killed that process.
        orphaned_at: when its worker's main process was killed.
        state: Celery's, when all outcomes were recorded and nothing was released yet.
        parked: whether a copy was set aside then.
        last_state: Celery's, at the end.
    """

    job: Job
    lines: list[dict[str, Any]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    signals: list[tuple[float, str]] = field(default_factory=list)
    died_at: float | None = None
    murdered_at: float | None = None
    orphaned_at: float | None = None
    state: str = "PENDING"
    parked: bool = False
    last_state: str = "PENDING"

    @property
    def orphaned(self) -> bool:
        """Whether its worker's main process was killed."""
        return self.orphaned_at is not None

    @property
    def retry_may_be_lost(self) -> bool:
        """Whether its retry was published when its worker's main process was dead, or would be before it
        could note what Redis had given it. Redis forgets what it gives, and gives to the dead too, while
        children of theirs live (docs/kills.md)."""
        at = self.orphaned_at
        return self.last == "Retry" and at is not None and self.ended_at > at - _STANDSTILL

    @property
    def starts(self) -> list[dict[str, Any]]:
        """Each start of it, retries included."""
        return [line for line in self.lines if line["event"] == "start"]

    @property
    def first(self) -> list[dict[str, Any]]:
        """The lines of its first run. Only that may be met by the emergency; another is in another process or
        comes later in the same one."""
        own, starts = [], 0
        for line in self.lines:
            starts += line["event"] == "start"
            if starts > 1 and line["event"] == "start" and line["pid"] == self.pid:
                break
            if line["pid"] == self.pid:
                own.append(line)
        return own

    @property
    def pid(self) -> int:
        """The process of the first run."""
        return int(self.starts[0]["pid"])

    @property
    def runs(self) -> Counter[int]:
        """How often it started, by number of retry."""
        return Counter(line["n"] for line in self.starts)

    @property
    def last(self) -> str:
        """How its own code ended, by its own word: `end`, the name of an error, or empty: it never said."""
        ends = [line for line in self.first if line["event"] in _ENDS]
        return "" if not ends else ends[-1].get("error", "end")

    @property
    def ended_at(self) -> float:
        """When its first run really ended: its last line, or the end of its process where that ended it."""
        ended = self.first[-1]["at"]
        if self.died_at is not None and self.last in {"", "SystemExit"}:
            return max(float(ended), self.died_at)
        return float(ended)

    @property
    def has_settled(self) -> bool:
        """Whether each of its runs has ended, or has died trying."""
        later = self.starts[1:]
        ended = sum(line["event"] == "end" and line not in self.first for line in self.lines)
        return ended >= len(later)


@dataclass(slots=True)
class Round:
    """One round.

    Attributes:
        begun: right before the emergency was opened; opened: when the call had returned.
        released: right before the window was ended.
        queued: seconds that a thread waited for a processor, the longest: in each worker's main process, and
            in this one (`harness`).
        cut: when the guard's Redis was away, from and until.
    """

    plan: Plan
    begun: float = 0.0
    opened: float = 0.0
    released: float = 0.0
    window_id: str = ""
    cut: tuple[float, float] | None = None
    queued: dict[str, float] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
