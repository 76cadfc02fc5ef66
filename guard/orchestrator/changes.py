"""Writing a change: the durable store decides, then the control plane is told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from guard.errors import StaleEpoch, StoreError
from guard.ports import AuditRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.state import GuardState
    from guard.ports import Clock, ControlPlane, DurableStore

__all__ = ["Changes"]

log = logging.getLogger(__name__)

_TRIES = 5


class Changes:
    """Compare-and-set in SQL with its journal line, then in Redis, then announced."""

    def __init__(self, *, durable: DurableStore, plane: ControlPlane, clock: Clock) -> None:
        self.durable = durable
        self.plane = plane
        self._clock = clock

    def make(
        self, action: str, by: str, change: Callable[[GuardState, float], GuardState], detail: dict[str, Any]
    ) -> GuardState:
        """Apply a change to the current state.

        Args:
            change: from state and time to the next state; asked again when somebody else was faster.

        Raises:
            IllegalMove: the change is not possible in the state as it is now.
            StaleEpoch: others were faster five times.
            StoreUnavailable: the durable store did not answer. Nothing was announced.
        """
        for attempt in range(_TRIES):
            state = self.durable.read()
            now = self._clock.wall()
            new = change(state, now)
            record = AuditRecord(
                at=now,
                actor=by,
                action=action,
                epoch=new.epoch,
                outcome="done",
                detail={"window_id": new.window_id, **detail},
            )
            try:
                self.durable.change(state.epoch, new, record)
            except StaleEpoch:
                if attempt == _TRIES - 1:
                    raise
                continue
            return new
        raise AssertionError("unreachable: the last try raises")

    def announce(self, state: GuardState) -> str:
        """Write the state to the control plane, which wakes all agents. A problem, or empty.

        When the control plane is away the change stands: agents hear of it from the durable store, or
        their trust runs out.
        """
        try:
            self.plane.publish(state)
        except StoreError as error:
            log.warning(
                "epoch %d is durable, but the control plane does not know it yet: %s", state.epoch, error
            )
            return str(error)
        return ""
