"""The relay: one pass over sessions at a time, and the next one goes on where it stopped.

A control plane that is away stops no pass; then nobody can go on where it stops, and all is looked at again.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.session_sweep import Marks, SessionSweep
    from guard.ports import Clock, Lock
    from guard.session_ports import SessionMarks

__all__ = ["Relay"]

log = logging.getLogger(__name__)

_NOTE_SECONDS = 0.5
"""Between two notes of where the pass stands, and two extensions of the lock."""


class Relay:
    """The lock and the marks of one pass.

    Args:
        server: which server process holds the sessions; empty when that is not known.
        generation: by which sessions are judged.
        patience: seconds before a pass is tried again that could not find out everything.
        until: boot time at which the pass ends; None: when all was looked at, whoever else is at it.
        stopped: whether it is to end now.
    """

    def __init__(
        self,
        *,
        marks: SessionMarks,
        lock: Lock,
        clock: Clock,
        server: Callable[[], str],
        generation: int,
        patience: float,
        until: float | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._marks = marks
        self._lock = lock
        self._clock = clock
        self._server_of = server
        self._generation = generation
        self._patience = patience
        self._until = until
        self._stopped = stopped
        self._server = ""
        self._held = False
        self._noted_at = 0.0

    def take(self) -> int | None:
        """Where the pass begins. None: somebody else is at it, or nobody can say."""
        try:
            self._held = self._lock.acquire()
            if not self._held:
                return None
            self._server = self._server_of()
            return self._marks.read().cursor_for(self._generation, self._server) if self._server else 0
        except StoreError as error:
            log.info("a sweep of sessions is not noted: %s", error)
            return 0 if self._held else None

    def go_on(self, cursor: int) -> bool:
        """Note where the pass stands. Whether it may go on."""
        now = self._clock.boot()
        over = self._stopped() or (self._until is not None and now >= self._until)
        if self._held and (over or now - self._noted_at >= _NOTE_SECONDS):
            self._noted_at = now
            self._note(cursor)
        return not over and (self._held or self._until is None)

    def note(self, done: SessionSweep) -> None:
        """Note how the pass ended."""
        try:
            marks = self._marks.read()
            if done.is_settled:
                self._marks.write(marks.done(self._generation))
            elif done.complete or done.problems:
                again = self._clock.wall() + self._patience
                self._marks.write(
                    replace(marks, generation=self._generation, server="", cursor=0, not_before=again)
                )
        except StoreError as error:
            log.info("a sweep of sessions is not noted: %s", error)

    def give_back(self) -> None:
        """Let the next one have the lock."""
        if self._held:
            with suppress(StoreError):
                self._lock.give_back()

    def _note(self, cursor: int) -> None:
        try:
            self._held = self._lock.extend()
            if self._held:
                self._marks.write(self._at(self._marks.read(), cursor))
        except StoreError as error:
            log.debug("a sweep of sessions is not noted: %s", error)

    def _at(self, marks: Marks, cursor: int) -> Marks:
        return replace(marks, generation=self._generation, server=self._server, cursor=cursor, not_before=0.0)
