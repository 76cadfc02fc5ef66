"""Many schedules: run, judge, sum up; and whether the misfortunes came that a batch is about."""

from __future__ import annotations

import gc
import hashlib
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from tests.simulator.checker import judge
from tests.simulator.stand_ins import simulated
from tests.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulator.checker import Verdict
    from tests.simulator.parts import Parts

__all__ = ["MUST_FIRE", "Result", "digest", "run", "run_in_parallel", "run_one"]

MUST_FIRE: dict[str, tuple[str, ...]] = {
    "a lease ran out": ("a lease ran out",),
    "failover that lost writes": ("failover",),
    "an old primary that went on answering": ("an old primary went on answering",),
    "Redis lost everything": ("Redis lost everything",),
    "damaged record": ("the record in Redis was damaged",),
    "a process cut off from Redis": ("a process was cut off from Redis",),
    "a call that was done although its answer was lost": ("redis: answer lost",),
    "a call that was done late": ("redis: late",),
    "a call that was done twice": ("redis: twice",),
    "a wake-up that was lost": ("a wake-up was lost",),
    "SQL away while a window was opened": ("SQL was away at enable",),
    "a change that SQL made although its answer was lost": ("sql: answer lost",),
    "a kill between look and start": (
        "kill at entering",
        "kill at clock",
        "kill at decided",
        "kill at starting",
    ),
    "a pause between look and start": ("freeze at clock", "freeze at decided", "freeze at starting"),
    "a pause around the word": ("freeze at word>", "freeze at word<"),
    "a kill between the parked copy and its acknowledgement": (
        "kill at park.publish<",
        "kill at index.parked>",
    ),
    "a kill of who releases: has taken": ("kill at parked.get<", "kill at give back.publish>"),
    "a kill of who releases: has published": ("kill at give back.publish<",),
    "a kill of who releases: has acknowledged": ("kill at index.gone>", "kill at index.gone<"),
    "a kill of who conducts": ("whoever conducts was killed",),
    "a kill after SQL has changed, before Redis has": ("kill at change<", "kill at publish>"),
    "a lost acknowledgement": ("an acknowledgement was lost with its connection",),
    "a lost confirmation": ("broker: a confirmation was lost",),
    "a redelivery": ("a message was delivered again",),
    "a restart of the broker": ("the broker restarted",),
    "a pause longer than the lease": ("a pause longer than the lease",),
    "a worker killed": ("a worker was killed",),
    "a child that outlived its worker": ("a child outlived its worker",),
    "a child killed": ("a child was killed",),
    "a worker stopped in order": ("a worker stopped in order",),
    "enable by acknowledgements": ("enable returned, proof: acknowledged",),
    "enable by time": ("enable returned, proof: time",),
    "a job asked to stop that stopped": ("a job was cut short: JobInterrupted",),
    "a job that ended by itself after it was asked": ("outcome recorded: completed",),
    "a job that SIGTERM ended": ("a job was cut short: SystemExit",),
    "a job that answered SIGTERM with an error of its own": ("a job was cut short: ValueError",),
    "a job that returned in the moment of SIGTERM": ("a job returned in the moment of SIGTERM",),
    "a job that SIGKILL ended": ("SIGKILL was sent",),
    "a child that could not be stopped in time": ("a child could not be stopped in time",),
    "a worker killed while it ended jobs": ("a worker was killed while it ended jobs",),
    "an emergency that was over before the signal": ("an emergency was over before the signal",),
    "a job that an emergency ended and revoked": ("a job was revoked",),
    "enable that could not tell Redis": ("enable returned, proof: none",),
}
"""A batch counts only if each of these happened in it: one of the names on the right is in what fired."""


@dataclass
class Result:
    """What a batch found. `violations`: seed, and what was broken."""

    schedules: int = 0
    events: int = 0
    turns: int = 0
    cpu_seconds: float = 0.0
    fired: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    violations: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Result) -> None:
        self.schedules += other.schedules
        self.events += other.events
        self.turns += other.turns
        self.cpu_seconds += other.cpu_seconds
        self.fired.update(other.fired)
        self.seen.update(other.seen)
        self.violations += other.violations

    @property
    def missing(self) -> list[str]:
        """Misfortunes that did not happen: then this batch proves less than it should."""
        return [what for what, names in MUST_FIRE.items() if not any(self.fired[name] for name in names)]


def run_one(seed: int, parts: Parts | None = None) -> tuple[World, Verdict]:
    """One schedule, judged. Inside `simulated()` only."""
    world = World(seed, parts).run()
    return world, judge(world.events, calm=world.calm)


def run(first: int, count: int, parts: Parts | None = None, *, stop_at: str | None = None) -> Result:
    """The schedules of these seeds. `stop_at`: no more once this promise was broken."""
    result = Result()
    begun = time.process_time()
    with simulated(), _collected_now_and_then() as collect:
        for seed in range(first, first + count):
            world, verdict = run_one(seed, parts)
            result.schedules += 1
            result.events += len(world.events)
            result.turns += world.hub.turns
            result.fired.update(world.fired)
            result.seen.update(verdict.seen)
            result.violations += [(seed, str(violation)) for violation in verdict.violations]
            vars(world).clear()  # frees most of it at once
            if not result.schedules % 50:
                collect()
            if stop_at and any(violation.promise == stop_at for violation in verdict.violations):
                break
    result.cpu_seconds = time.process_time() - begun
    return result


@contextmanager
def _collected_now_and_then() -> Iterator[Callable[[], object]]:
    """What a schedule leaves has cycles; looking for them all the time costs a tenth."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield gc.collect
    finally:
        gc.enable()
        gc.unfreeze()


def run_in_parallel(
    first: int, count: int, *, jobs: int, seen: Callable[[Result], None], piece: int = 250
) -> Result:
    """The same in several processes. `seen` is told the sum so far after each piece."""
    total = Result()
    pieces = [(start, min(piece, first + count - start)) for start in range(first, first + count, piece)]
    if jobs == 1:
        for start, size in pieces:
            total.add(run(start, size))
            seen(total)
        return total
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for result in pool.map(run, *zip(*pieces, strict=True)):
            total.add(result)
            seen(total)
    return total


def digest(events: list[tuple[Any, ...]]) -> str:
    """Names a log: two runs that are the same to the last event and moment have the same."""
    return hashlib.blake2b(repr(events).encode(), digest_size=16).hexdigest()
