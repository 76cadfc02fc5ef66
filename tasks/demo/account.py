"""The account: what became of every job, what the window did, and whether the books balance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from guard.core.counts import Count
from tasks.demo.checks import all_checks, heartbeats
from tasks.demo.ledger import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasks.demo.checks import Check
    from tasks.demo.evidence import Evidence
    from tasks.demo.scenario import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    """All numbers.

    Attributes:
        jobs: `submitted` (by the demo) and `made_by_batches`; together they are `done`, `refused`, `failed`
            and `unaccounted`.
        window: how it was closed, and what met it.
        failures: each failed job, with why.
        unaccounted: each job without an outcome, with where it was seen last.
        example: a caption that was made, with its file; empty when none was.
        checks: what was compared with whom.
        seconds: how long the demo took.
    """

    jobs: Mapping[str, int]
    window: Mapping[str, Any]
    failures: Sequence[Mapping[str, Any]]
    unaccounted: Sequence[Mapping[str, str]]
    example: Mapping[str, str]
    checks: Sequence[Check]
    seconds: float

    @property
    def balanced(self) -> bool:
        """Whether every statement is true."""
        return all(check.holds for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"balanced": self.balanced, **asdict(self)}


def draw_up(story: Story, evidence: Evidence, seconds: float) -> DemoAccount:
    """Put the account together."""
    ledger = story.ledger
    failed = ledger.having(Outcome.FAILED)
    return DemoAccount(
        jobs={
            "submitted": ledger.submitted,
            "made_by_batches": len(ledger.jobs) - ledger.submitted,
            "done": len(ledger.having(Outcome.DONE)),
            "refused": len(ledger.having(Outcome.REFUSED)),
            "failed": len(failed),
            "unaccounted": len(ledger.unsettled),
        },
        window=_window(story, evidence),
        failures=[
            {
                "task_id": job.task_id,
                "task": job.task,
                "image": job.about,
                "why": job.why,
                "explained": job.explained,
            }
            for job in failed
        ],
        unaccounted=[
            {
                "task_id": job.task_id,
                "task": job.task,
                "image": job.about,
                "last_seen": evidence.last_seen.get(job.task_id, "nowhere"),
            }
            for job in ledger.unsettled
        ],
        example=evidence.example,
        checks=all_checks(story, evidence),
        seconds=round(seconds, 1),
    )


def _window(story: Story, evidence: Evidence) -> dict[str, Any]:
    window, counters = story.closed, evidence.counters
    if window is None:
        return {}
    return {
        "window_id": window.window_id,
        "mode": window.mode,
        "reason": window.reason,
        "closed_in_seconds": window.took,
        "proof": window.proof,
        "acknowledged": list(window.acknowledged or ()),
        "unconfirmed": list(window.unconfirmed or ()),
        "unguarded": None if window.unguarded is None else list(window.unguarded),
        "publishers": window.producers,
        "running_at_closing": len(window.running or ()),
        "held": story.held,
        "parked": counters.total(Count.PARKED),
        "released": counters.total(Count.RELEASED),
        "requeued": counters.total(Count.REQUEUED),
        "duplicates": counters.total(Count.DUPLICATE),
        "refused": counters.total(Count.REFUSED),
        "heartbeats": heartbeats(story, evidence.runs),
        "closed_for_seconds": round(story.opened_at - story.closed_at, 1),
        "warnings": list(window.warnings),
    }
