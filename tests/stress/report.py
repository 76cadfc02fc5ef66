"""The report of a session: what fired, what became of the jobs, and whether the books balance."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.stress.judge import Judge, Violation
    from tests.stress.run import Ran

__all__ = ["Report"]


@dataclass
class Report:
    """What a session did. `runs` counts those in which a fault fired; `calm` the others.

    Attributes:
        never: kinds of faults that did not fire.
        took: seconds of each `enable`, by its proof.
    """

    broker: str
    seed: int
    runs: int = 0
    calm: int = 0
    seconds: float = 0.0
    fired: Counter[str] = field(default_factory=Counter)
    scripts: Counter[str] = field(default_factory=Counter)
    never: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    took: list[tuple[str, float]] = field(default_factory=list)
    violations: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, ran: Ran, violations: Iterable[Violation], judge: Judge, number: int) -> None:
        """Take in a run."""
        if ran.fired:
            self.runs += 1
        else:
            self.calm += 1
        self.fired += ran.fired
        self.scripts[ran.script] += 1
        self.counts, self.took = judge.counts, judge.took
        self.violations += [{"run": number, "kind": "did not settle", "text": text} for text in ran.problems]
        self.judged(violations, number)

    def judged(self, violations: Iterable[Violation], number: int) -> None:
        """Take in what was found after a run."""
        self.violations += [{"run": number, "kind": one.kind, "text": one.text} for one in violations]

    @property
    def balanced(self) -> bool:
        """Whether there were runs, and nothing was wrong in any."""
        return self.runs + self.calm > 0 and not self.violations

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "broker": self.broker,
            "seed": self.seed,
            "runs": self.runs,
            "runs without a fault": self.calm,
            "seconds": round(self.seconds, 1),
            "balanced": self.balanced,
            "fired": dict(self.fired.most_common()),
            "windows by script": dict(self.scripts.most_common()),
            "never fired": self.never,
            "jobs": dict(sorted(self.counts.items())),
            "started after close": self._violations("started after close"),
            "unaccounted": self.counts["unaccounted"],
            "doubled by the guard": self._violations("doubled"),
            "wrong outcomes": self.counts["wrong outcomes"],
            "enable": self._enable(),
            "notes": self.notes,
            "violations": self.violations,
        }

    def _violations(self, kind: str) -> int:
        return sum(one["kind"] == kind for one in self.violations)

    def _enable(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for proof in sorted({proof for proof, _ in self.took}):
            times = sorted(seconds for how, seconds in self.took if how == proof)
            found[proof] = {
                "windows": len(times),
                "p50": round(statistics.median(times), 4),
                "p99": round(times[min(len(times) - 1, int(len(times) * 0.99))], 4),
            }
        return found

    def text(self) -> str:
        """For a terminal."""
        known = self.to_dict()
        runs = f"{self.runs} runs with faults, {self.calm} without, {self.seconds:.0f} s"
        lines = [f"kill harness, {self.broker}, seed {self.seed}: {runs}"]
        for title in ("fired", "windows by script", "jobs"):
            lines.append(f"  {title}")
            lines += [f"    {count:>7}  {name}" for name, count in known[title].items()]
        for proof, times in known["enable"].items():
            lines.append(
                f"  enable, {proof}: {times['windows']} windows, p50 {times['p50']} s, p99 {times['p99']} s"
            )
        if self.never:
            lines.append(f"  never fired: {', '.join(self.never)}")
        lines += [f"  {note}" for note in self.notes]
        lines += [f"  RUN {one['run']}: {one['kind']}: {one['text']}" for one in self.violations]
        zeros = ("started after close", "unaccounted", "doubled by the guard", "wrong outcomes")
        lines.append("  " + ", ".join(f"{name} {known[name]}" for name in zeros))
        lines.append("  the books balance" if self.balanced else "  THE BOOKS DO NOT BALANCE")
        return "\n".join(lines)
