"""How jobs behave that are asked to stop, and signalled: each character is one function.

All but those that know nothing of the guard wait until they are asked, so that every job of a round is met by
its emergency. `after` places what a job does: seconds from its deadline, the moment at which SIGTERM is due.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from celery.exceptions import SoftTimeLimitExceeded

import guard
from tests.stress_kills.journal import append, boot

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Task

__all__ = ["CHARACTERS", "LIVE_UNTIL_SIGNALLED", "SOFT", "Run"]

_LOOK = 0.02
_LONG = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one job."""

    task: Task
    journal: str
    after: float

    def note(self, event: str, **more: Any) -> None:
        """One line in the journal."""
        request = self.task.request
        append(
            self.journal, {"event": event, "id": request.id, "n": request.retries, "pid": os.getpid(), **more}
        )

    def asked(self) -> float:
        """Wait until it is asked. Gives its deadline on the boot clock."""
        while not guard.should_stop():
            time.sleep(_LOOK)
        return boot() + (guard.time_left() or 0.0)

    def moment(self, *, late: float = 0.0) -> None:
        """Wait for the moment at which it does what it does."""
        rest = self.asked() + late + self.after - boot()
        time.sleep(max(0.0, rest))


def polite(run: Run) -> None:
    """Stops where it looks."""
    run.asked()
    guard.checkpoint()


def partial(run: Run) -> None:
    """Returns what it has."""
    run.asked()


def finishes(run: Run) -> None:
    """Does not look; ends by itself near the moment of SIGTERM."""
    run.moment()


def fails(run: Run) -> None:
    """Ends by an error of its own near that moment."""
    run.moment()
    raise ValueError("on purpose")


def retries(run: Run) -> None:
    """Asks for another try near that moment."""
    run.moment()
    raise run.task.retry(countdown=0.05)


def waits(run: Run) -> None:
    """Knows nothing of the guard."""
    time.sleep(_LONG)


def soft(run: Run) -> None:
    """Is told by Celery's soft time limit, and lets it pass."""
    time.sleep(_LONG)


def soft_returns(run: Run) -> None:
    """Is told, and returns what it has."""
    try:
        time.sleep(_LONG)
    except SoftTimeLimitExceeded:
        run.note("caught", error="SoftTimeLimitExceeded")


def soft_swallows(run: Run) -> None:
    """Is told, and goes on as if nothing had been."""
    try:
        time.sleep(_LONG)
    except Exception as error:  # noqa: BLE001 - as people write it
        run.note("caught", error=type(error).__name__)
    time.sleep(_LONG)


def blocks(run: Run) -> None:
    """Hangs in C for a minute: handlers of Python's never run, and it takes no processor time."""
    locks = ctypes.CDLL(None)
    lock = ctypes.create_string_buffer(64)  # all zero: a mutex that is free, and not recursive
    until = (ctypes.c_long * 2)(int(time.time() + _LONG), 0)  # a timespec
    locks.pthread_mutex_lock(lock)
    locks.pthread_mutex_timedlock(lock, until)


def cleans(run: Run) -> None:
    """Cleans up however it ends, for `after` seconds."""
    try:
        time.sleep(_LONG)
    finally:
        run.note("cleaning")
        time.sleep(run.after)
        run.note("cleaned")


def catches_exit(run: Run) -> None:
    """Catches what SIGTERM raises, and returns `after` seconds later."""
    try:
        time.sleep(_LONG)
    except SystemExit as error:
        run.note("caught", error=type(error).__name__)
        time.sleep(run.after)


def breaks(run: Run) -> None:
    """Turns what SIGTERM raises into an error of its own."""
    try:
        time.sleep(_LONG)
    except SystemExit as error:
        run.note("caught", error=type(error).__name__)
        raise ValueError("broken off") from error


def deaf(run: Run) -> None:
    """Catches everything, again and again."""
    until = boot() + _LONG
    while (rest := until - boot()) > 0:
        try:
            time.sleep(rest)
        except BaseException as error:  # noqa: BLE001 - on purpose
            run.note("caught", error=type(error).__name__)


def finishes_deaf(run: Run) -> None:
    """Is deaf to SIGTERM and ends by itself near the moment of SIGKILL."""
    until = run.asked() + 2.0 + run.after
    while (rest := until - boot()) > 0:
        try:
            time.sleep(rest)
        except SystemExit as error:
            run.note("caught", error=type(error).__name__)


def starts_program(run: Run) -> None:
    """Waits for a program that it has started."""
    with subprocess.Popen(["sleep", "5"]) as program:
        run.note("child", child=program.pid)
        program.wait()
        time.sleep(_LONG)


def forks(run: Run) -> None:
    """Leaves a copy of itself behind, which has all its files open."""
    child = os.fork()
    if child == 0:
        time.sleep(5)
        os._exit(0)
    run.note("child", child=child)
    time.sleep(_LONG)


CHARACTERS: dict[str, Callable[[Run], None]] = {
    one.__name__: one
    for one in (
        polite, partial, finishes, fails, retries, waits, soft, soft_returns, soft_swallows, blocks, cleans,
        catches_exit, breaks, deaf, finishes_deaf, starts_program, forks,
    )
}  # fmt: skip

SOFT = frozenset({"soft", "soft_returns", "soft_swallows"})
"""They need a task with `soft_stop`."""

LIVE_UNTIL_SIGNALLED = frozenset({
    "waits", "soft_swallows", "blocks", "cleans", "catches_exit", "breaks", "deaf", "starts_program", "forks",
})  # fmt: skip
"""They end by a signal alone."""
