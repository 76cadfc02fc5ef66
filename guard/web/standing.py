"""How the guard stands, from memory: what the status route, the events and the pages show.

Rules:

- Nobody who asks waits for a store. A thread looks once a second, and at once when the state has changed;
  while nobody can say the state, every five seconds and for that alone: failing costs more.
- Jobs that are held, parked and refused are counted every five seconds and at each change, and with each
  look while a window begins, drains or releases and the broker answers: then people watch them.
- What was last known is kept while nobody can say the state; it is then marked stale, with its age. Before
  anything was ever known the status is unknown.
- The thread ends by itself when nobody has asked for a minute; whoever asks next waits half a second at most
  for a new look.
"""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.clock import boot_ms
from guard.errors import StoreError
from guard.orchestrator.status import build_status

if TYPE_CHECKING:
    from typing import Protocol

    from guard.orchestrator.status import Status
    from guard.ports import WakeUp
    from guard.settings import Settings

    class Watched(Protocol):
        """What is asked of a `Guard`."""

        @property
        def settings(self) -> Settings: ...
        def status(self, *, counted: Status | None = None) -> Status: ...
        def state_is_known(self) -> bool: ...
        def listen(self, name: str) -> WakeUp: ...


__all__ = ["Standing", "StandingView"]

log = logging.getLogger(__name__)

_EVERY_SECONDS = 1.0
_TIMES_LONGER_AWAY = 5
_TIMES_LONGER_COUNTED = 5
_WATCHED_PHASES = frozenset({"closing", "draining", "releasing"})
_IDLE_SECONDS = 60.0
_FIRST_LOOK_SECONDS = 0.5
_END_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingView:
    """What is known, and since when.

    Attributes:
        status: as it was last known; unknown if it never was.
        age: seconds since it was looked up; None if it never was known.
        stale: whether the last look could not tell the state, or is older than a lease.
        looks: how many looks there were until now.
    """

    status: Status
    age: float | None
    stale: bool
    looks: int = 0


class Standing:
    """The status of one guard in one process. Any number of threads may ask."""

    def __init__(self, guard: Watched, *, every: float = _EVERY_SECONDS, idle: float = _IDLE_SECONDS) -> None:
        self._guard = guard
        self._every = every
        self._idle = idle
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def now(self) -> StandingView:
        """What is known now. Costs no round trip but for the first look, half a second at most."""
        now = boot_ms() / 1000
        self._asked_at = now
        if self._thread is None:
            self._start()
        if self._began_at is not None and now - self._began_at < _FIRST_LOOK_SECONDS:
            with self._looked:
                self._looked.wait_for(lambda: self._fresh, timeout=_FIRST_LOOK_SECONDS)
        return self._view()

    def wait(self, after: int, seconds: float) -> StandingView:
        """What is known once there were more than `after` looks, or when this time has passed."""
        self._asked_at = boot_ms() / 1000
        if self._thread is None:
            self._start()
        with self._looked:
            self._looked.wait_for(lambda: self._looks > after or self._stop.is_set(), timeout=seconds)
        return self._view()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called: nothing will be looked up any more."""
        return self._stop.is_set()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        with self._looked:
            self._looked.notify_all()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_END_SECONDS)

    def _forget(self) -> None:
        """At the beginning, and in a fork, which has none of its parent's threads."""
        self._lock = threading.Lock()
        self._looked = threading.Condition()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._began_at: float | None = None
        self._asked_at = 0.0
        self._fresh = False
        self._looks = 0
        self._known: tuple[Status, float] | None = None
        self._told = True
        self._counted: tuple[Status, float] | None = None

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None or self._stop.is_set():
                return
            self._fresh = False
            self._began_at = boot_ms() / 1000
            self._thread = threading.Thread(target=self._run, name="guard-standing", daemon=True)
            self._thread.start()

    def _view(self) -> StandingView:
        known, told, looks = self._known, self._told, self._looks
        if known is None:
            return StandingView(status=_UNKNOWN, age=None, stale=True, looks=looks)
        status, at = known
        age = max(0.0, boot_ms() / 1000 - at)
        too_old = age > self._guard.settings.guard_lease_seconds
        return StandingView(status=status, age=age, stale=too_old or not told, looks=looks)

    def _run(self) -> None:
        ear = self._guard.listen("guard-standing")
        try:
            self._hear(ear, 0.0)  # subscribed before the first look: no change is missed
            while not self._stop.is_set():
                self._look()
                if boot_ms() / 1000 - self._asked_at > self._idle:
                    break
                self._hear(ear, self._every if self._told else self._every * _TIMES_LONGER_AWAY)
        finally:
            with self._lock:
                if self._thread is threading.current_thread():
                    self._thread = None
            ear.close()

    def _look(self) -> None:
        begun = boot_ms() / 1000  # what is seen may be as old as that
        try:
            status = self._ask(begun) if self._told or self._guard.state_is_known() else _UNKNOWN
        except Exception:  # the thread must go on, and nobody else would hear of it
            log.exception("the status cannot be looked up")
            status = _UNKNOWN
        with self._looked:
            self._told = status.is_active is not None
            if self._told:
                self._known = (status, begun)
            self._fresh = True
            self._looks += 1
            self._looked.notify_all()

    def _ask(self, now: float) -> Status:
        counted, at = self._counted or (None, now)
        if counted is not None:
            watched = counted.phase in _WATCHED_PHASES and counted.parked is not None
            if watched or now - at >= self._every * _TIMES_LONGER_COUNTED:
                counted = None
        status = self._guard.status(counted=counted)
        if counted is None or status.epoch != counted.epoch:
            self._counted = (status, now)
        return status

    def _hear(self, ear: WakeUp, seconds: float) -> None:
        try:
            ear.wait(seconds)
        except StoreError:
            self._stop.wait(seconds)


_UNKNOWN = build_status(
    state=None, roster=None, kinds={}, held=None, parked=None, refused=None, warnings=(), now=0.0
)
