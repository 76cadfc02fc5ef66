"""`Guard.attempts`: requests that a window refused, counted at next to no cost, and what was counted.

Rules:

- A refusal costs no round trip: it is added to sums in this process, which a thread hands over once a second.
  The thread begins with the first refusal, ends when there were none for a while, and begins anew after a
  fork.
- A store that is away costs nothing either: the sums wait, bounded (`guard.core.attempts`).
- The first refusals of each second have a log line of their own, the rest one line with their number.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from typing import TYPE_CHECKING, Protocol

from guard.core.attempts import AttemptsView, add_to
from guard.core.counts import Count
from guard.core.named_events import EventName
from guard.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.api.parts import Parts
    from guard.core.attempts import AttemptSum, Where

__all__ = ["AttemptBooks", "Attempts"]

log = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
LINES_PER_SECOND = 10
_WHY = "maintenance_active"
_IDLE_FLUSHES = 60
"""After so many with nothing to hand over the thread ends."""


class AttemptBooks(Protocol):
    """Where attempts are summed over all processes."""

    def add(self, sums: Mapping[Where, AttemptSum], *, since: Mapping[str, float]) -> None:
        """Add to the sums; `since`: by window id, when it opened."""

    def of(self, window_id: str, *, now: float) -> AttemptsView:
        """What was attempted in a window; `now` in UTC seconds."""


class Attempts:
    """The refused requests of one app."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._forget()
        _ALL.add(self)

    def use(self, parts: Parts) -> None:
        """Hand over what was counted, and count for these parts from now on."""
        self.close()
        self._parts = parts
        self._forget()

    def _forget(self) -> None:
        """As new: what a fork has inherited is its parent's to hand over."""
        self._lock = threading.Lock()
        self._sums: dict[Where, AttemptSum] = {}
        self._since: dict[str, float] = {}
        self._told = 0
        self._untold = 0
        self.is_storm = False
        """Whether so many requests were refused in this second that the next has no log line of its own."""
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._pid = os.getpid()

    def note(self, operation: str, *, user: str = "", endpoint: str = "", counted: bool = False) -> None:
        """Count one refused request, in the attempts and in the account of the window. Never raises.

        Args:
            operation: that it asked for.
            user: who, for the log line; untrusted text, as the next.
            endpoint: its path.
            counted: the publish gate refused it and has counted it in the account already.
        """
        state = self._parts.runtime.belief.state
        window_id = state.window_id if state is not None and state.window_id else "unknown"
        now = self._parts.clock.wall()
        with self._lock:
            add_to(self._sums, (window_id, operation, int(now // 60)), count=1, last=now)
            if state is not None and state.started_at is not None:
                self._since[window_id] = state.started_at
            tell = not self.is_storm
            self._told += tell
            self._untold += not tell
            self.is_storm = self._told >= LINES_PER_SECOND
            if self._thread is None:
                self._start()
        if not counted:
            self._parts.runtime.count(Count.REFUSED, operation)
        if tell:
            self._parts.announcer.announce(
                EventName.REQUEST_REFUSED, endpoint=endpoint, user=user, operation=operation, why=_WHY
            )

    def of(self, window_id: str | None = None) -> AttemptsView:
        """What was attempted in a window; the current or last one when None. What other processes refused in
        the last second may be missing.

        Raises:
            StoreUnavailable: the control plane did not answer.
        """
        self.flush()
        stores = self._parts.stores
        asked = window_id or stores.plane.read().window_id or "unknown"
        return stores.attempts.of(asked, now=self._parts.clock.wall())

    def flush(self) -> bool:
        """Hand over what this process has counted. Whether that was done, or there was nothing to do; if
        not, it is tried again. Never raises for a store that is away."""
        with self._lock:
            sums, self._sums = self._sums, {}
            since, self._told, self.is_storm = dict(self._since), 0, False
            untold, self._untold = self._untold, 0
        if untold:
            self._parts.announcer.announce(EventName.REQUESTS_MORE_REFUSED, more=untold, why=_WHY)
        if not sums:
            return True
        try:
            self._parts.stores.attempts.add(sums, since=since)
        except StoreError as error:
            log.debug("refused requests are counted later: %s", error)
            with self._lock:
                for where, each in sums.items():
                    add_to(self._sums, where, count=each.count, last=each.last)
            return False
        with self._lock:
            kept = {where[0] for where in self._sums}
            self._since = {window: moment for window, moment in self._since.items() if window in kept}
        return True

    def close(self) -> None:
        """Hand over what is left and end the thread. The next refusal starts it again."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(2 * FLUSH_SECONDS)
            self._thread = None
        self.flush()

    def _start(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="guard-attempts")
        self._thread.start()
        _flush_at_exit(self)

    def _run(self) -> None:
        idle, stopping = 0, self._stopping
        while not stopping.wait(FLUSH_SECONDS):
            try:
                idle = 0 if self._sums else idle + 1
                self.flush()
            except Exception:  # without this thread nothing would be handed over any more
                log.exception("refused requests are counted later")
            with self._lock:
                if idle >= _IDLE_FLUSHES and not self._sums and not self._untold:
                    self._thread = None  # at once with the look, or a refusal in between would wait for ever
                    return


_ALL: weakref.WeakSet[Attempts] = weakref.WeakSet()


def _flush_at_exit(attempts: Attempts) -> None:
    if attempts in _LEAVING:
        return
    import atexit

    _LEAVING.add(attempts)
    pid, kept = os.getpid(), weakref.ref(attempts)

    def leave() -> None:
        found = kept()
        if found is not None and os.getpid() == pid:
            found.flush()

    atexit.register(leave)


_LEAVING: weakref.WeakSet[Attempts] = weakref.WeakSet()


def _after_fork() -> None:
    _LEAVING.clear()
    for attempts in list(_ALL):
        attempts._forget()  # noqa: SLF001 - this module's own


os.register_at_fork(after_in_child=_after_fork)
