"""`Guard.sessions`: which sessions of the application are accepted, who may sign in, and the cleanup.

In the application, once at sign-in and once in each request:

    number = guard.sessions.stamp()                      # before the question below, see `stamp`
    if not guard.sessions.may_sign_in(user.role):
        return refused()
    session["guard_generation"] = number

    if not guard.sessions.is_accepted(session.get("guard_generation"), session.get("created_at"), user.role):
        return sign_out()
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core.sessions import is_accepted, is_admin, may_sign_in, moment_of, stamp_of
from guard.errors import GuardError, InvalidRequest, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from guard.api.parts import Parts
    from guard.core.session_sweep import SessionStats, SessionSweep
    from guard.core.state import GuardState
    from guard.orchestrator.window import Window

__all__ = ["Sessions"]

log = logging.getLogger(__name__)

_FOLLOW_SECONDS = 30.0
"""For how long the process that has ended sessions deletes them; the workers' housekeeping goes on."""
_STOP_SECONDS = 5.0


class Sessions:
    """The sessions of an app. What asks changes nothing and reaches for no server while this process has a
    fresh lease; in a pool child nothing is known, so ask in the process that serves requests."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._follower: threading.Thread | None = None
        self._stopping = threading.Event()

    def stamp(self) -> int | None:
        """The number to put into a new session as ``guard_generation``; None when nothing is known: leave
        the field out, the session is then judged by its `created_at`.

        Take it *before* `may_sign_in` is asked: a window that begins in between then ends the new session.
        """
        state = self._believed()
        return state.generation.number if state is not None else None

    def may_sign_in(self, role: object) -> bool:
        """Whether somebody with this role of `users` may sign in now. Admins always. Others not while a
        normal or emergency window lasts that ended their sessions, and not while nobody knows the state."""
        if is_admin(role) or not self._parts.settings.maintenance_mode_enabled:
            return True
        return may_sign_in(role, self._believed())

    def is_accepted(
        self,
        session_generation: int | str | None = None,
        created_at: float | str | datetime | None = None,
        role: object = None,
    ) -> bool:
        """Whether a request with this session is let in.

        Args:
            session_generation: the ``guard_generation`` of the session; None when it carries none.
            created_at: when the session was made: ISO 8601, UTC seconds or a `datetime`; without a zone it is
                UTC. Looked at only without a number.
            role: of the user, read from `users` for this request: what a session says of it does not count.
        """
        if is_admin(role) or not self._parts.settings.maintenance_mode_enabled:
            return True
        state = self._believed()
        if state is None:
            return False
        return is_accepted(
            state.generation, number=stamp_of(session_generation), created_at=moment_of(created_at)
        )

    def stats(self, *, seen: Callable[[int], None] | None = None) -> SessionStats:
        """What sessions there are, and whose. Looks at each; never raises for a server that is away.

        Args:
            seen: told how many were looked at, for a progress bar.
        """
        try:
            return self._parts.sessions.stats(self._state(), seen=seen)
        except StoreError as error:
            return self._parts.sessions.stats(None, problems=(str(error),), seen=seen)

    def total(self) -> int | None:
        """How many keys the Redis of the sessions has, of whatever kind; None when it does not say, or no
        sessions are there."""
        return self._parts.sessions.size()

    def sweep(
        self, *, dry_run: bool = False, seen: Callable[[SessionSweep], None] | None = None
    ) -> SessionSweep:
        """Delete sessions that are over by their own account, whoever's, and those of non-admins that are
        no longer accepted. Safe at any time, twice, and by several at once; what beat runs.

        Args:
            dry_run: only count.
            seen: told of the figures after each batch, for a progress bar.

        Raises:
            StoreError: neither store can say the state. Nothing was deleted.
        """
        return self._parts.sessions.cleaning.sweep(self._state(), dry_run=dry_run, seen=seen)

    def invalidate(
        self, *, by: str, dry_run: bool = False, seen: Callable[[SessionSweep], None] | None = None
    ) -> SessionSweep:
        """End all sessions of non-admins, in a window or outside of one. No process accepts them any more
        before the first is deleted: their number has passed.

        Args:
            by: who, for the journal.
            dry_run: only count what would be ended.
            seen: told of the figures after each batch, for a progress bar.

        Returns:
            The sweep; `took` and `proof` say how soon no process accepted them any more.

        Raises:
            InvalidRequest: `by` is empty or too long, or the guard is switched off.
            StoreUnavailable: the durable store did not answer. Nothing was ended.
        """
        parts = self._parts
        if not parts.settings.maintenance_mode_enabled:
            raise InvalidRequest("the guard is switched off: no number of a session is checked")
        if dry_run:
            from guard.core.changes import invalidate_sessions

            state = self._state()
            after = invalidate_sessions(state, by=by, now=parts.clock.wall()).generation
            return parts.sessions.cleaning.sweep(state, generation=after, dry_run=True, seen=seen)
        state, closed = parts.conducting.conductor.invalidate_sessions(by)
        done = parts.sessions.cleaning.sweep(state, seen=seen)
        problems = (f"the control plane was not told: {closed.problem}",) if closed.problem else ()
        return replace(
            done, took=round(closed.took, 4), proof=closed.proof, problems=(*problems, *done.problems)
        )

    def allow(self, *, by: str) -> Window:
        """Let everybody sign in again although the window goes on. Sessions that it ended stay ended.

        Raises:
            IllegalMove: no window is open.
            InvalidRequest: the window lets everybody sign in as it is; or `by` is wrong.
            StoreUnavailable: the durable store did not answer. Nothing was changed.
        """
        return self._parts.conducting.conductor.change(by, sessions="keep")

    def follow(self) -> None:
        """Begin to delete what a window has ended, beside whatever this process does, for half a minute at
        most. Nothing rests on it: the workers' housekeeping goes on, and so does the next sweep."""
        if self._follower is not None and self._follower.is_alive():
            return
        self._stopping.clear()
        # Not a daemon: a script that opens a window and ends does this first.
        self._follower = threading.Thread(target=self._follow, name="guard-sessions", daemon=False)
        self._follower.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until `follow` has ended, at most so long. Whether it has. An interruption ends it."""
        if self._follower is None:
            return True
        try:
            self._follower.join(seconds)
        except KeyboardInterrupt:
            self._stopping.set()
            raise
        return not self._follower.is_alive()

    def close(self) -> None:
        """Stop `follow`, if it goes on."""
        self._stopping.set()
        if self._follower is not None and self._follower is not threading.current_thread():
            self._follower.join(_STOP_SECONDS)

    def _follow(self) -> None:
        parts = self._parts
        try:
            parts.sessions.cleaning.catch_up(
                parts.stores.plane.read(), within=_FOLLOW_SECONDS, stopped=self._stopping.is_set
            )
        except GuardError as error:
            log.warning("sessions are ended, and not deleted yet: %s", error)
        except Exception:  # nobody would hear of it
            log.exception("sessions are ended, and not deleted yet")

    def _believed(self) -> GuardState | None:
        return self._parts.runtime.believed()

    def _state(self) -> GuardState:
        """The state as stored. Raises StoreError."""
        try:
            return self._parts.stores.plane.read()
        except StoreError:
            return self._parts.stores.durable.read()
