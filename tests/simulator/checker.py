"""The judge: reads the log of one schedule and nothing else, and says which promise was broken.

It knows no class of the guard. What it may excuse is written where it excuses it, and counted.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.emergency_judge import judge_emergency

__all__ = ["Verdict", "Violation", "judge"]

_LEASE = 5.0
_LEASE_OF_THE_SLOWEST = _LEASE * 1.01
"""In simulated time: clocks run within 1 % of each other (A1)."""
_ROUNDING = 0.0015
_CLOSED = frozenset({"NORMAL", "EMERGENCY"})
_OPEN = frozenset({"OPEN", "TEST"})
_NEVER = float("inf")

Event = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken, when, and how it is seen."""

    promise: str
    at: float
    what: str

    def __str__(self) -> str:
        return f"{self.promise} at {self.at:.4f}: {self.what}"


@dataclass(slots=True)
class Verdict:
    """What was found, and what was looked at."""

    violations: list[Violation] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def broken(self, promise: str, at: float, what: str) -> None:
        self.violations.append(Violation(promise, at, what))


def judge(events: list[Event], *, calm: bool = False) -> Verdict:
    """Judge one schedule. `calm`: nothing went wrong in it, so that the books must balance."""
    verdict = Verdict()
    by_kind: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_kind[event[1]].append(event)
    _closed(by_kind, verdict)
    _acknowledged(by_kind, verdict)
    _drained(by_kind, verdict)
    _trust(by_kind, verdict)
    _epochs(by_kind, verdict)
    _entered(by_kind, verdict)
    _conserved(by_kind, verdict)
    _not_doubled(by_kind, verdict)
    judge_emergency(by_kind, verdict)
    _rehearsals(by_kind, verdict)
    if calm:
        _books(by_kind, verdict)
    for at, _, *what in by_kind["stumbled"]:
        verdict.broken("no error goes unhandled", at, " ".join(map(str, what)))
    return verdict


def _releases(by_kind: dict[str, list[Event]]) -> list[tuple[float, int]]:
    """When a state with an open gate was first written anywhere, and its epoch."""
    return sorted(
        (event[0], event[3]) for kind in ("sql", "redis") for event in by_kind[kind] if event[5] in _OPEN
    )


def _released_at(releases: list[tuple[float, int]], epoch: int) -> float:
    return next((at for at, opened in releases if opened > epoch), _NEVER)


def _closed(by_kind: dict[str, list[Event]], verdict: Verdict) -> None:
    """P1. On acknowledged workers nothing guarded starts; nobody else decides that the gate is open."""
    releases = _releases(by_kind)
    open_words = _open_words(by_kind)
    for window in by_kind["enabled"]:
        at, epoch, mode, proof = window[0], window[3], window[4], window[5]
        if mode == "test" or proof == "none":  # then it says itself that it proves nothing
            continue
        verdict.seen["P1: enable returned closed"] += 1
        until = _released_at(releases, epoch)
        uninformed = _uninformed(by_kind, window)
        _nobody_starts(by_kind, verdict, window, until, uninformed)
        for agent, opened, closed, ends in open_words:
            if agent in uninformed[0] and ends <= uninformed[1] + _LEASE_OF_THE_SLOWEST:
                verdict.seen["P1: words of who could not hear of a window that both stores lacked"] += 1
            elif max(opened, at) + _ROUNDING < min(closed, until):
                verdict.broken(
                    "P1", max(opened, at), f"the word of {agent} is open after enable of epoch {epoch}"
                )
        for moment, _, agent, gate in by_kind["publisher asked"]:
            if gate in _OPEN and at < moment < until:
                verdict.broken("P1", moment, f"{agent} found the gate open after enable of epoch {epoch}")


def _uninformed(by_kind: dict[str, list[Event]], window: Event) -> tuple[set[str], float]:
    """Workers that began while neither store knew of this window, and until when: SQL had not been told of
    it, Redis had lost it, and nobody who knew had told one of both yet. Not promised. Who asked before that
    moment trusts the answer for a lease. Redis may have lost it before `enable` has returned."""
    epoch = window[3]
    written = min((event[0] for event in by_kind["redis"] if event[3] >= epoch), default=_NEVER)
    told = min((event[0] for event in by_kind["sql"] if event[3] >= epoch), default=_NEVER)
    losses = [event[0] for event in by_kind["failover"] if written < event[0] < told]
    if not losses:
        return set(), 0.0
    again = (event[0] for event in by_kind["redis"] if event[3] >= epoch and event[0] > max(losses))
    until = min(told, min(again, default=_NEVER))
    knew = {event[2] for event in by_kind["word"] if event[4] >= epoch and event[0] < until}
    return {event[2] for event in by_kind["worker"] if event[0] < until} - knew, until


def _nobody_starts(
    by_kind: dict[str, list[Event]],
    verdict: Verdict,
    window: Event,
    until: float,
    uninformed: tuple[set[str], float],
) -> None:
    at, _, _, epoch, mode, _, acknowledged, *_rest = window
    for moment, _, job, agent, looked, blocked_by, *_rest in by_kind["started"]:
        if mode.upper() not in blocked_by or not at < moment < until:
            continue
        if agent in uninformed[0] and looked <= uninformed[1] + _LEASE_OF_THE_SLOWEST:
            continue
        if agent in (acknowledged or ()):
            verdict.broken("P1", moment, f"{job} started on {agent}, which had acknowledged epoch {epoch}")
        elif looked > at:
            verdict.broken(
                "P1", moment, f"{job} on {agent} found the gate open after enable of epoch {epoch}"
            )
        else:
            verdict.seen["P1: started on an unconfirmed worker, having looked before"] += 1


def _open_words(by_kind: dict[str, list[Event]]) -> list[tuple[str, float, float, float]]:
    """From when until when the word of a worker's page said "open", whether or not a child looked; and when
    it was to run out."""
    gone = {agent: at for at, _, agent, orphans in by_kind["killed"] if not orphans}
    words: dict[str, list[Event]] = defaultdict(list)
    for event in by_kind["word"]:
        words[event[2]].append(event)
    spans = []
    for agent, written in words.items():
        for number, (at, _, _, gate, _, _, ends) in enumerate(written):
            if gate in _OPEN:
                following = written[number + 1][0] if number + 1 < len(written) else _NEVER
                spans.append((agent, at, min(ends, following, gone.get(agent, _NEVER)), ends))
    return spans


def _acknowledged(by_kind: dict[str, list[Event]], verdict: Verdict) -> None:
    """P3. Who is listed has given its word, and what runs there is named."""
    releases = _releases(by_kind)
    runs = _runs(by_kind)
    for at, _, _, epoch, mode, _, acknowledged, _, running in by_kind["enabled"]:
        released = _released_at(releases, epoch)
        for agent in acknowledged or ():
            if not any(
                word[0] <= at and word[2] == agent and word[3] >= epoch for word in by_kind["acknowledges"]
            ):
                verdict.broken("P3", at, f"{agent} is listed, and never acknowledged epoch {epoch}")
            if running is None:  # unknown, and said to be (decision D153)
                verdict.seen["P3: what runs was called unknown"] += 1
                continue
            for job, whose, _, start, end, blocked_by in runs if released > at else ():
                if whose == agent and start < at < end and job not in running and mode.upper() in blocked_by:
                    verdict.broken("P3", at, f"{job} runs on {agent}, and enable did not say so")


def _runs(by_kind: dict[str, list[Event]]) -> list[tuple[str, str, float, float, float, tuple[str, ...]]]:
    """Runs of jobs: job, agent, when it looked at the gate, start, end, the gates that block it. A run of a
    killed child ends with it."""
    ends: dict[tuple[str, str], list[float]] = defaultdict(list)
    for at, _, job, agent, *_ in (*by_kind["ended"], *by_kind["cut short"]):
        ends[job, agent].append(at)
    for at, _, agent, job, *_ in by_kind["child killed"]:
        ends[job, agent].append(at)
    gone = {event[2]: event[0] for event in by_kind["killed"]}
    runs = []
    for at, _, job, agent, looked, blocked_by, *_ in by_kind["started"]:
        after = [end for end in ends[job, agent] if end >= at]
        runs.append((job, agent, looked, at, min(after) if after else gone.get(agent, _NEVER), blocked_by))
    return runs


def _drained(by_kind: dict[str, list[Event]], verdict: Verdict) -> None:
    """P4. When a window is called drained, no guarded job runs, and until the release none does."""
    releases = _releases(by_kind)
    runs = _runs(by_kind)
    for at, _, _, epoch, phase, gate, window, _ in by_kind["sql"]:
        if phase != "active" or gate not in _CLOSED:
            continue
        verdict.seen["P4: windows drained"] += 1
        until = _released_at(releases, epoch)
        unheard_of = _forgotten(by_kind, window, at)
        for job, agent, looked, start, end, blocked_by in runs:
            ran, started = start < at < end, at <= start < until
            if gate not in blocked_by or not (ran or started):
                continue
            # Of its jobs one may have stood still between look and start.
            if agent in unheard_of and looked < at:
                verdict.seen["P4: jobs of a worker that Redis had lost before anybody asked for it"] += 1
            elif ran:
                verdict.broken("P4", at, f"{window} is called drained while {job} runs on {agent}")
            else:
                verdict.broken("P4", start, f"{job} started on {agent} in {window}, which was drained")


def _forgotten(by_kind: dict[str, list[Event]], window: str, drained: float) -> set[str]:
    """Workers that Redis had lost before anybody asked who is there, and that could not register again:
    killed (a child may run on), at a standstill, or cut off from Redis. Not promised: nobody knows of them.

    `enable` asks twice, when all were told and before it returns; by then the registry was whole for a
    lease. When whoever called it was killed, the drain asks in its place, until it calls it drained."""
    first = min((event[0] for event in by_kind["redis"] if event[6] == window), default=_NEVER)
    last = min((event[0] for event in by_kind["enabled"] if event[2] == window), default=drained)
    forgotten = {event[2] for event in by_kind["worker"]}
    for asked in (first, last):
        lost = max((at for at, *_, emptied in by_kind["failover"] if emptied and at < asked), default=0.0)
        if asked == last and last - lost < _LEASE / 1.01:
            return set()
        forgotten -= {event[2] for event in by_kind["registered"] if lost <= event[0] < asked}
    return forgotten


class _Trust:
    """What each process had to go by: its good renewals, and when it first heard of the database."""

    def __init__(self, by_kind: dict[str, list[Event]]) -> None:
        self._renewed: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
        for at, _, agent, sent, *_rest in by_kind["renewed"]:
            times, latest = self._renewed[agent]
            times.append(at)
            latest.append(max(sent, latest[-1]) if latest else sent)
        self._heard: dict[str, float] = {}
        for at, _, process, _ in by_kind["witnessed"]:
            self._heard.setdefault(process, at)

    def until(self, agent: str, at: float) -> float:
        """Its boot time until which it may trust what it knew at this moment."""
        times, latest = self._renewed[agent]
        before = bisect_right(times, at)
        return latest[before - 1] + _LEASE + _ROUNDING if before else -_NEVER

    def heard(self, agent: str, at: float) -> bool:
        return self._heard.get(agent, _NEVER) <= at


def _trust(by_kind: dict[str, list[Event]], verdict: Verdict) -> None:
    """P6, P7. Whoever opens, and whoever starts a job, has a good renewal that was sent less than a lease
    ago, and has heard of the database."""
    trust = _Trust(by_kind)
    for at, _, agent, gate, _, deadline, _ in by_kind["word"]:
        if gate in _OPEN and deadline > trust.until(agent, at):
            verdict.broken(
                "P7", at, f"{agent} trusts an open gate for longer than a lease from when it asked"
            )
        if gate in _OPEN and not trust.heard(agent, at):
            verdict.broken("P6", at, f"{agent} opened before the database was heard of")
    for at, _, job, agent, looked, _, _, _, looked_boot in by_kind["started"]:
        verdict.seen["P6, P7: starts"] += 1
        if looked_boot > trust.until(agent, looked):
            verdict.broken("P7", at, f"{job} started on {agent} without a good renewal within a lease")
        if not trust.heard(agent, looked):
            verdict.broken("P6", at, f"{job} started on {agent} before the database was heard of")


def _epochs(by_kind: dict[str, list[Event]], verdict: Verdict) -> None:
    """P7. No epoch goes back: in the database, and in what a process believes."""
    last: dict[str, int] = {}
    for at, _, agent, _, epoch, *_ in by_kind["word"]:
        if epoch < last.get(agent, -1):
            verdict.broken("P7", at, f"{agent} went back from epoch {last[agent]} to {epoch}")
        last[agent] = epoch
    durable = -1
    for at, _, _, epoch, *_ in by_kind["sql"]:
        if epoch <= durable:
            verdict.broken("P7", at, f"the database went from epoch {durable} to {epoch}")
        durable = epoch


def _entered(by_kind: dict[str, list[Event]], verdict: Verdict) -> None:
    """P10. Every window that `enable` has named is in the history, once. Not one that only Redis knew, the
    database being away, and that Redis has lost."""
    entries = Counter(window for *_, window, enters in by_kind["sql"] if enters)
    told = {window for *_, window, _ in by_kind["sql"]}
    for at, _, window, *_ in by_kind["enabled"]:
        verdict.seen["P10: windows looked for in the history"] += 1
        written = [event[0] for event in by_kind["redis"] if event[6] == window] or [_NEVER]
        after = [event[0] for event in by_kind["redis"] if event[6] != window and event[0] > max(written)]
        lost = any(min(written) < event[0] < min(after, default=_NEVER) for event in by_kind["failover"])
        if window not in told and lost:
            verdict.seen["P10: windows that Redis lost while the database was away"] += 1
        elif entries[window] != 1:
            verdict.broken("P10", at, f"{window} is {entries[window]} times in the history")


def _conserved(by_kind: dict[str, list[Event]], verdict: Verdict) -> None:
    """P2. Every job that the broker has confirmed has ended by the end."""
    if by_kind["stuck"]:
        verdict.broken(
            "P2", by_kind["stuck"][0][0], "long after the world was healed, jobs or the window are left"
        )
    ended = {event[2] for event in by_kind["ended"]}
    revoked = {event[2] for event in by_kind["revoked"]}
    for at, _, job, _, late in by_kind["accepted"]:
        verdict.seen["P2: jobs accepted"] += 1
        if job in ended:
            continue
        if not late and job in revoked:
            verdict.seen["P2: early-ack jobs that an emergency ended and revoked"] += 1
        elif not late and _died_with_it(job, by_kind):
            verdict.seen["P2: early-ack jobs that died with their process, as without the guard"] += 1
        else:
            verdict.broken("P2", at, f"{job} was accepted, has not ended, and is nowhere")


def _died_with_it(job: str, by_kind: dict[str, list[Event]]) -> bool:
    """Whether a process was killed that had acknowledged this job before it ended (decision D6)."""
    for at, _, acked, agent in by_kind["early ack"]:
        if acked != job:
            continue
        if any(event[0] >= at and event[2] == agent for event in by_kind["killed"]):
            return True
        if any(event[3] == job for event in by_kind["child killed"]):
            return True
    return False


def _not_doubled(by_kind: dict[str, list[Event]], verdict: Verdict) -> None:
    """P2. A job runs as often as its broker has handed it over, no more often. What a worker had in hand when
    its connection was lost, in a pool child or on its way to being parked, may run by that delivery although
    the broker hands it over again: with the guard or without it.

    Not judged where the marks were lost, or did not answer: then a copy runs rather than no copy.
    """
    if by_kind["index failed"] or any(event[4] for event in by_kind["failover"]):
        verdict.seen["P2: schedules in which marks were lost or unreadable, so doubles are not judged"] += 1
        return
    verdict.seen["P2: schedules judged for doubles"] += 1
    back = {event[2] for event in by_kind["came back"]}
    lost_children = {event[3] for event in by_kind["child killed"]}
    back |= {event[2] for event in by_kind["requeued"] if event[4] in lost_children}
    in_pool = {(event[2], event[6]) for event in by_kind["started"]}
    in_pool |= {(event[2], event[5]) for event in by_kind["not started"]}
    allowed = Counter(job for job, tag in in_pool if tag in back)
    # An emergency has cut them short: they run again.
    allowed.update(event[2] for event in by_kind["cut short"])
    allowed.update(event[3] for event in by_kind["child killed"] if event[5] == "guard")
    came_back = {event[2]: event[0] for event in by_kind["came back"]}
    for until, _, tag, _, job in by_kind["ack lost"]:
        since = came_back.get(tag, _NEVER)
        if (job, tag) not in in_pool and any(
            since <= parked[0] <= until and parked[3] == job for parked in by_kind["parked copy"]
        ):
            allowed[job] += 1
    times = Counter(event[2] for event in by_kind["started"])
    last = {event[2]: event[0] for event in by_kind["started"]}
    for job, number in times.items():
        if number > 1 + allowed[job]:
            verdict.broken(
                "P2", last[job], f"{job} ran {number} times, its broker explains {1 + allowed[job]}"
            )


def _rehearsals(by_kind: dict[str, list[Event]], verdict: Verdict) -> None:
    """A window in test mode refuses nobody."""
    for at, _, agent, gate in by_kind["refused"]:
        if gate in _OPEN:
            verdict.broken("test mode", at, f"{agent} refused a job while the gate was {gate}")


def _books(by_kind: dict[str, list[Event]], verdict: Verdict) -> None:
    """P10. What the guard has counted is what the log shows; and in rehearsals nothing happened at all."""
    counted: Counter[str] = Counter()
    for _, _, _window, fields in by_kind["books"]:
        for name, number in fields:
            counted[name.partition(":")[0]] += number
    at = by_kind["over"][0][0] if by_kind["over"] else 0.0
    verdict.seen["P10: schedules with books"] += 1
    logged = {
        "parked": len(by_kind["parked copy"]),
        "released": len(by_kind["given back"]),
        "requeued": sum(event[5] != "guard.parked" for event in by_kind["requeued"]),
    }
    for kind, number in logged.items():
        if counted[kind] != number:
            verdict.broken("P10", at, f"counted {counted[kind]} {kind}, the log has {number}")
    if counted["parked"] != counted["released"]:
        verdict.broken("P10", at, f"{counted['parked']} parked, {counted['released']} released, none is left")
    gates = {event[5] for event in by_kind["sql"]}
    if not gates & _CLOSED:
        for kind in ("refused", "parked copy", "requeued", "not started"):
            if by_kind[kind]:
                verdict.broken(
                    "test mode", by_kind[kind][0][0], f"{kind} in a schedule without a real window"
                )
