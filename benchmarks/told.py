"""What telling costs: refusals of a publisher, and parking by a watched worker, with events and without."""

from __future__ import annotations

import time
from contextlib import suppress
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, Result, at_least
from benchmarks.fleet import Fleet
from benchmarks.noop import QUEUE, SHELF
from benchmarks.numbers import median_ratio
from benchmarks.throughput import processor_seconds
from guard import MaintenanceActive
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from celery import Celery

    from benchmarks.fleet import Arm
    from guard import Guard

__all__ = ["measure"]

_SWITCH = {"told": "true", "silent": "false"}
_PARKED = "guard.parked"
_KEYS = {
    "refused": ("refusals per second, all at once", None),
    "refused_cpu": ("refusals per second of processor", at_least(0.85)),
    "parked": ("jobs parked per second", None),
    "parked_cpu": ("jobs parked per second of processor", at_least(0.9)),
}


def measure(*, quick: bool) -> Result:
    """Rounds in turn; the arms differ by GUARD_EVENTS alone."""
    refusals, parkings, pairs = (500, 100, 4) if quick else (8000, 150, 7)
    seen: dict[str, dict[str, list[float]]] = {name: {key: [] for key in _KEYS} for name in _SWITCH}
    with Fleet() as fleet:
        sides = {
            name: _Side(fleet.arm(db, guarded=True, GUARD_EVENTS=switch, GUARD_MIXED_QUEUES=QUEUE))
            for db, (name, switch) in enumerate(_SWITCH.items())
        }
        for side in sides.values():
            side.fill((pairs + 1) * parkings)
            side.enable()
            side.refuse(refusals)
            side.park(parkings)
        order = list(sides)
        for _ in range(pairs):
            for name in order:
                wall, used = sides[name].refuse(refusals)
                seen[name]["refused"].append(refusals / wall)
                seen[name]["refused_cpu"].append(refusals / used)
                wall, used = sides[name].park(parkings)
                seen[name]["parked"].append(parkings / wall)
                seen[name]["parked_cpu"].append(parkings / used)
            order.reverse()
    return Result(
        title=f"Events: {pairs} rounds of {refusals} refusals and {parkings} parkings on each side",
        figures=[_figure(key, seen) for key in _KEYS],
        notes=[
            "a publisher tells of 200 refusals a second at most; beyond that they are only counted",
            "workers' events are on in both arms, as while Flower watches",
            "per second of processor: of the publisher with its thread; of the worker and its child",
        ],
        raw=seen,
    )


def _figure(key: str, seen: dict[str, dict[str, list[float]]]) -> Figure:
    name, target = _KEYS[key]
    ratio, low, high = median_ratio(seen["told"][key], seen["silent"][key])
    return Figure(
        name=name,
        value=median(seen["told"][key]),
        unit="/s",
        beside=median(seen["silent"][key]),
        beside_is="GUARD_EVENTS=false",
        ratio=ratio,
        target=target,
        judged="ratio",
        interval=(low, high),
    )


class _Side:
    """One arm: a publisher here, and a worker that is watched."""

    def __init__(self, arm: Arm) -> None:
        self.client = arm.fleet.valkey.client(arm.db)
        self.worker = arm.worker()
        arm.ready(self.worker)
        app, guard = arm.app()
        assert guard is not None
        self.app: Celery = app
        self.guard: Guard = guard
        # asks, and waits for the answer
        eventually(lambda: app.control.broadcast("enable_events", reply=True, timeout=2), within=20)

    def fill(self, jobs: int) -> None:
        """Jobs on a shelf, accepted before the window."""
        for _ in range(jobs):
            self.app.tasks["noop.nothing"].apply_async(queue=SHELF)

    def enable(self) -> None:
        self.guard.enable(reason="a benchmark", by="benchmarks")

    def refuse(self, number: int) -> tuple[float, float]:
        """Seconds for so many refusals, and of this process's processor time."""
        task = self.app.tasks["noop.nothing"]
        begun, used = time.perf_counter(), time.process_time()
        for _ in range(number):
            with suppress(MaintenanceActive):
                task.apply_async()
        wall = time.perf_counter() - begun
        self.guard._parts.tell.close()  # type: ignore[attr-defined]
        return wall, time.process_time() - used

    def park(self, number: int) -> tuple[float, float]:
        """Seconds, and of the worker's processor time, until so many jobs are parked that come at once."""
        before = self._length()
        jobs = self.client.lrange(SHELF, -number, -1)
        self.client.ltrim(SHELF, 0, -number - 1)
        begun, used = time.perf_counter(), processor_seconds(self.worker)
        self.client.rpush(QUEUE, *jobs)
        while self._length() < before + number:
            if time.perf_counter() - begun > 60:
                raise SystemExit(f"not all were parked: {self.worker.log_tail}")
            time.sleep(0.002)
        return time.perf_counter() - begun, processor_seconds(self.worker) - used

    def _length(self) -> int:
        return int(self.client.llen(_PARKED))
