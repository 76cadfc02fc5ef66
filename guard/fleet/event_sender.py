"""Events of a process that is no worker: sent by a thread, behind the back of whoever is refused.

Rules:

- Who offers an event never waits, and never hears of a broker that is away.
- A storm of refusals costs next to nothing: beyond `_MOST` waiting events new ones are dropped, and all that
  wait go as one message every `_PAUSE_SECONDS`. The counters of the window are exact all the same.
- While nothing happens there is neither thread nor connection.
"""

from __future__ import annotations

import atexit
import logging
import os
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from celery import Celery

    from guard.core.events import JobEvent

__all__ = ["EventSender"]

log = logging.getLogger(__name__)

_MOST = 100
_PAUSE_SECONDS = 0.5
_IDLE_SECONDS = 5.0
_AFTER_FAILURE_SECONDS = 10.0
_AT_EXIT_SECONDS = 1.0
_CONNECT_SECONDS = 2.0


class EventSender:
    """The sender of one app in one process."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)
        atexit.register(self.close)

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque()
        self._news = threading.Event()
        self._leaving = threading.Event()
        self._thread: threading.Thread | None = None
        self._not_before = 0.0

    @property
    def has_room(self) -> bool:
        """Whether an event that is offered now would be taken."""
        return len(self._waiting) < _MOST and time.time() >= self._not_before

    def offer(self, event: JobEvent, fields: dict[str, Any]) -> bool:
        """Take one event to be sent soon. False: it was dropped."""
        if not self.has_room:
            return False
        self._waiting.append((event.value, {"timestamp": time.time(), **fields}))
        if not self._news.is_set():
            self._wake()
        return True

    def close(self, within: float = _AT_EXIT_SECONDS) -> None:
        """Send what waits, for so many seconds at most, and end. The next event begins anew."""
        with self._lock:
            thread = self._thread
        if thread is None:
            return
        self._leaving.set()
        self._news.set()
        thread.join(within)
        self._leaving.clear()

    def _wake(self) -> None:
        with self._lock:
            self._news.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="guard-events")
                self._thread.start()

    def _run(self) -> None:
        try:
            with self._app.connection_for_write(connect_timeout=_CONNECT_SECONDS) as connection:
                self._send_all(connection)
        except Exception as error:  # noqa: BLE001 - whatever it is: nobody waits for an event
            self._not_before = time.time() + _AFTER_FAILURE_SECONDS
            self._waiting.clear()
            log.warning("events of refused jobs are not sent: %s", error)
            with self._lock:
                self._thread = None
                self._news.clear()

    def _send_all(self, connection: Any) -> None:
        # Fails at once when the broker is away, instead of keeping events for ever.
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=_CONNECT_SECONDS)
        dispatcher = self._app.events.Dispatcher(
            connection,
            hostname=f"publishers@{socket.gethostname()}",
            buffer_while_offline=False,
            buffer_group={"task"},
            buffer_limit=_MOST + 1,
        )
        while not self._is_over():
            self._news.clear()
            while self._waiting:
                name, fields = self._waiting.popleft()
                dispatcher.send(name, **fields)
            dispatcher.flush()
            self._leaving.wait(_PAUSE_SECONDS)
        with suppress(Exception):
            dispatcher.close()

    def _is_over(self) -> bool:
        """Whether to end. Waits for something to do until then."""
        if self._waiting:
            return False
        if not self._leaving.is_set():
            self._news.wait(_IDLE_SECONDS)
        with self._lock:
            if self._waiting:
                return False
            self._thread = None
            self._news.clear()
            return True
