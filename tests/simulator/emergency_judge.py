"""P5, judged from the log of one schedule: what an emergency did to jobs that ran."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulator.checker import Event, Verdict

__all__ = ["judge_emergency"]

_KILL_AFTER = 2.0
_LATEST_TERM = 0.5
_ROUNDING = 0.0015
_NEVER = float("inf")


@dataclass(slots=True)
class _Asked:
    """One run of a job that was asked to stop. Times are simulated; `boot` is its worker's boot time.

    Attributes:
        over: when and how its code ended; empty: not.
        gone: when its process ended, and by whom.
        signals: name and boot time of each.
        ended_elsewhere: whether another run of the same job has ended. Results are kept by job, so that one
            whose code had returned when it was killed is found to have succeeded.
    """

    agent: str
    pid: int
    job: str
    at: float
    boot: float
    main: int
    rate: float
    over: tuple[float, str] = (_NEVER, "")
    gone: tuple[float, str] = (_NEVER, "")
    spared: float = _NEVER
    ended_elsewhere: bool = False
    signals: dict[str, float] = field(default_factory=dict)

    @property
    def out(self) -> float:
        """When it was out: its code is over, and where a signal ended it, its process too."""
        return self.gone[0] if self.over[1] in {"", "SystemExit", "moment"} else self.over[0]

    def outcomes(self) -> set[str]:
        """How it may be said to have ended."""
        died = set()
        if self.gone[0] < _NEVER:
            died = {"killed"} if self.signals else {"lost"}
        match self.over[1]:
            case "":
                return died
            case "ended":  # where its process died before it had said so, it counts as dead
                return {"completed", *died}
            case "moment" if self.ended_elsewhere:
                return {"killed", "completed"}
            case "SystemExit" | "moment":
                return {"killed"}
        return {"interrupted", *died}


def judge_emergency(by_kind: dict[str, list[Event]], verdict: Verdict) -> None:
    """Grace kept, end proven, each with one outcome that agrees with the log."""
    grace = by_kind["grace"][0][2]
    runs = _asked(by_kind)
    verdict.seen["P5: jobs asked to stop"] += len(runs)
    _signals(by_kind, runs, grace, verdict)
    dead = {event[2]: event[0] for event in by_kind["killed"]}
    for run in runs:
        _out_in_time(by_kind, run, grace, dead.get(run.agent, _NEVER), verdict)
    _recorded(by_kind, runs, dead, verdict)


def _asked(by_kind: dict[str, list[Event]]) -> list[_Asked]:
    runs = []
    for at, _, agent, pid, job, boot, main, rate in by_kind["asked"]:
        if not job:
            continue  # it ended between the look and the question
        run = _Asked(agent, pid, job, at, boot, main, rate)
        again = min((e[0] for e in by_kind["started"] if e[2] == job and e[0] > at), default=_NEVER)
        over = [(e[0], "ended") for e in by_kind["ended"] if (e[2], e[4]) == (job, pid) and e[0] >= at]
        over += [(e[0], e[5]) for e in by_kind["cut short"] if (e[2], e[4]) == (job, pid) and e[0] >= at]
        if over:
            run.over = min(over)
            moment = [how for how in over if how[1] == "moment"]
            if run.over[1] == "ended" and moment and moment[0][0] < again:
                run.over = moment[0]
        run.gone = min(
            ((e[0], e[5]) for e in by_kind["child killed"] if (e[3], e[4]) == (job, pid) and e[0] >= at),
            default=run.gone,
        )
        run.spared = min((e[0] for e in by_kind["spared"] if e[3] == pid and at <= e[0]), default=_NEVER)
        if run.spared > run.over[0] and run.over[1] == "ended":
            run.spared = _NEVER
        run.ended_elsewhere = any(e[2] == job and e[4] != pid for e in by_kind["ended"])
        runs.append(run)
    return runs


def _signals(by_kind: dict[str, list[Event]], runs: list[_Asked], grace: float, verdict: Verdict) -> None:
    """Nothing is signalled that was not asked, that is over, or before its time."""
    for at, _, _agent, pid, job, name, boot, runs_now, exiting in by_kind["signal"]:
        verdict.seen[f"P5: {name}"] += 1
        mine = [run for run in runs if (run.pid, run.job) == (pid, job) and run.at <= at]
        if not mine:
            verdict.broken("P5", at, f"{name} to {job} in {pid}, which was not asked to stop")
            continue
        run = mine[-1]
        if not runs_now and not (exiting and name == "SIGKILL"):
            verdict.broken("P5", at, f"{name} to {job}, whose code was over")
        due = run.boot + grace
        if name == "SIGKILL":
            due += _KILL_AFTER
            if "SIGTERM" not in run.signals:
                verdict.broken("P5", at, f"SIGKILL to {job} without SIGTERM before")
            elif boot < run.signals["SIGTERM"] + _KILL_AFTER - _LATEST_TERM - _ROUNDING:
                verdict.broken("P5", at, f"SIGKILL to {job} too soon after SIGTERM")
        if boot < due - _ROUNDING:
            verdict.broken("P5", at, f"{name} to {job} at {boot:.3f}, before it was due at {due:.3f}")
        run.signals[name] = boot


def _out_in_time(
    by_kind: dict[str, list[Event]], run: _Asked, grace: float, dead: float, verdict: Verdict
) -> None:
    """By grace + 2.5 s it is out, unless its worker, or it, was stopped or killed meanwhile, or the emergency
    was over."""
    limit = run.at + (grace + _KILL_AFTER + _LATEST_TERM + _ROUNDING) / run.rate
    ended = by_kind["over"][0][0] if by_kind["over"] else _NEVER
    if min(run.out, dead, run.spared, ended) <= limit:
        verdict.seen["P5: out in time, or not to be"] += 1
        return
    if any(e[2] in {run.pid, run.main} and e[0] <= limit and e[3] >= run.at for e in by_kind["frozen"]):
        verdict.seen["P5: late, its worker or it stood still"] += 1
        return
    verdict.broken("P5", limit, f"{run.job} on {run.agent} is not out by grace + 2.5 s")


def _recorded(
    by_kind: dict[str, list[Event]], runs: list[_Asked], dead: dict[str, float], verdict: Verdict
) -> None:
    """Each has one outcome, no sooner than its end, and it is what the log says."""
    outcomes: dict[tuple[str, int], dict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
    first: dict[str, float] = {}
    for at, _, attempt, job, pid, how, went in by_kind["outcome"]:
        outcomes[job, pid][attempt].add((how, went))
        first.setdefault(attempt, at)
    times = Counter((run.job, run.pid) for run in runs)
    for run in runs:
        mine, same = outcomes[run.job, run.pid], times[run.job, run.pid]
        if len(mine) > same:
            verdict.broken("P5", run.at, f"{run.job} in {run.pid} has {len(mine)} outcomes")
        elif run.spared < _NEVER:
            verdict.seen["P5: spared"] += 1
        elif not mine and run.agent not in dead:
            verdict.broken("P5", run.at, f"{run.job} in {run.pid} has no outcome")
        elif mine and same == 1:  # else which outcome is of which run cannot be told
            ((attempt, said),) = mine.items()
            _agrees(run, sorted(said), first[attempt], verdict)


def _agrees(run: _Asked, said: list[tuple[str, str]], at: float, verdict: Verdict) -> None:
    if len(said) != 1:
        verdict.broken("P5", at, f"{run.job} has two outcomes: {said}")
        return
    how = said[0][0]
    verdict.seen[f"P5: {how}"] += 1
    if how not in run.outcomes():
        verdict.broken("P5", at, f"{run.job} is called {how}, the log says {run.over}, {run.gone}")
    if how != "completed" and at < min(run.out, run.gone[0]):
        verdict.broken("P5", at, f"{run.job} is called {how} before its end at {run.out:.4f}")
