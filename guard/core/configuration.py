"""The guides' `configuration` rows: a view of the guard state that people may edit by hand.

Rows are text. They are read by type: the text ``false`` is false (the original took any non-empty
text for true and stayed in maintenance for ever). A hand-made change is taken for a request: checked
like any other, journaled, and never able to open an emergency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from guard.core.modes import Gate, Mode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.state import GuardState

__all__ = ["DESCRIPTIONS", "Wish", "drift", "rows_of"]

DESCRIPTIONS = {
    "maintenance_mode": "Current maintenance mode status",
    "maintenance_reason": "Current maintenance reason",
    "maintenance_duration": "Estimated maintenance duration in seconds",
    "maintenance_started_at": "Maintenance start timestamp",
    "maintenance_mode_type": "Maintenance mode type: normal, emergency, test",
}

_TRUE = frozenset({"true", "1", "yes", "on", "enabled"})
_FALSE = frozenset({"false", "0", "no", "off", "disabled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a hand-made change of the rows asks for.

    Attributes:
        open_window: True to enable, False to disable, None when the rows must only be written again.
        mode, reason, duration: as in the rows, unchecked.
        refused: why the wish cannot be granted; empty when it can.
    """

    open_window: bool | None
    mode: str = Mode.NORMAL.value
    reason: str = ""
    duration: int | None = None
    refused: str = ""


def rows_of(state: GuardState) -> dict[str, str]:
    """The rows that say this state."""
    started = (
        datetime.fromtimestamp(state.started_at, UTC).isoformat() if state.started_at is not None else ""
    )
    return {
        "maintenance_mode": "true" if state.is_active else "false",
        "maintenance_reason": state.reason if state.is_active else "",
        "maintenance_duration": str(state.duration or 0) if state.is_active else "0",
        "maintenance_started_at": started if state.is_active else "",
        "maintenance_mode_type": (state.mode or Mode.NORMAL).value if state.is_active else Mode.NORMAL.value,
    }


def drift(rows: Mapping[str, str | None], state: GuardState) -> Wish | None:
    """What the rows ask for beyond the state; None when they agree on whether a window is open.

    Reason and duration alone are not a wish: they are written back from the state.
    """
    if "maintenance_mode" not in rows:
        return None
    raw = (rows["maintenance_mode"] or "").strip().lower()
    if raw not in _TRUE | _FALSE:
        return Wish(open_window=None, refused=f"maintenance_mode is {raw[:40]!r}: use 'true' or 'false'")
    wanted = raw in _TRUE
    if wanted == state.is_active:
        return None
    if wanted:
        return Wish(
            open_window=True,
            mode=(rows.get("maintenance_mode_type") or Mode.NORMAL.value).strip().lower(),
            reason=(rows.get("maintenance_reason") or "").strip() or "set by hand in the configuration table",
            duration=_seconds(rows.get("maintenance_duration")),
        )
    if state.gate is Gate.EMERGENCY:
        return Wish(
            open_window=None, refused="an emergency is not ended by editing rows: use the disable command"
        )
    return Wish(open_window=False)


def _seconds(raw: str | None) -> int | None:
    text = (raw or "").strip()
    short = text.isascii() and text.isdigit() and len(text) <= 9
    return int(text) or None if short else None
