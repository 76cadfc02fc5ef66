"""What one process knows about the gate, where a worker may run in a thread of the tests' own process.

A real process is a worker or it is not. In a test, `celery.contrib.testing.worker.start_worker` puts both
into one: what the worker's threads publish are continuations, what the test publishes is new work. So here
it is the thread that says which.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from guard.clock import boot_ms
from guard.gates.inner_celery import task_stack
from guard.gates.page import Rung
from guard.gates.runtime import Belief, Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.core.counts import Count
    from guard.gates.page import SharedPage, Slot

__all__ = ["MemoryRuntime"]


_OURS = "guard-"
"""How threads of the guard are called. In memory only a worker has any."""


class _AskedSlot:
    """The slot of a job that was asked to stop."""

    busy = True
    rung = Rung.ASKED

    def __init__(self, seconds: float) -> None:
        self.deadline_ms = boot_ms() + int(seconds * 1000)


class MemoryRuntime(Runtime):
    """The gate's side of one app with a guard in memory."""

    def __init__(
        self, *, ensure_agent: Callable[[], None], count_at_once: Callable[[Count, str], None]
    ) -> None:
        self._has_worker = False
        self._worker_threads: set[int] = set()
        self._own_page: SharedPage | None = None
        self._asked = threading.local()
        super().__init__(ensure_agent=ensure_agent, count_at_once=count_at_once)

    @property
    def is_worker(self) -> bool:
        """Whether this thread is one of a worker's."""
        if not self._has_worker:
            return False
        if threading.get_ident() in self._worker_threads or _in_job_of_worker():
            return True
        return threading.current_thread().name.startswith(_OURS)

    @is_worker.setter
    def is_worker(self, value: bool) -> None:
        self._has_worker = value

    @property
    def page(self) -> SharedPage | None:
        """The worker's page, in its threads."""
        return self._own_page if self.is_worker else None

    @page.setter
    def page(self, page: SharedPage | None) -> None:
        self._own_page = page

    @contextmanager
    def as_worker(self) -> Iterator[None]:
        """In this block this thread is the worker's."""
        self._has_worker = True
        self._worker_threads.add(threading.get_ident())
        try:
            yield
        finally:
            self._worker_threads.discard(threading.get_ident())

    def worker_starts(self) -> None:
        """This thread is the worker's main one from now on."""
        self._worker_threads.add(threading.get_ident())

    def worker_is_over(self) -> None:
        """There is no worker in this process any more."""
        self._worker_threads.clear()
        self._has_worker = self.jobs_run_here = False
        self._own_page = None

    def age(self, seconds: float) -> None:
        """What is believed was learnt this much longer ago."""
        belief = self.belief
        self.belief = Belief(belief.state, belief.trusted_until - seconds, belief.closed_here)

    @contextmanager
    def asked_to_stop(self, seconds: float) -> Iterator[None]:
        """In this block this thread is a job that was asked to stop."""
        self._asked.slot = _AskedSlot(seconds)
        try:
            yield
        finally:
            self._asked.slot = None

    def busy_slot(self) -> Slot | None:
        asked: Any = getattr(self._asked, "slot", None)
        return cast("Slot", asked) if asked is not None else super().busy_slot()


def _in_job_of_worker() -> bool:
    return any(not task.request.is_eager and not task.request.called_directly for task in task_stack.stack)
