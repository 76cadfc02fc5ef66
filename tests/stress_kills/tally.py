"""Counts over all rounds, and what was wrong, for people and as JSON."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.stress_kills.judge import SLACK, lateness

if TYPE_CHECKING:
    from tests.stress_kills.evidence import Case, Round

__all__ = ["Tally", "ended_by"]


def ended_by(case: Case) -> str:
    """What ended a job: the last signal that it got, or nothing."""
    if case.records and case.records[0].outcome == "lost":
        return "system"
    names = [name for _, name in case.signals]
    if case.last == "SoftTimeLimitExceeded":
        return "soft"
    if case.records and case.records[0].outcome == "completed":
        return "itself"
    return names[-1].removeprefix("SIG") if names else "asked"


@dataclass(slots=True)
class Tally:
    """Sums. `wrong` has the story of each wrong outcome, `late` those of jobs that were late, and why."""

    rounds: int = 0
    jobs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    signals: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    by_character: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    beyond: list[float] = field(default_factory=list)
    proven: list[float] = field(default_factory=list)
    queued: list[float] = field(default_factory=list)
    wrong: list[dict[str, Any]] = field(default_factory=list)
    late: list[dict[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    instants: int = 0
    retries_lost: int = 0

    @property
    def kills(self) -> int:
        """Jobs whose process a signal has ended."""
        return self.outcomes["killed"] + self.outcomes["lost"]

    def add(self, round_: Round) -> None:
        """A round whose records are gathered."""
        self.rounds += 1
        self.queued += [waited for name, waited in round_.queued.items() if name != "harness"]
        self.faults["worker killed"] += round_.plan.death is not None
        self.faults["guard's Redis cut"] += round_.cut is not None
        for case in round_.cases.values():
            self._add_case(case, round_)

    def _add_case(self, case: Case, round_: Round) -> None:
        self.jobs += 1
        self.faults["child killed by the system"] += case.murdered_at is not None
        if not case.records:
            self.outcomes["none: its worker was killed" if case.orphaned else "none"] += 1
            return
        outcome = case.records[0].outcome
        self.outcomes[outcome] += 1
        self.signals[ended_by(case)] += 1
        self.by_character[case.job.character][outcome] += 1
        self.by_character[case.job.character][f"by {ended_by(case)}"] += 1
        self.instants += case.last == "end" and outcome == "killed"
        beyond, proven = lateness(case, round_)
        if case.signals:
            self.beyond.append(beyond)
            self.proven.append(proven)
        if beyond > SLACK:
            self.late.append({
                "job": case.job.id, "seconds_beyond": round(beyond, 3), "proven": round(proven, 3),
                "queued": round(round_.queued[case.job.worker], 3),
                "why": _why_late(case, round_, beyond), "story": _story(round_, case.job.id),
            })  # fmt: skip

    def add_end(self, round_: Round) -> None:
        """A round of which everything has come to its end."""
        self.retries_lost += sum(
            case.retry_may_be_lost and not case.runs[1] for case in round_.cases.values()
        )

    def add_wrong(self, round_: Round, wrong: dict[str, list[str]]) -> None:
        """What the judge has found, with the story from all sources."""
        self.wrong += [
            {"job": name, "wrong": what, "story": _story(round_, name)} for name, what in wrong.items()
        ]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "rounds": self.rounds,
            "jobs": self.jobs,
            "kills": self.kills,
            "outcomes": dict(self.outcomes),
            "ended_by": dict(self.signals),
            "faults": dict(self.faults),
            "ended_in_the_instant_after_their_last_line": self.instants,
            "retries_that_redis_gave_to_a_killed_worker": self.retries_lost,
            "characters": {name: dict(found) for name, found in sorted(self.by_character.items())},
            "seconds_beyond_grace_and_2s": _percentiles(self.beyond),
            "seconds_until_proven_beyond_grace_and_2s": _percentiles(self.proven),
            "seconds_queued_for_a_processor": _percentiles(self.queued),
            "late": self.late,
            "stands_that_broke_down": self.broken,
            "wrong": self.wrong,
        }


def _why_late(case: Case, round_: Round, beyond: float) -> str:
    if round_.cut is not None and case.job.acks == "resumable":
        return "its copy could not be parked while the guard's Redis was away"
    waited = round_.queued[case.job.worker]
    return f"its worker waited {waited:.1f} s for a processor" if waited > beyond - SLACK else ""


def _story(round_: Round, name: str) -> dict[str, Any]:
    case = round_.cases.get(name)
    if case is None:
        return {}
    begun = round_.begun

    def since(at: float | None) -> float | None:
        return None if at is None else round(at - begun, 4)

    return {
        "seconds since": "the emergency was opened",
        "grace": round_.plan.grace,
        "acks": case.job.acks,
        "after": case.job.after,
        "journal": [{**line, "at": since(line["at"])} for line in case.lines],
        "signals": [(since(at), signal) for at, signal in case.signals],
        "records": [
            {
                "outcome": r.outcome,
                "went": r.went,
                "pid": r.pid,
                "asked": since(r.asked_at),
                "ended": since(r.ended_at),
            }
            for r in case.records
        ],
        "died": since(case.died_at),
        "murdered": since(case.murdered_at),
        "orphaned": since(case.orphaned_at),
        "state": case.state,
        "parked": case.parked,
        "last_state": case.last_state,
        "released": since(round_.released or None),
        "cut": None if round_.cut is None else [since(at) for at in round_.cut if at != float("inf")],
        "queued": {name: round(waited, 3) for name, waited in round_.queued.items()},
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    ordered = sorted(values)
    return {
        name: round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 3)
        for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }
