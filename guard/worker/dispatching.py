"""Events of a worker, by the dispatcher that Celery's own events of its jobs take.

Rules:

- While nobody watches (no ``-E``, no Flower) that dispatcher is switched off, and so are ours.
- They go by the handful, since each message costs as much as parking a job: what was told in `_PAUSE_SECONDS`
  is sent together, in the order in which it was told, each with the time at which that was.
- They are sent by who runs the consumer's timer, as Celery's heartbeats are; they may be told by any thread.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guard.core.events import JobEvent
    from guard.gates.inner_celery import Consumer

__all__ = ["WorkerEvents"]

_PAUSE_SECONDS = 0.25
_FORGOTTEN_SECONDS = 5.0
"""After a new connection to the broker the consumer's timer has forgotten what was due."""
_MOST = 10_000


class WorkerEvents:
    """The events of one worker."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque(maxlen=_MOST)
        self._due_by = 0.0

    def dispatch(self, consumer: Consumer, event: JobEvent, fields: dict[str, Any]) -> None:
        """Send one event soon."""
        if not _is_watched(consumer):
            return
        self._waiting.append((event.value, {"timestamp": time.time(), **fields}))
        now = time.monotonic()
        if now < self._due_by:
            return
        self._due_by = now + _FORGOTTEN_SECONDS
        if threading.current_thread() is threading.main_thread():
            self._schedule(consumer)
        else:
            consumer.call_soon(self._schedule, consumer)

    def _schedule(self, consumer: Consumer) -> None:
        consumer.timer.call_after(_PAUSE_SECONDS, self._send, (consumer,))

    def _send(self, consumer: Consumer) -> None:
        self._due_by = 0.0  # before the first is taken: what is told from now on is scheduled anew
        for _ in range(len(self._waiting)):
            name, fields = self._waiting.popleft()
            if _is_watched(consumer):
                consumer.event_dispatcher.send(name, **fields)


def _is_watched(consumer: Consumer) -> bool:
    dispatcher = consumer.event_dispatcher
    return (
        dispatcher is not None
        and dispatcher.enabled
        and (not dispatcher.groups or "task" in dispatcher.groups)
    )
