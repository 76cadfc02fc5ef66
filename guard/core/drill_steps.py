"""The kinds of steps that the scenarios are made of. Times are minutes for people, seconds for the guard."""

from __future__ import annotations

from guard.core.drills import Act, Concern, Place, Step, Who

__all__ = ["CLOSE", "OPEN", "asking", "detecting", "draining", "repairing"]

_MINUTE = 60.0
_DEMO = frozenset({Place.DEMO})

CLOSE = Step(
    key="close",
    title="every worker acknowledges that its gate follows the window",
    concern=Concern.ACKNOWLEDGED,
    who=Who.GUARD,
    act=Act.CLOSE,
    within=6.0,
    points=10,
)
OPEN = Step(
    key="open",
    title="the window ends, and every worker knows",
    concern=Concern.RECOVERED,
    who=Who.GUARD,
    act=Act.OPEN,
    within=10.0,
    points=10,
)


def detecting(title: str, within: float = 30.0) -> Step:
    return Step(
        key="detect",
        title=title,
        concern=Concern.DETECTED,
        who=Who.GUARD,
        act=Act.DETECT,
        within=within,
        points=10,
    )


def asking(
    key: str,
    title: str,
    who: Who,
    minutes: float,
    points: int,
    *,
    concern: Concern = Concern.ACKNOWLEDGED,
    apart_from: tuple[str, ...] = (),
) -> Step:
    return Step(
        key=key,
        title=title,
        concern=concern,
        who=who,
        act=Act.ASK,
        within=minutes * _MINUTE,
        points=points,
        apart_from=apart_from,
    )


def draining(within: float) -> Step:
    return Step(
        key="drain",
        title="no job is in flight of those that ran when it closed",
        concern=Concern.DRAINED,
        who=Who.GUARD,
        act=Act.DRAIN,
        within=within,
        points=20,
    )


def repairing(title: str) -> Step:
    return Step(
        key="repair",
        title=title,
        concern=Concern.RECOVERED,
        who=Who.GUARD,
        act=Act.REPAIR,
        within=30.0,
        points=10,
        places=_DEMO,
    )
