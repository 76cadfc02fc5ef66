"""Mistakes that are made in the guard on purpose: the harness must find each of them.

STRESS_MISTAKE names one, in every process of the fleet. A harness that finds none of them shows nothing.
"""

from __future__ import annotations

import random
import time
from typing import Any

from guard.core.modes import Gate
from guard.fleet import parked_queue
from guard.fleet.parking import ParkingLot
from guard.gates.page import SharedPage
from guard.store.redis.parked import RedisParkedIndex

__all__ = ["MISTAKES", "make"]


def make(name: str) -> None:
    """Make this mistake in this process; none for an empty name."""
    if name:
        MISTAKES[name]()


def _gate_off() -> None:
    """A worker's agent acknowledges, and its gate stays open."""
    _closes_after(float("inf"))


def _early_acknowledgement() -> None:
    """An agent acknowledges at once, and its gate closes a second later."""
    _closes_after(1.0)


def _closes_after(seconds: float) -> None:
    write = SharedPage.write
    seen: dict[int, float] = {}

    def write_late(self: SharedPage, gate: Gate, epoch: int, *rest: Any, **more: Any) -> None:
        closed = gate not in {Gate.OPEN, Gate.UNKNOWN}
        if closed and time.monotonic() - seen.setdefault(epoch, time.monotonic()) < seconds:
            gate = Gate.OPEN
        write(self, gate, epoch, *rest, **more)

    SharedPage.write = write_late  # type: ignore[method-assign]


def _acknowledged_before_the_copy() -> None:
    """The parking lot says that a copy is with the broker, and forgets to publish one in five."""
    publish = ParkingLot._publish
    dice = random.Random()

    def sometimes(self: Any, message: Any, job: Any) -> None:
        if dice.random() >= 0.2:
            publish(self, message, job)

    ParkingLot._publish = sometimes  # type: ignore[method-assign]


def _release_drops() -> None:
    """The release drops every tenth job."""
    for doer in (parked_queue._RedisParkedQueue, parked_queue._AmqpParkedQueue):
        _drop_some(doer)


def _drop_some(doer: Any) -> None:
    give_back, count = doer.give_back, [0]

    def drop_tenth(self: Any, message: Any, ruling: Any) -> bool:
        count[0] += 1
        if count[0] % 10 == 0:
            return bool(self.discard(message))
        return bool(give_back(self, message, ruling))

    doer.give_back = drop_tenth


def _release_doubles() -> None:
    """The release publishes one job in five twice, under two park ids."""
    RedisParkedIndex.claim = lambda *_: True  # type: ignore[method-assign,assignment]
    move = parked_queue._RedisParkedQueue._move
    dice = random.Random()

    def twice(self: Any, channel: Any, raw: bytes, target: str, changed: str) -> bool:
        moved = move(self, channel, raw, target, changed)
        if moved and changed and dice.random() < 0.2:
            self._plain(channel).lpush(self._key(channel, target), changed)
        return moved

    parked_queue._RedisParkedQueue._move = twice  # type: ignore[method-assign]


MISTAKES = {
    "gate off": _gate_off,
    "acknowledged too early": _early_acknowledgement,
    "acknowledged before the copy is there": _acknowledged_before_the_copy,
    "the release drops": _release_drops,
    "the release doubles": _release_doubles,
}
