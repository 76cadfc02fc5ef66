"""The conductor: opens and ends windows, releases, and answers questions about them.

It holds no state of its own; everything is in the stores, so any process may conduct, and another
one may go on where it stopped.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any

from guard.core import changes as moves
from guard.core.barrier import Verdict
from guard.core.changes import WindowRequest
from guard.core.configuration import drift
from guard.core.cordon import queues_to_cordon
from guard.core.history import AuditRecord
from guard.core.modes import CLOSED_PHASES, Mode, Phase
from guard.core.named_events import EventName
from guard.errors import IllegalMove, InvalidRequest, StaleEpoch, StoreError, StoreUnavailable
from guard.orchestrator.fates import enrol
from guard.orchestrator.release_watch import ReleaseWatch
from guard.orchestrator.status import describe
from guard.orchestrator.window import Running, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from guard.core.configuration import Wish
    from guard.core.named_events import Announces
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState
    from guard.fleet.releaser import Releaser, ReleaseResult
    from guard.orchestrator.changes import Changes
    from guard.orchestrator.closing import Closed, Closing
    from guard.orchestrator.surroundings import Surroundings
    from guard.ports import Clock, Lock, Tally
    from guard.settings import Settings

__all__ = ["Conductor"]

log = logging.getLogger(__name__)

_SLOW_SECONDS = 1.0
_UNJOURNALED = (
    "the durable store does not answer: this emergency is closed by the control plane alone, and will be "
    "journaled when the durable store is back"
)
_BY_HAND = "configuration table"
"""Who is named in the journal for a hand-made change of the configuration rows."""


class Conductor:
    """Conducts the windows of one app."""

    def __init__(
        self,
        *,
        settings: Settings,
        changes: Changes,
        closing: Closing,
        surroundings: Surroundings,
        releaser: Releaser,
        tally: Tally,
        clock: Clock,
        lock: Callable[[str], Lock],
        remember: Callable[[str, int], None],
        announce: Announces,
    ) -> None:
        self._announce = announce
        self._settings = settings
        self._changes = changes
        self._closing = closing
        self._surroundings = surroundings
        self._releaser = releaser
        self._tally = tally
        self._clock = clock
        self._lock = lock
        self._remember = remember

    def enable(self, request: WindowRequest, *, window_id: str | None = None) -> Window:
        """Open a window; returns when the gates are closed, and says by what proof.

        Args:
            window_id: an id of the caller's. If that very window is open already this only waits for it.

        Raises:
            IllegalMove: another window is open already.
            InvalidRequest: the window of this id is over.
            StoreUnavailable: the durable store did not answer, and this is no emergency, or the control
                plane did not answer either. Nothing was changed.
        """
        if window_id is not None:
            known = self._known(window_id)
            if known is not None:
                return known
        else:
            window_id = str(uuid.uuid4())
        state, problem = self._make_stricter(
            request.mode,
            "enable",
            request.by,
            lambda old, now: moves.close(old, request, window_id=window_id, now=now),
            {
                "mode": request.mode.value,
                "reason": request.reason,
                "duration": request.duration,
                **request.terms.to_dict(),
            },
        )
        return self._close(state, problem, opened=True)

    def _make_stricter(
        self,
        mode: str | None,
        action: str,
        by: str,
        step: Callable[[GuardState, float], GuardState],
        detail: dict[str, Any],
    ) -> tuple[GuardState, str]:
        """Make a change, and a problem or empty. An emergency does not wait for the database: it is closed
        by the control plane alone, and journaled later."""
        try:
            return self._changes.make(action, by, step, detail), ""
        except StoreUnavailable as error:
            if mode != Mode.EMERGENCY:
                raise
            self._store_failed("durable store", action, error)
            try:
                return self._changes.make_unjournaled(step), _UNJOURNALED
            except StoreError:
                raise error from None

    def _close(self, state: GuardState, problem: str, *, opened: bool = False) -> Window:
        """Wait until the gates are closed, and say what is known then."""
        if opened:
            self.begin_books(state.window_id)
        closed = self._closing.announce_and_wait(state)
        window = self._window_seen(state, closed, *([problem] if problem else ()))
        if opened and not problem:  # without the durable store nothing of it can be kept
            self._remember(state.window_id, state.epoch)  # reports are of one epoch: before the next one
        self._confirm(state)
        return window

    def _known(self, window_id: str) -> Window | None:
        """The window of this id, closed, if it is open already; None if it never was."""
        state = self._changes.durable.read()
        if state.window_id == window_id and state.phase in CLOSED_PHASES:
            closed = self._closing.announce_and_wait(state)
            if state.phase is Phase.CLOSING:
                self._remember(window_id, state.epoch)
                self._confirm(state)
            return self._window_seen(state, closed)
        if self._changes.durable.window(window_id) is not None:
            raise InvalidRequest(f"window {window_id} is over: use another id")
        return None

    def change(self, by: str, *, epoch: int | None = None, **wanted: Any) -> Window:
        """Change the open window: mode, reason, length, terms. A stricter mode closes more, and this
        returns when that is closed too.

        Args:
            epoch: only if the state is still at this one.

        Raises:
            StaleEpoch: it is not. Nothing was changed.
            InvalidRequest, IllegalMove, StoreUnavailable: nothing was changed.
        """
        detail = {name: value for name, value in wanted.items() if value is not None}
        state, problem = self._make_stricter(
            wanted.get("mode"),
            "change",
            by,
            lambda old, now: moves.change(_still(old, epoch), by=by, now=now, **wanted),
            detail,
        )
        if state.phase is Phase.CLOSING:
            return self._close(state, problem)
        problem = self._changes.announce(state) or problem
        return self._window(state, warnings=(problem,) if problem else ())

    def invalidate_sessions(self, by: str) -> tuple[GuardState, Closed]:
        """End all sessions of non-admins; returns when every process knows, and by what proof.

        Raises:
            InvalidRequest, StoreUnavailable: nothing was changed.
        """
        state = self._changes.make(
            "invalidate sessions", by, lambda old, now: moves.invalidate_sessions(old, by=by, now=now), {}
        )
        return state, self._closing.announce_and_wait(state)

    def verify(self, by: str, *, epoch: int | None = None) -> Window:
        """Let holders of a bypass try before everybody may. Returns when every process knows, so that
        their first job is not refused.

        Args:
            epoch: only if the state is still at this one.

        Raises:
            StaleEpoch: it is not. Nothing was changed.
            InvalidRequest, IllegalMove, StoreUnavailable: nothing was changed.
        """
        state = self._changes.make(
            "verify", by, lambda old, now: moves.verify(_still(old, epoch), by=by, now=now), {}
        )
        return self._window_seen(state, self._closing.announce_and_wait(state))

    def disable(
        self,
        by: str,
        *,
        unverified: bool = False,
        progress: Callable[[int], None] | None = None,
        epoch: int | None = None,
    ) -> Window:
        """End the window: the gate opens, parked jobs go back to their queues.

        Args:
            epoch: only if the state is still at this one.

        Raises:
            StaleEpoch: it is not. Nothing was changed.
            IllegalMove: no window is open, or it is to be verified first.
            InvalidRequest: `by` is empty or too long.
            StoreUnavailable: the durable store did not answer. Nothing was changed.
        """
        state = self._changes.make(
            "disable",
            by,
            lambda old, now: moves.release(_still(old, epoch), by=by, now=now, unverified=unverified),
            {"by": by, **({"unverified": True} if unverified else {})},
        )
        problem = self._changes.announce(state)
        result = self.release(progress)
        remaining = self._surroundings.parked()
        warnings = [f"the control plane was not told: {problem}"] if problem else []
        if result is not None:
            warnings += [
                f"{count} jobs of {task} stay parked: no live worker knows that task"
                for task, count in result.waiting.items()
            ]
            warnings += sorted(set(result.malformed))
            warnings += [f"the release stopped: {result.stopped}"] if result.stopped else []
        return self._window(
            state,
            phase=self._changes.durable.read().phase.value,
            released=result.released if result else 0,
            expired=result.expired if result else 0,
            still_parked=remaining,
            warnings=tuple(warnings),
        )

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
                limit=self._settings.release_limit,
            )
            result = self._releaser.run(watch, progress)
        except StoreError as error:
            self._store_failed("control plane", "the release waits", error)
            return None
        except self._surroundings.broker_errors as error:
            self._store_failed("broker", "the release waits", type(error).__name__)
            return None
        self._end_release(result, lock)
        return result

    def _end_release(self, result: ReleaseResult, lock: Lock) -> None:
        if result.stopped:
            self._announce(EventName.RELEASE_STOPPED, window_id=self._window_id(), why=result.stopped)
        try:
            over = self._finish() if not result.stopped else None
            lock.give_back()
        except StoreError as error:
            self._store_failed("durable store", "the release is not finished", error)
            return
        except self._surroundings.broker_errors as error:
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

    def _window_id(self) -> str:
        try:
            return self._changes.durable.read().window_id
        except StoreError:
            return ""

    def _store_failed(self, store: str, doing: str, why: object) -> None:
        self._announce(EventName.STORE_FAILED, store=store, doing=doing, why=str(why))

    def import_rows(self) -> None:
        """Take a hand-made change of the guides' configuration rows for a request."""
        durable = self._changes.durable
        state = durable.read()
        wish = drift(durable.configuration_rows(), state)
        if wish is None:
            return
        try:
            self._grant(wish)
        except (InvalidRequest, IllegalMove) as error:
            self._announce(EventName.ROWS_REFUSED, epoch=state.epoch, why=str(error))
            durable.journal(
                AuditRecord(
                    at=self._clock.wall(),
                    actor=_BY_HAND,
                    action="import",
                    epoch=state.epoch,
                    outcome="refused",
                    detail={"why": str(error)},
                )
            )
            durable.write_configuration_rows(durable.read())

    def _grant(self, wish: Wish) -> None:
        if wish.refused:
            raise InvalidRequest(wish.refused)
        if not wish.open_window:
            self.disable(_BY_HAND, unverified=True)
            return
        if wish.mode == Mode.EMERGENCY:
            raise InvalidRequest("an emergency is not begun by editing rows: use the enable command")
        duration = wish.duration or self._settings.maintenance_default_timeout
        self.enable(
            WindowRequest.check(
                mode=wish.mode,
                reason=wish.reason,
                duration=duration,
                by=_BY_HAND,
                sessions=self._settings.sessions_policy(wish.mode),
            )
        )

    def _confirm(self, state: GuardState) -> None:
        """The gates are closed: the drain begins. A crash before this leaves the phase at `closing`."""

        def step(old: GuardState, now: float) -> GuardState:
            if old.epoch != state.epoch:
                raise StaleEpoch(expected=state.epoch, found=old.epoch)
            return moves.confirm(old, now=now)

        try:
            self._changes.announce(self._changes.make("confirm", state.by, step, {}))
        except (StaleEpoch, StoreError) as error:
            log.info("the window stays at closing: %s", error)

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

    def _window_seen(self, state: GuardState, closed: Closed, *problems: str) -> Window:
        """What can be said about a window that has just been closed."""
        roster = self._surroundings.roster()
        workers = [entry for entry in roster or () if entry.card.role == "worker"]
        if workers and _UNJOURNALED not in problems and state.mode is not Mode.TEST:
            # Before the registry can be lost: a drain that has never heard of a worker would not wait for it.
            enrol(self._changes.durable, state.window_id, workers)
        warnings = [*problems, *self._surroundings.warnings(state)]
        if roster is None:
            warnings.append("the registry of workers does not answer")
        if closed.problem:
            warnings.append(f"the control plane was not told: {closed.problem}")
        if closed.verdict is Verdict.CONFIRMED and closed.took >= _SLOW_SECONDS:
            warnings.append(
                "closing took its time because the registry of workers was younger than one lease "
                "(Redis or the fleet was started just now), and may not have been whole"
            )
        guarded = self._guarded_queues(workers, state)
        unguarded = self._surroundings.unguarded(guarded, [entry.card.node for entry in workers])
        return self._window(
            state,
            **(_seen(roster, workers, state.epoch) if roster is not None else _NOBODY_KNOWS),
            unguarded=tuple(unguarded) if unguarded is not None else None,
            took=round(closed.took, 4),
            proof=closed.proof,
            warnings=tuple(warnings),
        )

    def _guarded_queues(self, workers: list[RosterEntry], state: GuardState) -> Collection[str]:
        consumed = {queue for entry in workers for queue in entry.card.queues}
        return queues_to_cordon(
            self._surroundings.carries(sorted(consumed)),
            state.gate,
            scope=state.terms.scope,
            always=self._settings.hold_queues,
            never=self._settings.mixed_queues,
        )

    def _window(self, state: GuardState, **seen: Any) -> Window:
        seen.setdefault("phase", state.phase.value)
        return Window(
            window_id=state.window_id,
            mode=state.mode.value if state.mode else "",
            reason=state.reason,
            by=state.by,
            epoch=state.epoch,
            started_at=state.started_at or state.changed_at,
            planned_end=state.planned_end,
            scope=state.terms.scope.to_dict(),
            **seen,
        )


def _still(state: GuardState, epoch: int | None) -> GuardState:
    """The state, if it is the one that was decided on."""
    if epoch is not None and state.epoch != epoch:
        raise StaleEpoch(expected=epoch, found=state.epoch)
    return state


_NOBODY_KNOWS: dict[str, Any] = dict.fromkeys(("acknowledged", "unconfirmed", "producers", "running"))


def _seen(roster: list[RosterEntry], workers: list[RosterEntry], epoch: int) -> dict[str, Any]:
    return {
        "acknowledged": _names(workers, lambda entry: entry.acknowledged_epoch >= epoch),
        "unconfirmed": _names(workers, lambda entry: entry.acknowledged_epoch < epoch),
        "producers": sum(
            entry.card.role == "producer" and entry.acknowledged_epoch >= epoch for entry in roster
        ),
        "running": _running(workers, epoch),
    }


def _names(workers: list[RosterEntry], wanted: Callable[[RosterEntry], bool]) -> tuple[str, ...]:
    return tuple(sorted(describe(entry) for entry in workers if wanted(entry)))


def _running(workers: list[RosterEntry], epoch: int) -> tuple[Running, ...] | None:
    """What runs; None when a worker has acknowledged and what it said is gone: somebody has brought the
    window on meanwhile, and each epoch asks anew. Unknown is not zero."""
    if any(entry.report is None and entry.acknowledged_epoch >= epoch for entry in workers):
        return None
    return tuple(
        Running(task_id=job.task_id, task=job.task, worker=entry.card.node, since=job.since)
        for entry in workers
        if entry.report is not None
        for job in entry.report.running
    )
