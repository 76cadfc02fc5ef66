"""One look at the guard, for the page and the figures; taken when somebody asks, and kept for a moment.

Rules:

- Flower's loop never waits for a store: a look is taken in a thread, one at a time.
- However many ask, no more than one look is taken per `_KEPT_SECONDS`. While nobody asks none is.
- A look that is older than `_STALE_SECONDS` is not believed: what it says is unknown then.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from guard.clock import boot_ms
from guard.core.modes import Phase
from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.api import Guard
    from guard.core.parked import ParkedJob
    from guard.core.roster import RosterEntry
    from guard.orchestrator.advancing import Progress
    from guard.orchestrator.status import Status

__all__ = ["Look", "Watch", "in_thread", "look_at"]

log = logging.getLogger(__name__)

T = TypeVar("T")

_KEPT_SECONDS = 1.0
_STALE_SECONDS = 10.0
_MOST_PARKED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen. None: nobody could say.

    Attributes:
        at: seconds of boot time when it was begun.
        status: its own unknown parts are None.
        progress: the drain with its blockers, while there is one.
        workers: the registered workers, by name.
        parked: the oldest parked jobs.
        problems: why something of this is None, in words.
    """

    at: float
    status: Status
    progress: Progress | None = None
    workers: tuple[RosterEntry, ...] | None = None
    parked: tuple[ParkedJob, ...] | None = None
    problems: tuple[str, ...] = field(default=())

    @property
    def age(self) -> float:
        """Seconds since it was begun."""
        return boot_ms() / 1000 - self.at


def look_at(guard: Guard) -> Look:
    """Look, now: some round trips. Never raises for a store that is away."""
    begun = boot_ms() / 1000
    status = guard.status()
    problems: list[str] = []

    def ask(what: str, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except (GuardError, OSError) as error:
            problems.append(f"{what}: {error}")
            return None

    drains = status.phase == Phase.DRAINING
    workers = guard.workers()
    parked = ask("parked jobs", lambda: guard.parked.list(_MOST_PARKED))
    return Look(
        at=begun,
        status=status,
        progress=ask("the drain", guard.look) if drains else None,
        workers=_workers(workers) if workers is not None else None,
        parked=tuple(parked) if parked is not None else None,
        problems=tuple(problems),
    )


def _workers(entries: list[RosterEntry]) -> tuple[RosterEntry, ...]:
    workers = (entry for entry in entries if entry.card.role == "worker")
    return tuple(sorted(workers, key=lambda entry: (entry.card.node, entry.card.pid)))


class Watch:
    """The last look of one Flower. Used in its loop only.

    Args:
        take: `look_at`; it runs in a thread.
    """

    def __init__(self, take: Callable[[Guard], Look]) -> None:
        self._take = take
        self._latest: Look | None = None
        self._taking: asyncio.Future[Look] | None = None

    def now(self) -> Look | None:
        """The last look, if it may still be believed. Waits for nothing."""
        latest = self._latest
        return latest if latest is not None and latest.age < _STALE_SECONDS else None

    @property
    def last_known(self) -> Look | None:
        """The last look, however old."""
        return self._latest

    async def fresh(self, guard: Guard, *, within: float, new: bool = False) -> Look | None:
        """A look that is no older than a moment, or the last one when none comes in this time.

        Args:
            within: seconds to wait at most.
            new: one that is begun after this call, since something was just changed.
        """
        if self._taking is not None and new:
            await asyncio.wait({self._taking}, timeout=within)
        if not new and self._latest is not None and self._latest.age < _KEPT_SECONDS:
            return self._latest
        if self._taking is None:
            self._taking = in_thread(functools.partial(self._take, guard))
            self._taking.add_done_callback(self._taken)
        await asyncio.wait({self._taking}, timeout=within)
        return self.now()

    def _taken(self, taking: asyncio.Future[Look]) -> None:
        self._taking = None
        error = taking.exception()
        if error is not None:
            log.error("could not look at the guard: %s", error, exc_info=error)
        else:
            self._latest = taking.result()


def in_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    """Do something that blocks in a thread of its own, which does not keep Flower from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(settle: Callable[[Any], None], outcome: Any) -> None:
        if not done.cancelled():
            settle(outcome)

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
            settle, outcome = done.set_exception, error
        else:
            settle, outcome = done.set_result, result  # type: ignore[assignment]
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, settle, outcome)

    threading.Thread(target=run, daemon=True, name="guard-in-flower").start()
    return done
