"""What is submitted, and when: decided before anything runs, by the seed alone."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tasks.names import GENERATE_CAPTION, OPTIMIZE_IMAGE, PROCESS_BATCH

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MIXED_QUEUE: Final = "maintenance"
"""Beat's heartbeat, which no window blocks, uses it too: guarded jobs in it cannot be held, only parked."""

_IMAGES_PER_BATCH: Final = 3
_JOBS_PER_BATCH: Final = 16
"""One submitted job in so many is a batch."""
FEWEST_BATCHES: Final = 4
"""A refused one, a held one, and one of each shape before the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One job to submit."""

    task: str
    files: tuple[Path, ...]
    shape: str = ""
    """Of a batch: `chord` or `group`."""
    hold: bool = False
    """While closed: wait for the end of the window instead of being refused."""
    queue: str | None = None
    """None: where the routes send it."""

    @property
    def args(self) -> tuple[Any, ...]:
        """As the task takes them."""
        if self.task == PROCESS_BATCH:
            return [str(file) for file in self.files], self.shape
        return (str(self.files[0]),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """All orders of one demo.

    Attributes:
        before: Submitted while open.
        refused: Submitted while closed, by a caller that wants an answer now.
        held: The same, by a caller that asks to wait; jobs for their own queues.
        parked: The same, for the queue that also carries unguarded work.
    """

    before: tuple[Order, ...]
    refused: tuple[Order, ...]
    held: tuple[Order, ...]
    parked: tuple[Order, ...]


def plan(files: Sequence[Path], broken: Sequence[Path], count: int, chance: random.Random) -> Workload:
    """Spread `count` orders over the files: each file as image and as caption, then again from the front.

    Seven in ten are submitted before the window, those on broken files among them; one in ten is refused, one
    held, one parked.
    """
    share = count // 10
    batches = [_batch(number, files) for number in range(max(FEWEST_BATCHES, count // _JOBS_PER_BATCH))]
    singles = _singles(files)
    known_broken = list(itertools.islice(_singles(broken), 2 * len(broken)))

    def take(number: int) -> list[Order]:
        return list(itertools.islice(singles, number))

    before = take(count - 3 * share - len(batches[2:]) - len(known_broken)) + batches[2:] + known_broken
    chance.shuffle(before)
    return Workload(
        before=tuple(before),
        refused=(batches[1], *take(share - 1)),
        held=tuple(_asking(order) for order in (batches[0], *take(share - 1))),
        parked=tuple(_asking(order, MIXED_QUEUE) for order in take(share)),
    )


def _asking(order: Order, queue: str | None = None) -> Order:
    return replace(order, hold=True, queue=queue)


def _batch(number: int, files: Sequence[Path]) -> Order:
    chosen = [files[(number * _IMAGES_PER_BATCH + step) % len(files)] for step in range(_IMAGES_PER_BATCH)]
    return Order(task=PROCESS_BATCH, files=tuple(chosen), shape="group" if number % 2 else "chord")


def _singles(files: Sequence[Path]) -> Iterator[Order]:
    for file in itertools.cycle(files):
        for task in (OPTIMIZE_IMAGE, GENERATE_CAPTION):
            yield Order(task=task, files=(file,))
