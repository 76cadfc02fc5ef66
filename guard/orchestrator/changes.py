"""Writing a change: the durable store decides, then the control plane is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from guard.core.history import AuditRecord
from guard.core.modes import Phase
from guard.core.named_events import EventName, not_announced
from guard.core.reconcile import AHEAD, to_be_journaled
from guard.core.state_events import events_between
from guard.errors import StaleEpoch, StateInvalid, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.named_events import Announces
    from guard.core.state import GuardState
    from guard.ports import Clock, ControlPlane, DurableStore

__all__ = ["Changes"]

_TRIES = 5


class Changes:
    """Compare-and-set in SQL with its journal line, then in Redis, then announced."""

    def __init__(
        self,
        *,
        durable: DurableStore,
        plane: ControlPlane,
        clock: Clock,
        announce: Announces = not_announced,
    ) -> None:
        self.durable = durable
        self.plane = plane
        self._clock = clock
        self._announce = announce

    def make(
        self, action: str, by: str, change: Callable[[GuardState, float], GuardState], detail: dict[str, Any]
    ) -> GuardState:
        """Apply a change to the current state. What the durable store has missed of it is journaled first: a
        window that it never heard of could not be found in it later, and nobody would be told of it.

        Args:
            change: from state and time to the next state; asked again when somebody else was faster.

        Raises:
            IllegalMove: the change is not possible in the state as it is now.
            StaleEpoch: others were faster five times.
            StoreUnavailable: the durable store did not answer. Nothing was announced.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._made(action, by, change, detail)
            except StaleEpoch:
                continue
        return self._made(action, by, change, detail)

    def _made(
        self, action: str, by: str, change: Callable[[GuardState, float], GuardState], detail: dict[str, Any]
    ) -> GuardState:
        old = self._caught_up()
        now = self._clock.wall()
        new = change(old, now)
        record = AuditRecord(
            at=now,
            actor=by,
            action=action,
            epoch=new.epoch,
            outcome="done",
            detail={"window_id": new.window_id, **detail},
        )
        self.durable.change(old.epoch, new, record)
        self._tell_of(old, new)
        return new

    def make_unjournaled(self, change: Callable[[GuardState, float], GuardState]) -> GuardState:
        """Apply a change that closes more while the durable store is away: it is journaled later.

        Raises:
            IllegalMove: as `make`.
            StoreError: the control plane does not answer either, or holds no state. Nothing was changed.
        """
        for _ in range(_TRIES):
            live = self.plane.read()
            new = replace(change(live, self._clock.wall()), epoch=live.epoch + AHEAD)
            if self.plane.publish(new):
                self._tell_of(live, new)
                self._announce(EventName.STATE_UNJOURNALED, window_id=new.window_id, epoch=new.epoch)
                return new
        raise StaleEpoch(expected=live.epoch, found=self.plane.read().epoch)

    def journal_what_was_missed(self) -> None:
        """Tell the durable store what the control plane knows and it does not.

        Raises:
            StoreError: a store did not answer, or another process was faster.
        """
        self._journal(self.durable.read(), self.plane.read())

    def _journal(self, durable: GuardState, live: GuardState) -> GuardState:
        """Journal what is missed; the durable state after that."""
        new = to_be_journaled(durable, live)
        if new is None:
            return durable
        unknown = new.phase is Phase.CLOSING and self.durable.window(new.window_id) is None
        record = AuditRecord(
            at=self._clock.wall(),
            actor=new.by,
            action="enable" if unknown else "reconcile",
            epoch=new.epoch,
            outcome="journaled late",
            detail={
                "window_id": new.window_id,
                "mode": new.mode.value if new.mode else None,
                "reason": new.reason,
                "duration": new.duration,
                "durable_epoch": durable.epoch,
            },
        )
        self.durable.change(durable.epoch, new, record)
        self._announce(
            EventName.STATE_JOURNALED, window_id=new.window_id, epoch=new.epoch, phase=new.phase.value
        )
        self.announce(new)
        return new

    def _tell_of(self, old: GuardState, new: GuardState) -> None:
        for name, fields in events_between(old, new):
            self._announce(name, **fields)

    def is_current(self, state: GuardState) -> bool:
        """Whether both stores are still in this state; not when one does not say.

        A control plane that takes no writes still says "closed" when workers have heard of the end of the
        window from the durable store.
        """
        try:
            return self.plane.read().epoch == state.epoch == self.durable.read().epoch
        except StoreError:
            return False

    def _caught_up(self) -> GuardState:
        """The durable state, after it has learnt where the control plane is ahead of it. That is so when an
        emergency was begun while the database was away, and when the database was restored from a copy;
        agents believe the greater epoch, so it counts.

        Raises:
            StateInvalid: the control plane belongs to another installation.
            StaleEpoch: another process was faster.
            StoreUnavailable: the durable store did not answer.
        """
        durable = self.durable.read()
        try:
            live = self.plane.read()
        except StoreError:
            return durable
        if live.store_id != durable.store_id:
            raise StateInvalid(
                "this Redis holds the guard state of another installation: use another GUARD_NAMESPACE"
            )
        return self._journal(durable, live)

    def announce(self, state: GuardState) -> str:
        """Write the state to the control plane, which wakes all agents. A problem, or empty.

        When the control plane is away the change stands: agents hear of it from the durable store, or
        their trust runs out.
        """
        try:
            if self.plane.publish(state):
                return ""
            return self._not_written(state)
        except StoreError as error:
            doing = f"epoch {state.epoch} is durable, and nobody was told of it yet"
            self._announce(EventName.STORE_FAILED, store="control plane", doing=doing, why=str(error))
            return str(error)

    def _not_written(self, state: GuardState) -> str:
        """The control plane did not take this epoch: has somebody gone further, or is it damaged?"""
        try:
            live = self.plane.read()
        except StateInvalid:
            live = None
        if live is None or live.epoch < state.epoch:
            # No state; or its number there says more than the state itself does.
            self.plane.overwrite(state)
            self._announce(EventName.STATE_REWRITTEN, window_id=state.window_id, epoch=state.epoch)
            return ""
        return "" if live == state else f"superseded by epoch {live.epoch} ({live.phase.value})"
