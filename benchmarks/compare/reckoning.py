"""One round as figures: only from the journal and the moments of the calls. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.compare.journal import Event

__all__ = ["Moments", "Reckoned", "reckon"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """When what was done, in seconds of the monotonic clock, and what the tool said about it.

    Attributes:
        first_call: seconds of the first such call of a process, made in a fleet with nothing to do.
        pause, resume: begin and return of the calls; None in a round without a pause.
        disturbed: when a worker was stopped or killed; None in a calm round.
        told: ids of the running jobs by the tool's word, asked when paused; None: it has no way.
        asked: when that question was put.
        held: what the broker kept at the end of the pause, by place; empty without a pause.
        held_at: when that was asked.
        left: the same as `held` when the round was over.
    """

    first_call: float | None = None
    pause: tuple[float, float] | None = None
    resume: tuple[float, float] | None = None
    disturbed: float | None = None
    told: list[str] | None = None
    asked: float = 0.0
    held: dict[str, int] = field(default_factory=dict)
    held_at: float = 0.0
    left: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """What a round comes to. Seconds; None where there is no such thing.

    Attributes:
        first_call: as in `Moments`.
        call: how long the pausing call took.
        last_start: from the beginning of that call until the last start before the next call or disturbance.
        after: jobs that started after it had returned, until then; `latest_after`: how long after.
        after_disturbance: jobs that started after a worker was disturbed, in the pause.
        running, running_ended: jobs that ran when the call began; of them, those that ended.
        running_then, told_right: jobs that ran when the tool was asked, and ended later; those that it named.
        accepted_meanwhile, refused_meanwhile: what the producer was answered in the pause.
        held, owed: what the broker said it kept at the end of the pause; jobs accepted and not started.
        resume_call: how long that call took.
        first_start, all_ended: from the resuming call until the first start, and until the last end.
        ended_after: how many ended after that call.
        rate: jobs ended per second from the first start to the last end, in a round without a pause.
        accepted, ended: different ids, over the whole round.
        kept: not ended, and still with the broker when the round was over; `lost`: not ended, and nowhere.
        twice: ids that started more than once.
    """

    first_call: float | None
    call: float | None
    last_start: float | None
    after: int
    latest_after: float | None
    after_disturbance: int | None
    running: int
    running_ended: int
    running_then: int
    told_right: int | None
    accepted_meanwhile: int
    refused_meanwhile: int
    held: int
    owed: int
    resume_call: float | None
    first_start: float | None
    all_ended: float | None
    ended_after: int
    rate: float | None
    accepted: int
    ended: int
    kept: int
    lost: int
    twice: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def reckon(events: Sequence[Event], moments: Moments) -> Reckoned:
    """Work it out."""
    starts = [event for event in events if event.event == "started"]
    ends = [event for event in events if event.event == "ended"]
    accepted = {event.job_id for event in events if event.event == "accepted"}
    ended = {event.job_id for event in ends} & accepted
    missing = len(accepted - ended)
    kept = min(missing, sum(moments.left.values()))
    whole: dict[str, Any] = {
        "first_call": moments.first_call,
        "accepted": len(accepted),
        "ended": len(ended),
        "kept": kept,
        "lost": missing - kept,
        "twice": sum(times > 1 for times in Counter(event.job_id for event in starts).values()),
    }
    if moments.pause is None or moments.resume is None:
        return Reckoned(**_NO_PAUSE, **whole, rate=_rate(starts, ends))
    begun, returned = moments.pause
    until = moments.resume[0]
    calm_until = moments.disturbed or until
    after = [start.at for start in starts if returned < start.at < calm_until]
    in_call = [start.at for start in starts if begun < start.at < calm_until]
    ended_ever = {event.job_id for event in ends}
    ran = _running(events, begun)
    then = (
        _running(events, moments.asked) & ended_ever
    )  # a job that was killed writes nothing; it may be over
    later = [event.at for event in ends if event.at >= until]
    begun_later = [event.at for event in starts if event.at >= until]
    meanwhile = Counter(event.event for event in events if returned < event.at < until)
    by_then = [event for event in events if event.at < moments.held_at]
    owed = {each.job_id for each in by_then if each.event == "accepted"}
    owed -= {each.job_id for each in by_then if each.event == "started"}
    return Reckoned(
        call=returned - begun,
        last_start=max(in_call) - begun if in_call else 0.0,
        after=len(after),
        latest_after=max(after) - returned if after else None,
        after_disturbance=None
        if moments.disturbed is None
        else sum(moments.disturbed <= start.at < until for start in starts),
        running=len(ran),
        running_ended=len(ran & ended_ever),
        running_then=len(then),
        told_right=None if moments.told is None else len(then & set(moments.told)),
        accepted_meanwhile=meanwhile["accepted"],
        refused_meanwhile=meanwhile["refused"],
        held=sum(moments.held.values()),
        owed=len(owed),
        resume_call=moments.resume[1] - until,
        first_start=min(begun_later) - until if begun_later else None,
        all_ended=max(later) - until if later else None,
        ended_after=len(later),
        rate=None,
        **whole,
    )


def _running(events: Sequence[Event], moment: float) -> set[str]:
    """Jobs that had started and not ended."""
    running: set[str] = set()
    for event in events:
        if event.at > moment:
            break
        if event.event == "started":
            running.add(event.job_id)
        elif event.event == "ended":
            running.discard(event.job_id)
    return running


def _rate(starts: Sequence[Event], ends: Sequence[Event]) -> float | None:
    if not starts or not ends or ends[-1].at <= starts[0].at:
        return None
    return len(ends) / (ends[-1].at - starts[0].at)


_NO_PAUSE: dict[str, Any] = {
    **dict.fromkeys(("call", "last_start", "latest_after", "after_disturbance", "told_right")),
    **dict.fromkeys(("resume_call", "first_start", "all_ended")),
    **dict.fromkeys(("after", "running", "running_ended", "running_then", "accepted_meanwhile"), 0),
    **dict.fromkeys(("refused_meanwhile", "held", "owed", "ended_after"), 0),
}
