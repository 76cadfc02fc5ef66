"""The conductor: opens, changes and ends windows, and says what it saw.

It holds no state of its own; everything is in the stores, so any process may conduct, and another
one may go on where it stopped.
"""

from __future__ import annotations

import logging
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from guard.core import changes as moves
from guard.core.changes import WindowRequest
from guard.core.configuration import drift
from guard.core.cordon import queues_to_cordon
from guard.core.history import AuditRecord
from guard.core.modes import CLOSED_PHASES, Mode, Phase
from guard.core.named_events import EventName
from guard.errors import IllegalMove, InvalidRequest, StaleEpoch, StoreError, StoreUnavailable
from guard.orchestrator.fates import enrol
from guard.orchestrator.window import Window
from guard.orchestrator.window_seen import seen_of, warnings_of, workers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from guard.core.configuration import Wish
    from guard.core.named_events import Announces
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState
    from guard.orchestrator.changes import Changes
    from guard.orchestrator.closing import Closed, Closing
    from guard.orchestrator.releasing import Releasing
    from guard.orchestrator.surroundings import Surroundings
    from guard.ports import Clock
    from guard.settings import Settings

__all__ = ["Conductor"]

log = logging.getLogger(__name__)

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
        releasing: Releasing,
        clock: Clock,
        remember: Callable[[str, int], None],
        announce: Announces,
    ) -> None:
        self._announce = announce
        self._settings = settings
        self._changes = changes
        self._closing = closing
        self._surroundings = surroundings
        self._releasing = releasing
        self._clock = clock
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
            self._announce(EventName.STORE_FAILED, store="durable store", doing=action, why=str(error))
            try:
                return self._changes.make_unjournaled(step), _UNJOURNALED
            except StoreError:
                raise error from None

    def _close(self, state: GuardState, problem: str, *, opened: bool = False) -> Window:
        """Wait until the gates are closed, and say what is known then."""
        if opened:
            self._releasing.begin_books(state.window_id)
        # Redis may lose the registry while somebody is waited for; who cannot register again is on the roll.
        enrol_now = None if problem or state.mode is Mode.TEST else partial(self._enrol, state)
        closed = self._closing.announce_and_wait(state, enrol_now)
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
        self._enrol_late(state)
        result = self._releasing.release(progress)
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

    def _enrol_late(self, state: GuardState) -> None:
        """While the durable store was away nobody came on the roll. Who was killed meanwhile is registered
        still: without it the report would not know that a worker is missing."""
        try:
            if state.mode is Mode.TEST or self._changes.durable.roll(state.window_id):
                return
        except StoreError as error:
            log.debug("the roll is not read: %s", error)
            return
        self._enrol(state)

    def _enrol(self, state: GuardState) -> None:
        enrol(self._changes.durable, state.window_id, workers_of(self._surroundings.roster()))

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

    def _window_seen(self, state: GuardState, closed: Closed, *problems: str) -> Window:
        """What can be said about a window that has just been closed."""
        roster = self._surroundings.roster()
        workers = workers_of(roster)
        if workers and _UNJOURNALED not in problems and state.mode is not Mode.TEST:
            # Before the registry can be lost: a drain that has never heard of a worker would not wait for it.
            enrol(self._changes.durable, state.window_id, workers)
        guarded = self._guarded_queues(workers, state)
        unguarded = self._surroundings.unguarded(guarded, [entry.card.node for entry in workers])
        return self._window(
            state,
            **seen_of(roster, state.epoch),
            unguarded=tuple(unguarded) if unguarded is not None else None,
            took=round(closed.took, 4),
            proof=closed.proof,
            warnings=(*problems, *self._surroundings.warnings(state), *warnings_of(roster, closed)),
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
