"""The release: parked jobs go back to their queues once all have heard that the gate is open.

When none is left the window is over, and its books are closed. Safe to run by several at once, and after a
crash: one lock, and everything that is known is in the stores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core import changes as moves
from guard.core.modes import Phase
from guard.core.named_events import EventName
from guard.errors import IllegalMove, StaleEpoch, StoreError
from guard.orchestrator.release_watch import ReleaseWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.named_events import Announces
    from guard.core.pace import ErrorLimit
    from guard.core.state import GuardState
    from guard.fleet.releaser import Releaser, ReleaseResult
    from guard.orchestrator.changes import Changes
    from guard.orchestrator.closing import Closing
    from guard.ports import Clock, Lock, Tally

__all__ = ["Releasing"]


class Releasing:
    """Gives parked jobs back, and keeps the books of the window they were parked in."""

    def __init__(
        self,
        *,
        changes: Changes,
        closing: Closing,
        releaser: Releaser,
        tally: Tally,
        clock: Clock,
        lock: Callable[[str], Lock],
        limit: ErrorLimit,
        broker_errors: tuple[type[Exception], ...],
        announce: Announces,
    ) -> None:
        self._changes = changes
        self._closing = closing
        self._releaser = releaser
        self._tally = tally
        self._clock = clock
        self._lock = lock
        self._limit = limit
        self._broker_errors = broker_errors
        self._announce = announce

    def release(self, progress: Callable[[int], None] | None = None) -> ReleaseResult | None:
        """Give parked jobs back once all have heard that the gate is open, and close the books when none is
        left. Safe to run by several at once, and after a crash. None when somebody else is at it, or nobody
        can say that the gate is open."""
        lock = self._lock("release")
        try:
            self._closing.wait_until_opened()
            if not lock.acquire():
                return None
            watch = ReleaseWatch(
                changes=self._changes,
                lock=lock,
                clock=self._clock,
                tally=self._tally,
                limit=self._limit,
            )
            result = self._releaser.run(watch, progress)
        except StoreError as error:
            self._store_failed("control plane", "the release waits", error)
            return None
        except self._broker_errors as error:
            self._store_failed("broker", "the release waits", type(error).__name__)
            return None
        self._end(result, lock)
        return result

    def _end(self, result: ReleaseResult, lock: Lock) -> None:
        if result.stopped:
            self._announce(EventName.RELEASE_STOPPED, window_id=self._window_id(), why=result.stopped)
        try:
            over = self._finish() if not result.stopped else None
            lock.give_back()
        except StoreError as error:
            self._store_failed("durable store", "the release is not finished", error)
            return
        except self._broker_errors as error:
            self._store_failed("broker", "the release is not finished", type(error).__name__)
            return
        if over is not None:
            self._announce(
                EventName.RELEASE_FINISHED,
                window_id=over.window_id,
                epoch=over.epoch,
                released=result.released,
                expired=result.expired,
            )

    def _finish(self) -> GuardState | None:
        """Nothing is parked any more: the window is over. The state that says so; None when it is not."""
        state = self._changes.durable.read()
        self._close_books(state.window_id)
        if state.phase is not Phase.RELEASING or self._releaser.remaining():
            return None
        try:
            over = self._changes.make(
                "released", state.by, lambda old, now: moves.finish_release(old, now=now), {}
            )
        except (IllegalMove, StaleEpoch):
            return None
        self._changes.announce(over)
        return over

    def begin_books(self, window_id: str) -> None:
        """Before the gates of a window close. Without the control plane nothing is counted, and the report
        says that it does not know."""
        try:
            self._tally.begin(window_id)
        except StoreError as error:
            self._store_failed("control plane", "the books of this window are not begun", error)

    def _close_books(self, window_id: str) -> None:
        if window_id:
            self._changes.durable.close_books(window_id, self._tally.account(window_id))

    def _window_id(self) -> str:
        try:
            return self._changes.durable.read().window_id
        except StoreError:
            return ""

    def _store_failed(self, store: str, doing: str, why: object) -> None:
        self._announce(EventName.STORE_FAILED, store=store, doing=doing, why=str(why))
