"""A figure: what was measured, beside what it is compared with, and whether it meets its target."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.numbers import percentile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Figure", "Result", "at_least", "at_most", "latencies"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A limit that a figure must keep."""

    limit: float
    at_least: bool

    def met_by(self, value: float) -> bool:
        """Whether a value keeps it."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


def at_least(limit: float) -> Target:
    """A target that is a lower bound."""
    return Target(limit=limit, at_least=True)


def at_most(limit: float) -> Target:
    """A target that is an upper bound."""
    return Target(limit=limit, at_least=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table.

    Attributes:
        name: what was measured.
        value, unit: the guard's figure.
        beside: the same without the guard, or of what a user would otherwise do; None when alone.
        beside_is: what that is.
        ratio: value / beside, or the median of paired ratios.
        target: None for a figure that is only shown.
        judged: what the target is about: the value or the ratio.
        interval: where the judged number lies with 95 %; None when that was not worked out.
    """

    name: str
    value: float
    unit: str
    beside: float | None = None
    beside_is: str = ""
    ratio: float | None = None
    target: Target | None = None
    judged: str = "value"
    interval: tuple[float, float] | None = None

    @property
    def verdict(self) -> str:
        """``met``, ``MISSED``, or ``unclear`` when the interval holds the limit; empty without a target."""
        if self.target is None:
            return ""
        judged = self.ratio if self.judged == "ratio" else self.value
        if judged is None:
            return "MISSED"
        ends = {self.target.met_by(end) for end in self.interval or (judged, judged)}
        return "unclear" if len(ends) > 1 else "met" if ends == {True} else "MISSED"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {**asdict(self), "target": str(self.target) if self.target else None, "verdict": self.verdict}


def latencies(
    name: str, ours: Sequence[float], theirs: Mapping[str, Sequence[float]], *, worst: float
) -> list[Figure]:
    """p50 and p99 of seconds as figures in ms, each beside every other way.

    Args:
        theirs: what users would otherwise do, and its seconds.
        worst: the p99, in ms, that ours must keep.
    """
    return [
        Figure(
            name=f"{name}, {label}",
            value=percentile(ours, share) * 1000,
            unit="ms",
            beside=percentile(seconds, share) * 1000,
            beside_is=f"{what}, {label}",
            ratio=percentile(ours, share) / percentile(seconds, share),
            target=at_most(worst) if label == "p99" and number == 0 else None,
        )
        for share, label in ((0.5, "p50"), (0.99, "p99"))
        for number, (what, seconds) in enumerate(theirs.items())
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one benchmark found. `notes` say how to read it; `raw` holds the rounds, for the JSON."""

    title: str
    figures: list[Figure]
    notes: list[str] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        figures = [figure.to_dict() for figure in self.figures]
        return {"title": self.title, "figures": figures, "notes": self.notes, "raw": self.raw}
