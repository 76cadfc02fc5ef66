"""Opening and ending a window with many jobs in the queue: neither may cost more than with few."""

from __future__ import annotations

import json
import time
import uuid
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.closing import wait_for_whole_registry
from benchmarks.figures import Figure, Result, at_most
from benchmarks.fleet import Fleet
from benchmarks.noop import QUEUE, SHELF
from benchmarks.numbers import median_ratio

if TYPE_CHECKING:
    from celery import Celery
    from redis import Redis

    from guard import Guard

__all__ = ["fill", "measure", "message_of"]

MANY, FEW = 100_000, 100
_JOB_SECONDS = 0.1
"""Long enough that the worker is always in the middle of one, short enough to be idle again soon."""
_NO_MORE = 1.15
"""What passes for "no more": pairs of equal rounds differ by as much on a busy machine."""


def measure(*, quick: bool) -> Result:
    """A worker runs jobs from a long and from a short queue in turn; a window opens and ends each time."""
    rounds = 6 if quick else 20
    seen: dict[int, dict[str, list[float]]] = {size: {"enable": [], "disable": []} for size in (MANY, FEW)}
    with Fleet() as fleet:
        arm = fleet.arm(0, guarded=True)
        app, guard = arm.app()
        assert guard is not None
        arm.ready(arm.worker(concurrency=2))
        wait_for_whole_registry(guard)
        with fleet.valkey.client(arm.db) as client:
            message, own_ids = message_of(app, client)
            for number in range(rounds):
                for size in (MANY, FEW) if number % 2 else (FEW, MANY):
                    _top_up(client, size, message, own_ids)
                    for key, seconds in _round(guard, client, size).items():
                        seen[size][key].append(seconds)
            left = client.llen(_store(MANY))
    figures = []
    for key in ("enable", "disable"):
        ratio, low, high = median_ratio(seen[MANY][key], seen[FEW][key])
        figures.append(
            Figure(
                name=f"`{key}` with {MANY:,} queued",
                value=median(seen[MANY][key]) * 1000,
                unit="ms",
                beside=median(seen[FEW][key]) * 1000,
                beside_is=f"with {FEW}",
                ratio=ratio,
                target=at_most(_NO_MORE),
                judged="ratio",
                interval=(low, high),
            )
        )
    return Result(
        title=f"Many guarded jobs in the queue: {rounds} pairs of windows, a worker at work on them",
        figures=figures,
        notes=[
            "the whole call; median of the ratios of paired rounds, in brackets its 95 % interval",
            f"in the last round the worker took {MANY - left} jobs of the long queue",
        ],
        raw={str(size): times for size, times in seen.items()},
    )


def _round(guard: Guard, client: Redis, size: int) -> dict[str, float]:
    """Give the queue to the worker, open and end a window, and take the queue away again."""
    client.rename(_store(size), QUEUE)
    time.sleep(_JOB_SECONDS * 1.5)
    times = []
    for call in (
        lambda: guard.enable(reason="benchmark", by="benchmark", duration=600),
        lambda: guard.disable(by="benchmark"),
    ):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    time.sleep(_JOB_SECONDS)
    client.rename(QUEUE, _store(size))
    time.sleep(_JOB_SECONDS * 5)  # what the worker has taken ends
    return dict(zip(("enable", "disable"), times, strict=True))


def message_of(app: Celery, client: Redis) -> tuple[str, tuple[str, str]]:
    """A real message as it lies in Redis, and the two ids that make it this one."""
    sent = app.tasks["noop.pause"].apply_async((_JOB_SECONDS,), queue=SHELF)
    text: Any = client.lpop(SHELF)
    tag = json.loads(text)["properties"]["delivery_tag"]
    moved = text.replace(f'"routing_key": "{SHELF}"', f'"routing_key": "{QUEUE}"')
    return moved, (str(sent.id), tag)


def fill(client: Redis, name: str, number: int, message: str, own_ids: tuple[str, str]) -> list[str]:
    """Put copies of a message into a list. Gives the ids of the jobs."""
    task_id, tag = own_ids
    made = [str(uuid.uuid4()) for _ in range(number)]
    for first in range(0, number, 1000):
        some = made[first : first + 1000]
        client.lpush(name, *(message.replace(task_id, one).replace(tag, str(uuid.uuid4())) for one in some))
    return made


def _top_up(client: Redis, size: int, message: str, own_ids: tuple[str, str]) -> None:
    """Fill the stored queue up to its size."""
    missing: int = size - client.llen(_store(size))  # type: ignore[operator]
    fill(client, _store(size), missing, message, own_ids)


def _store(size: int) -> str:
    return f"stored-{size}"
