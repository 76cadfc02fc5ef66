"""The window that a form was about is still the one that is open: asked before it is changed or ended.

The epoch alone would not do: it grows by itself while a window closes and drains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from guard.core.modes import Phase
from guard.errors import IllegalMove, StaleEpoch

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.state import GuardState
    from guard.web.admin.desk import Desk
    from guard.web.admin.fields import Typed

__all__ = ["on_this_window", "open_state"]

T = TypeVar("T")

_TRIES = 4


def open_state(desk: Desk) -> GuardState | None:
    """The state if a window is open, else None. Raises StoreUnavailable."""
    state = desk.guard.durable.read()
    return state if state.is_active else None


def on_this_window(desk: Desk, typed: Typed, act: Callable[[int], T]) -> T:
    """Do something to the window that the form was about, given the epoch at which it is as it was shown.

    Raises:
        IllegalMove: it is over, or another one.
        StaleEpoch: somebody has changed its mode.
    """
    for tries_left in reversed(range(_TRIES)):
        state = desk.guard.durable.read()
        if not state.is_active or state.window_id != typed.text("window_id"):
            raise IllegalMove(
                phase=state.phase.value,
                event="go on",
                remedy="the window of this page is over; look at the first page",
            )
        if (state.mode.value if state.mode else "") != typed.text("mode_shown"):
            raise StaleEpoch(expected=_number(typed.text("epoch")), found=state.epoch)
        try:
            return act(state.epoch)
        except StaleEpoch:
            # Most often the guard itself: a drain that is over. Look again, unless it is somebody.
            if not tries_left or desk.guard.durable.read().phase is Phase.INACTIVE:
                raise
    raise AssertionError("not reached")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
