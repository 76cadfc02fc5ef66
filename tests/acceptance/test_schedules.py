"""Random kills while jobs run and windows come and go: P1, P2, P4, P5 and P10 hold all the same.

A schedule is made from a seed, so a failure can be replayed: `SCHEDULE_SEED=… pytest …`. On Redis no worker's
main process is killed: stock kombu itself can lose a job there (F26), which RabbitMQ does not.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

import guard
from guard.core.outcome import Went
from tests.support.eventually import eventually, let_pass, throughout
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop

JOBS = 500
SECONDS = 20.0
SEEDS = [int(os.environ["SCHEDULE_SEED"])] if "SCHEDULE_SEED" in os.environ else list(range(1, 21))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Schedule:
    """One run: what is done when is decided by the dice alone."""

    def __init__(self, shop: Shop, control: Valkey, seed: int, *, kills_workers: bool) -> None:
        self.shop = shop
        self.control = control
        self.dice = random.Random(seed)
        self.crashed_at = 0.0
        """When Redis last was; it comes back empty."""
        self.workers = {name: shop.worker(name) for name in ("w1", "w2")}
        self.beat = shop.beat()
        self.results: dict[str, Any] = {}
        self.closed: list[tuple[float, float]] = []
        """From when to when every gate was closed."""
        self.windows: list[str] = []
        self.returned: float | None = None
        self.log: list[str] = []
        self.kills = 0
        acts = [
            self.open,
            self.open,
            self.end,
            self.end,
            self.kill_child,
            self.kill_conductor,
            self.crash_redis,
        ]
        self.acts = [*acts, self.kill_beat, *([self.kill_worker] if kills_workers else [])]

    def run(self) -> None:
        end = time.monotonic() + SECONDS
        next_act = time.monotonic() + 1
        while time.monotonic() < end or len(self.results) < JOBS:
            if len(self.results) < JOBS:
                self.send()
            if time.monotonic() >= next_act and time.monotonic() < end:
                act = self.dice.choice(self.acts)
                self.log.append(f"{time.time():.2f} {act.__name__}")
                act()
                next_act = time.monotonic() + self.dice.uniform(0.3, 2.0)
            let_pass(self.dice.uniform(0, 2 * SECONDS / JOBS))

    def send(self) -> None:
        # All are acknowledged late: a job that is not dies with its process, with or without the guard.
        name = self.dice.choice(["job", "mixed_job"])
        seconds = self.dice.choice([0.0, 0.0, 0.01, 0.2])
        result = self.shop.send(name, "value", seconds, when_closed="hold")
        self.results[result.id] = result

    def open(self) -> None:
        mode = self.dice.choice(["normal", "normal", "emergency"])
        with suppress(guard.GuardError):
            window, returned = self.shop.enable(mode=mode, **({"grace": 1} if mode == "emergency" else {}))
            self.windows.append(window.window_id)
            self.returned = returned if not window.unconfirmed else None

    def end(self) -> None:
        self._ends()
        with suppress(guard.GuardError):
            self.shop.guard.disable(by="tests")

    def _ends(self) -> None:
        if self.returned is not None:
            self.closed.append((self.returned, time.time()))
            self.returned = None

    def kill_child(self) -> None:
        children = [child for worker in self.workers.values() for child in worker.children()]
        if children:
            self.kills += 1
            with suppress(Exception):
                self.dice.choice(children).kill()

    def kill_worker(self) -> None:
        name = self.dice.choice(sorted(self.workers))
        self.kills += 2
        self.workers[name].kill()
        self.workers[name] = self.shop.start_worker(name)

    def kill_conductor(self) -> None:
        """Somebody opens or ends a window, and is killed in the middle of it."""
        self._ends()
        code = self.dice.choice(
            ["guard.enable(reason='x', by='y', duration=600); guard.drain()", "guard.disable(by='y')"]
        )
        process = self.shop.python("conductor", f"try:\n    {code}\nexcept Exception: pass\n")
        let_pass(self.dice.uniform(0.5, 1.5))
        process.kill()

    def crash_redis(self) -> None:
        self.control.crash()
        self.crashed_at = time.time()
        let_pass(self.dice.uniform(0, 0.5))
        self.control.start()

    def kill_beat(self) -> None:
        self.beat.kill()
        self.beat = self.shop.beat()


def last_opened(shop: Shop) -> float:
    """When the last window was opened, by whomever."""
    (last,) = shop.guard.durable.windows(1)
    return last.started_at


def _everybody_up(schedule: Schedule) -> None:
    shop = schedule.shop
    for name, worker in schedule.workers.items():
        eventually(lambda name=name, worker=worker: f"{name}@shop ready." in worker.log, within=30, what=name)

    def ended() -> bool:
        with suppress(guard.IllegalMove):
            shop.guard.disable(by="tests")
        return shop.guard.durable.read().phase.value in {"inactive", "releasing"}

    eventually(ended, within=30, what="no window")


@pytest.mark.parametrize("seed", SEEDS)
def test_random_kills(make_shop: Callable[..., Shop], seed: int) -> None:
    print("SCHEDULE_SEED", seed)
    broker = "rabbitmq" if seed % 2 else "redis"
    with Valkey() as control:
        shop = make_shop(broker, REDIS_URL=control.url())
        schedule = Schedule(shop, control, seed, kills_workers=broker == "rabbitmq")
        schedule.run()
        schedule._ends()
        _everybody_up(schedule)
        try:
            _check(schedule)
        except AssertionError as error:
            raise AssertionError("\n".join([*schedule.log, str(error)])) from error


def _check(schedule: Schedule) -> None:
    shop = schedule.shop
    results = schedule.results
    # P2: nothing is lost.
    eventually(
        lambda: all(result.state in {"SUCCESS", "REVOKED"} for result in results.values()),
        within=90,
        what=f"{len(results)} jobs to end",
    )
    # P1: nothing guarded started between the return of `enable` and the call of `disable`.
    ticks = {"shop.tick"}
    for begun, ended in schedule.closed:
        inside = [
            line for line in shop.started_after(begun) if line["at"] < ended and line["task"] not in ticks
        ]
        assert inside == [], (begun, ended)
    # Only what was killed while it ran may have run again.
    ends = Counter(line["id"] for line in shop.events("end"))
    assert sum(number > 1 for number in ends.values()) <= schedule.kills
    # P5: each job that an emergency ended has one outcome per attempt, and those that are revoked say so.
    for window_id in schedule.windows:
        outcomes = shop.guard._parts.stores.outcomes.of(window_id)
        assert len({one.attempt for one in outcomes}) == len(outcomes)
        assert not [one for one in outcomes if one.went is Went.REVOKED]
    # P4, P10: nothing is parked any more, nothing runs, and the last window's books balance.
    eventually(lambda: shop.guard.status().parked == 0, within=20, what="nothing to be parked")
    eventually(lambda: shop.guard.status().phase == "inactive", within=20, what="the window to be over")
    if schedule.windows:
        # A control plane that came back empty has lost the counters: it is unknown then, never a missing job.
        right = {0, None} if schedule.crashed_at > last_opened(shop) - 1 else {0}
        eventually(lambda: shop.guard.report().books.unaccounted in right, within=15, what="balanced books")
    throughout(lambda: not shop.guard.is_active, during=0.5, what="the gate to stay open")
