"""What a job asks while it runs: am I to stop, and how long have I got?

An emergency asks running jobs to stop by a flag in the shared page. A job that looks at it now and then
ends in its own way; one that never does is ended by signals when its grace period is over.

    for image in images:
        guard.checkpoint()      # raises JobInterrupted once the job was asked to stop
        convert(image)

In a pool child any thread of the job may ask; with the threads pool only the thread that the job runs
in. Outside a guarded job nobody is ever asked to stop.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from guard.clock import boot_ms
from guard.errors import JobInterrupted
from guard.gates.page import Rung
from guard.gates.runtime import slot_of_job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["checkpoint", "on_stop", "should_stop", "time_left"]

_ASKED = frozenset({Rung.ASKED, Rung.SIGNALLED})


def should_stop() -> bool:
    """Whether the job that calls this was asked to stop. Costs no system call."""
    slot = slot_of_job()
    return slot is not None and slot.rung in _ASKED


def time_left() -> float | None:
    """Seconds until this job is ended by a signal; None when it was not asked to stop."""
    slot = slot_of_job()
    if slot is None or slot.rung not in _ASKED:
        return None
    return max(0.0, (slot.deadline_ms - boot_ms()) / 1000)


def checkpoint(cleanup: Callable[[], object] | None = None) -> None:
    """Go on, or stop here if the job was asked to.

    Args:
        cleanup: called before the job stops.

    Raises:
        JobInterrupted: the job was asked to stop. Let it pass.
    """
    if should_stop():
        if cleanup is not None:
            cleanup()
        raise JobInterrupted


@contextmanager
def on_stop(cleanup: Callable[[], object]) -> Iterator[None]:
    """Call `cleanup` when this block is left by an exception after the job was asked to stop: at a
    checkpoint, or when the signal comes. Nothing can be called before SIGKILL, two seconds later."""
    try:
        yield
    except BaseException:
        if should_stop():
            cleanup()
        raise
