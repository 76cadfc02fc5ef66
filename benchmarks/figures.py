"""A figure: what was measured, beside what it is compared with, and whether it meets its target."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Figure", "Result", "at_least", "at_most"]


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
