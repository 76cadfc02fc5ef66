"""Between guard states and table rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from guard.core.generation import Generation
from guard.core.modes import Mode, Phase
from guard.core.record import require_consistent
from guard.core.state import GuardState
from guard.core.terms import Terms
from guard.errors import StateInvalid

if TYPE_CHECKING:
    from types import SimpleNamespace

    from sqlalchemy import Row

__all__ = ["STATE_COLUMNS", "state_of", "state_values"]

STATE_COLUMNS = (
    "epoch",
    "phase",
    "mode",
    "window_id",
    "reason",
    "changed_by",
    "started_at",
    "duration",
    "changed_at",
    "store_id",
    "terms",
    "generation",
)
"""Of the table `guard_state`."""
_TYPES: dict[str, tuple[type, ...]] = {
    "epoch": (int,),
    "window_id": (str,),
    "reason": (str,),
    "changed_by": (str,),
    "started_at": (int, float, type(None)),
    "duration": (int, type(None)),
    "changed_at": (int, float),
    "store_id": (str,),
    "terms": (str, type(None)),
    "generation": (str, type(None)),
}


def state_values(state: GuardState) -> dict[str, Any]:
    """Column values of a state."""
    return {
        "epoch": state.epoch,
        "phase": state.phase.value,
        "mode": state.mode.value if state.mode else None,
        "window_id": state.window_id,
        "reason": state.reason,
        "changed_by": state.by,
        "started_at": state.started_at,
        "duration": state.duration,
        "changed_at": state.changed_at,
        "store_id": state.store_id,
        "terms": json.dumps(state.terms.to_dict(), sort_keys=True),
        "generation": json.dumps(state.generation.to_dict(), sort_keys=True),
    }


def state_of(row: Row[Any] | SimpleNamespace) -> GuardState:
    """The state of a row, whoever read it.

    Raises:
        StateInvalid: somebody wrote by hand what no state is. SQLite takes any type in any column.
    """
    _require_types(row)
    try:
        state = GuardState(
            epoch=row.epoch,
            phase=Phase(row.phase),
            mode=Mode(row.mode) if row.mode is not None else None,
            window_id=row.window_id,
            reason=row.reason,
            by=row.changed_by,
            started_at=row.started_at,
            duration=row.duration,
            changed_at=row.changed_at,
            store_id=row.store_id,
            # A row that was written by an older release has none, or fewer.
            terms=Terms.from_dict(Terms().to_dict() | json.loads(row.terms or "{}")),
            generation=Generation.from_dict(json.loads(row.generation)) if row.generation else Generation(),
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise StateInvalid("the guard_state row has an unknown phase, mode or terms") from error
    require_consistent(state)
    return state


def _require_types(row: Row[Any] | SimpleNamespace) -> None:
    for name, types in _TYPES.items():
        if not isinstance(getattr(row, name), types):
            raise StateInvalid(f"the guard_state row's {name} is of another type")
