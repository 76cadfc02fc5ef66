"""Two stores that disagree: what the durable one has to learn.

That happens when an emergency was begun while the database was away, when the database was restored
from an old copy, and when two changes were made at the same time, each where the other could not be
seen. Nobody waits for this: agents believe the greater epoch, and of two equal ones the stricter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core.state import newer

if TYPE_CHECKING:
    from guard.core.state import GuardState

__all__ = ["AHEAD", "to_be_journaled"]

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
