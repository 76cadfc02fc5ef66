"""The rounds that every contestant plays.

- **unpaused**: all jobs, no pause: how fast it is.
- **calm**: a backlog at work, a pause, a resume.
- **idle**: nothing to do, a pause, then jobs come.
- **long**: a pause while long jobs run in every slot, and as many as workers would take wait.
- **restarted**, **killed**: in the pause one worker is replaced, after SIGTERM or SIGKILL.
- **crashed**: no pause; a worker is killed while it runs jobs, and replaced.

A producer goes on publishing in all but the first and the last.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from benchmarks.compare.contestant import SLOTS_EACH, WORKERS
from benchmarks.compare.job import LONG
from benchmarks.compare.journal import Event, read
from benchmarks.compare.reckoning import Moments, Reckoned, reckon
from benchmarks.compare.stage import Stage
from tests.support.eventually import eventually, let_pass

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from benchmarks.compare.contestant import Contestant

__all__ = ["QUICK", "ROUNDS", "Played", "Size", "play"]

_WARM_UP = 4
_UNDER_WAY = 20
"""Jobs that have started before the pause."""
_LONG_JOBS = 16
"""Four run, and a tool that takes jobs ahead of their start has enough to take."""
_AT_REST = 0.5
"""Seconds after a pause in which what was running ends, before a worker is disturbed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much a round does.

    Attributes:
        backlog: jobs queued before the pause in a calm or unpaused round; `small` in the others.
        pause: seconds from the return of the call until the next thing happens.
        per_second: how fast the producer goes on.
        quiet: seconds without any event after which a round is over.
    """

    backlog: int = 1000
    small: int = 300
    pause: float = 3.0
    per_second: float = 10.0
    quiet: float = 4.0


QUICK = Size(backlog=80, small=60, pause=0.6, quiet=1.5)
"""A smoke test: too little of everything to say how long it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One round: its figures, and its starts beside the pause for the plot."""

    contestant: str
    kind: str
    seconds: float
    figures: Reckoned
    moments: Moments
    starts: list[float]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; times are seconds from the beginning of the pausing call."""
        zero = self.moments.pause[0] if self.moments.pause else min(self.starts, default=0.0)
        return {
            "contestant": self.contestant,
            "round": self.kind,
            "seconds": round(self.seconds, 1),
            "figures": self.figures.to_dict(),
            "held": self.moments.held,
            "left": self.moments.left,
            "returned": self.moments.pause[1] - zero if self.moments.pause else None,
            "resumed": self.moments.resume[0] - zero if self.moments.resume else None,
            "starts": [round(start - zero, 4) for start in self.starts],
        }


def play(contestant: Contestant, kind: str, size: Size, chance: random.Random) -> Played:
    """Play one round on a stage of its own."""
    begun = time.monotonic()
    with Stage(contestant) as stage:
        stage.publisher.ask("publish", name="warm", number=_WARM_UP)
        eventually(lambda: _count(stage, "ended") == _WARM_UP, within=30, what="the first jobs to end")
        let_pass(0.0 if contestant.quick else contestant.settle)
        first_call = _rehearse(stage)
        moments = replace(ROUNDS[kind](stage, size, chance), first_call=first_call)
        events = [event for event in read(stage.journal) if not event.job_id.startswith("warm-")]
    return Played(
        contestant=contestant.name,
        kind=kind,
        seconds=time.monotonic() - begun,
        figures=reckon(events, moments),
        moments=moments,
        starts=[event.at for event in events if event.event == "started"],
    )


def _rehearse(stage: Stage) -> float | None:
    """Pause and resume once, with nothing to do: imports and connections are no part of the later calls."""
    contestant = stage.contestant
    stage.controller.ask("held")
    if not contestant.has_workers_while_paused:
        return None
    begun, returned = contestant.pause(stage)
    stage.controller.ask("running")
    contestant.resume(stage)
    let_pass(_AT_REST)
    return returned - begun


def _unpaused(stage: Stage, size: Size, _chance: random.Random) -> Moments:
    stage.publisher.ask("publish", name="job", number=size.backlog)
    return Moments(left=_over(stage, size))


def _crashed(stage: Stage, size: Size, chance: random.Random) -> Moments:
    stage.publisher.ask("publish", name="job", number=size.small)
    _under_way(stage, chance)
    disturbed = time.monotonic()
    stage.kill_worker(0)
    return Moments(disturbed=disturbed, left=_over(stage, size))


def _calm(stage: Stage, size: Size, chance: random.Random) -> Moments:
    return _paused(stage, size, chance, jobs=size.backlog)


def _idle(stage: Stage, size: Size, chance: random.Random) -> Moments:
    return _paused(stage, size, chance, jobs=0)


def _long(stage: Stage, size: Size, _chance: random.Random) -> Moments:
    stage.publisher.ask("publish", name=LONG, number=_LONG_JOBS)
    slots = WORKERS * SLOTS_EACH
    eventually(lambda: _count(stage, "started") >= _WARM_UP + slots, within=30, what="long jobs to run")
    return _pause_and_resume(stage, size)


def _restarted(stage: Stage, size: Size, chance: random.Random) -> Moments:
    return _paused(stage, size, chance, jobs=size.small, disturb=lambda: stage.restart_worker(0))


def _killed(stage: Stage, size: Size, chance: random.Random) -> Moments:
    return _paused(stage, size, chance, jobs=size.small, disturb=lambda: stage.kill_worker(0))


ROUNDS: dict[str, Callable[[Stage, Size, random.Random], Moments]] = {
    "calm": _calm,
    "unpaused": _unpaused,
    "idle": _idle,
    "long": _long,
    "restarted": _restarted,
    "killed": _killed,
    "crashed": _crashed,
}


def _paused(
    stage: Stage, size: Size, chance: random.Random, *, jobs: int, disturb: Callable[[], None] | None = None
) -> Moments:
    if jobs:
        stage.publisher.ask("publish", name="job", number=jobs)
        stage.publisher.ask("go_on", name="more", per_second=size.per_second)
        _under_way(stage, chance)
    return _pause_and_resume(stage, size, disturb=disturb, come_later=not jobs)


def _pause_and_resume(
    stage: Stage, size: Size, *, disturb: Callable[[], None] | None = None, come_later: bool = False
) -> Moments:
    contestant, publisher = stage.contestant, stage.publisher
    pause = contestant.pause(stage)
    asked = time.monotonic()
    told = stage.controller.ask("running")["value"] if contestant.has_workers_while_paused else None
    if come_later:
        publisher.ask("go_on", name="more", per_second=size.per_second)
    disturbed = None
    if disturb is not None:
        let_pass(_AT_REST)
        disturbed = time.monotonic()
        disturb()
    let_pass(size.pause)
    held = stage.controller.ask("held")
    resume = contestant.resume(stage)
    publisher.ask("stop")
    left = _over(stage, size)
    return Moments(
        pause=pause,
        resume=resume,
        disturbed=disturbed,
        told=told,
        asked=asked,
        held=held["value"],
        held_at=held["returned"],
        left=left,
    )


def _under_way(stage: Stage, chance: random.Random) -> None:
    """Until jobs run, and a random moment longer."""
    eventually(lambda: _count(stage, "started") >= _WARM_UP + _UNDER_WAY, within=30, what="jobs to run")
    let_pass(chance.uniform(0.0, 0.1))


def _over(stage: Stage, size: Size) -> dict[str, int]:
    """Wait until all that was accepted has ended, or nothing happens any more. What the broker keeps."""
    stage.workers_ready()
    patience = max(size.quiet, stage.contestant.redelivers_within)
    last, seen = time.monotonic(), -1
    while True:
        events = read(stage.journal)
        if len(events) != seen:
            last, seen = time.monotonic(), len(events)
        if not _missing(events):
            break
        silent = time.monotonic() - last
        if silent > size.quiet and (silent > patience or not _kept(stage)):
            break
        let_pass(0.1)
    return _kept(stage) if _missing(read(stage.journal)) else {}


def _kept(stage: Stage) -> dict[str, int]:
    held: dict[str, int] = stage.controller.ask("held")["value"]
    return {place: number for place, number in held.items() if number}


def _missing(events: list[Event]) -> set[str]:
    ids: dict[str, set[str]] = {"accepted": set(), "ended": set()}
    for event in events:
        ids.setdefault(event.event, set()).add(event.job_id)
    return ids["accepted"] - ids["ended"]


def _count(stage: Stage, event: str) -> int:
    return sum(line.event == event for line in read(stage.journal))
