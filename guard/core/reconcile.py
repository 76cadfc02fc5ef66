"""Two stores that disagree, and what both of them lack: what a store has to learn.

That happens when an emergency was begun while the database was away, when the database was restored
from an old copy, and when two changes were made at the same time, each where the other could not be
seen. Nobody waits for this: agents believe the greater epoch, and of two equal ones the stricter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core.modes import Gate
from guard.core.state import newer

if TYPE_CHECKING:
    from guard.core.state import GuardState

__all__ = ["AHEAD", "to_be_journaled", "was_lost"]

AHEAD = 1000
"""By how much the epoch grows with an emergency that the durable store does not know of. Whoever sees
only the durable store may open and end windows meanwhile, one epoch each: none of them, nor "open", must
come out greater than the emergency."""


def to_be_journaled(durable: GuardState, live: GuardState) -> GuardState | None:
    """The state to write to the durable store, and then to announce; None when it is right as it is.

    Args:
        durable: what the durable store holds.
        live: what the control plane holds.
    """
    if live == durable or live.store_id != durable.store_id or live.epoch < durable.epoch:
        return None
    if live.epoch > durable.epoch:
        return live
    # Neither store replaces a state by another of the same epoch, so the one that counts gets a new one.
    return replace(newer(durable, live), epoch=live.epoch + 1)


def was_lost(known: GuardState | None, *stores: GuardState | None) -> bool:
    """Whether a state that closes is known here and to no store, so that it must be written again: an
    emergency that was begun while SQL was away, say, and that Redis has lost since.

    Nobody else may know it, and who starts meanwhile would open; so it is written before anything is
    certified. A store can only say later that more has happened since: that is greater, and is written over
    it. A state that opens is never written so: a store has to prove it.

    Args:
        known: what is believed here.
        stores: what is known of each store; None: it is empty, or was not heard of yet.
    """
    if known is None or known.gate in {Gate.OPEN, Gate.TEST}:
        return False
    return all(
        one is None or (one.store_id == known.store_id and one.epoch < known.epoch) for one in stores
    )
