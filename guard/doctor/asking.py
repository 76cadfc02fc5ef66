"""Ask all sources side by side, each for a limited time. Whatever hangs is left behind in its thread."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from guard.core.diagnosis import Answer
from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guard.core.diagnosis import Source

__all__ = ["LIMIT_SECONDS", "Asked", "ask_all"]

LIMIT_SECONDS = 4.0
"""For one source. The longest chain of sources is three, so the whole ends within 15 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A source and how to ask it: `ask` gets the answers of the first so many that it needs, in that
    order."""

    source: Source
    ask: Callable[..., Any]
    given: int


def ask_all(
    asked: Sequence[Asked],
    *,
    limit: float = LIMIT_SECONDS,
    seen: Callable[[int, int], None] | None = None,
) -> dict[str, Answer]:
    """The answers, by the name of the source. Never raises for what a source does.

    Args:
        asked: each source once, with all that it needs.
        limit: seconds for each, from when what it needs has answered.
        seen: told how many have answered, and of how many, for a progress bar.
    """
    round_ = _Round(limit)
    waiting = {one.source.name: one for one in asked}
    while waiting or round_.running:
        for name in [name for name, one in waiting.items() if round_.is_ready(one)]:
            round_.begin(waiting.pop(name))
        if not round_.running and waiting and not round_.fresh:
            raise ValueError(f"sources wait for each other: {', '.join(sorted(waiting))}")
        round_.wait()
        if seen is not None:
            seen(len(round_.answers), len(asked))
    return round_.answers


class _Round:
    def __init__(self, limit: float) -> None:
        self.answers: dict[str, Answer] = {}
        self.running: dict[str, float] = {}
        """Name -> when it is out of time."""
        self.fresh = False
        self._limit = limit
        self._told: SimpleQueue[tuple[str, Answer]] = SimpleQueue()

    def is_ready(self, one: Asked) -> bool:
        return all(name in self.answers for name in one.source.needs)

    def begin(self, one: Asked) -> None:
        self.fresh = True
        lost = next((name for name in one.source.needs if self.answers[name].lost), "")
        if lost:
            self.answers[one.source.name] = Answer(lost=self.answers[lost].lost, after=lost)
            return
        given = [self.answers[name].value for name in one.source.needs[: one.given]]
        self.running[one.source.name] = time.monotonic() + self._limit
        # A daemon: a server that never answers must not keep the process from ending.
        threading.Thread(
            target=self._ask, args=(one, given), name=f"guard-doctor-{one.source.name}", daemon=True
        ).start()

    def _ask(self, one: Asked, given: list[Any]) -> None:
        self._told.put((one.source.name, _answer(one.ask, given)))

    def wait(self) -> None:
        """Until the next answer, or until the next one is out of time."""
        self.fresh = False
        if not self.running:
            return
        left = max(0.0, min(self.running.values()) - time.monotonic())
        try:
            name, answer = self._told.get(timeout=left)
        except Empty:
            moment = time.monotonic()
            for name in [name for name, until in self.running.items() if until <= moment]:
                del self.running[name]
                self.answers[name] = Answer(lost=f"no answer within {self._limit:g} s")
            return
        if name in self.running:  # else its time was up, and that was said
            del self.running[name]
            self.answers[name] = answer


def _answer(ask: Callable[..., Any], given: Sequence[Any]) -> Answer:
    try:
        return Answer(value=ask(*given))
    except GuardError as error:
        return Answer(lost=str(error))
    except Exception as error:  # noqa: BLE001 - each neighbour's client has errors of its own, with addresses in them
        return Answer(lost=f"it does not answer ({type(error).__name__})")

