"""The score of a drill: facts with their times, judged by the table of the scenario. Pure.

The sum that could be earned is that of every step which can happen in this place, whatever was done. So no
step that is left out, skipped or never reached makes a score better.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.drills import Concern, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.drills import Scenario, Step

__all__ = ["Line", "Outcome", "ScoreCard", "Seen", "level_of", "score"]

_LEVELS = ((90, "expert"), (80, "proficient"), (70, "competent"), (60, "developing"))
_LOWEST = "inadequate"


class Outcome(StrEnum):
    """What became of a step."""

    IN_TIME = "in time"
    LATE = "late"
    TOO_LATE = "too late"
    NOT_SEEN = "not seen"
    SKIPPED = "skipped"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A fact: what was seen of a step.

    Attributes:
        seconds: from the step's beginning until it was seen; None: it was not.
        skipped: nobody was asked.
        by: who acknowledged; empty for the guard's own steps.
        why: why it was not seen, or what was seen.
    """

    key: str
    seconds: float | None = None
    skipped: bool = False
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A step, judged."""

    key: str
    title: str
    concern: str
    who: str
    outcome: str
    seconds: float | None
    within: float
    earned: float
    points: int
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCard:
    """A drill, judged.

    Attributes:
        earned, possible: points. `possible` is the same for everybody who plays this scenario in this place.
        percent, level: None when the drill was aborted: it says nothing about anybody.
        seconds: by concern, of its slowest step; None where one of its steps was not seen.
        aborted: why it ended early; empty when it did not.
    """

    scenario: str
    place: str
    lines: tuple[Line, ...]
    earned: float
    possible: int
    percent: float | None
    level: str | None
    seconds: dict[str, float | None]
    aborted: str

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {**asdict(self), "lines": [asdict(line) for line in self.lines]}


def score(scenario: Scenario, place: Place, facts: Iterable[Seen], *, aborted: str = "") -> ScoreCard:
    """Judge what was seen. Where a step has several facts, the first counts."""
    first: dict[str, Seen] = {}
    for fact in facts:
        first.setdefault(fact.key, fact)
    lines = tuple(_line(step, first.get(step.key)) for step in scenario.steps_in(place))
    earned = sum(line.earned for line in lines)
    possible = sum(line.points for line in lines)
    percent = None if aborted or not possible else round(100 * earned / possible, 1)
    return ScoreCard(
        scenario=scenario.name,
        place=place.value,
        lines=lines,
        earned=earned,
        possible=possible,
        percent=percent,
        level=level_of(percent) if percent is not None else None,
        seconds={concern.value: _slowest(lines, concern) for concern in Concern},
        aborted=aborted,
    )


def level_of(percent: float) -> str:
    """The training materials' five levels of competency."""
    return next((name for least, name in _LEVELS if percent >= least), _LOWEST)


def _line(step: Step, fact: Seen | None) -> Line:
    outcome = _outcome(step, fact)
    share = {Outcome.IN_TIME: 1.0, Outcome.LATE: 0.5}.get(outcome, 0.0)
    seen = fact or Seen(key=step.key)
    return Line(
        key=step.key,
        title=step.title,
        concern=step.concern.value,
        who=step.who.value,
        outcome=outcome.value,
        seconds=None if seen.skipped else seen.seconds,
        within=step.within,
        earned=share * step.points,
        points=step.points,
        by=seen.by,
        why=seen.why,
    )


def _outcome(step: Step, fact: Seen | None) -> Outcome:
    if fact is None:
        return Outcome.NOT_REACHED
    if fact.skipped:
        return Outcome.SKIPPED
    if fact.seconds is None or not fact.seconds >= 0:
        return Outcome.NOT_SEEN
    if fact.seconds <= step.within:
        return Outcome.IN_TIME
    return Outcome.LATE if fact.seconds <= step.given_up_after else Outcome.TOO_LATE


def _slowest(lines: tuple[Line, ...], concern: Concern) -> float | None:
    times = [line.seconds for line in lines if line.concern == concern.value]
    known = [seconds for seconds in times if seconds is not None]
    return max(known) if known and len(known) == len(times) else None
