"""Drills: a training scenario as data. What has to happen, who does it, in which time, for how many points.

A step is never left out of the sum: what nobody did, or nobody was asked to do, is not earned, and shown. So
a score cannot be raised by skipping. What cannot happen in a place at all is not counted there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.core.drill_detection import Fault, Readings

__all__ = ["BOTH", "Act", "Concern", "Place", "Scenario", "Step", "Symptom", "Who"]


class Place(StrEnum):
    """Where a drill is played."""

    REHEARSAL = "rehearsal"
    """On the running system, in test mode: symptoms are told, nothing is touched."""
    DEMO = "demo"
    """On a fleet of its own: faults are made, and windows are real."""


BOTH = frozenset(Place)


class Concern(StrEnum):
    """What a step is about."""

    DETECTED = "detected"
    ACKNOWLEDGED = "acknowledged"
    DRAINED = "drained"
    RECOVERED = "recovered"


class Who(StrEnum):
    """Who has to do it."""

    GUARD = "guard"
    ADMINISTRATOR = "system administrator"
    OPERATIONS = "operations team"
    EMERGENCY = "emergency team"
    SUPPORT = "support staff"


class Act(StrEnum):
    """How a step is played, and so how it is judged.

    DETECT: the fault is made, or its symptoms are told; until the readings show it.
    ASK: a person is shown what to do; until one says that it is done.
    CLOSE: a window is opened; until every worker has acknowledged it.
    DRAIN: until no job is in flight of those that the window met; in a rehearsal: would be.
    REPAIR: the fault is undone; until the readings are good again.
    OPEN: the window is ended; until every worker has acknowledged that.
    """

    DETECT = "detect"
    ASK = "ask"
    CLOSE = "close"
    DRAIN = "drain"
    REPAIR = "repair"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that has to happen.

    Attributes:
        key: short and stable, unique in its scenario.
        title: what, in a sentence for who does it.
        within: seconds from when the step began in which it earns all of its points; in twice that, half.
        points: more than 0.
        places: where it can happen at all.
        apart_from: keys of steps that the same person may not have done; for people's steps.
    """

    key: str
    title: str
    concern: Concern
    who: Who
    act: Act
    within: float
    points: int
    places: frozenset[Place] = BOTH
    apart_from: tuple[str, ...] = ()

    @property
    def given_up_after(self) -> float:
        """Seconds after which nothing is earned any more, and nobody waits."""
        return 2 * self.within

    @property
    def is_people(self) -> bool:
        """Whether a person does it."""
        return self.act is Act.ASK


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """What people are told in a rehearsal, and what it reads as."""

    told: str
    reading: Readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One training scenario.

    Attributes:
        mode: of the window that a real one would take: ``normal`` or ``emergency``.
        situation: what has happened, in a sentence.
        symptoms: in the order in which they are told; together they show the fault.
        expects: what the readings have to show.
    """

    name: str
    title: str
    situation: str
    mode: str
    symptoms: tuple[Symptom, ...]
    expects: Fault
    steps: tuple[Step, ...]

    def steps_in(self, place: Place) -> tuple[Step, ...]:
        """Those that can happen there, in their order."""
        return tuple(step for step in self.steps if place in step.places)

    def step(self, key: str) -> Step | None:
        """One by its key."""
        return next((step for step in self.steps if step.key == key), None)
