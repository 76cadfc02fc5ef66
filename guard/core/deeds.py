"""Which deed a request is, beyond its name: what begins or ends an emergency by another way is that deed too.

Rules:

- What will make an emergency of a window by itself (`at_deadline` escalate) is the start of one; so is
  moving the deadline at which it will, or the plan that has it.
- In an emergency, whatever could let work pass again is its end: another mode, a scope, a deadline that ends
  the window. Only its length, its reason and the grace period of running jobs are mere changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.access import Deed
from guard.core.modes import Mode
from guard.core.terms import AtDeadline

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["deed_of_change", "deed_of_disable", "deed_of_enable", "deed_of_plan", "deed_of_verify"]

_HARMLESS = frozenset({"duration", "reason", "grace"})


def deed_of_enable(*, mode: str, at_deadline: str = AtDeadline.WAIT.value) -> Deed:
    """What opening a window with these values is."""
    if mode == Mode.EMERGENCY or at_deadline == AtDeadline.ESCALATE:
        return Deed.START_EMERGENCY
    return Deed.ENABLE


def deed_of_change(
    open_mode: str | None, wanted: Mapping[str, Any], *, at_deadline: str | None = None
) -> Deed:
    """What changing the open window is.

    Args:
        open_mode: of the window now; None without one.
        wanted: the values that were given; None counts as not given.
        at_deadline: of the window now; None without one.
    """
    given = {name: value for name, value in wanted.items() if value is not None}
    if open_mode == Mode.EMERGENCY:
        return Deed.CHANGE if given.keys() <= _HARMLESS else Deed.END_EMERGENCY
    if given.get("mode") == Mode.EMERGENCY or given.get("at_deadline") == AtDeadline.ESCALATE:
        return Deed.START_EMERGENCY
    if "drain_within" in given and given.get("at_deadline", at_deadline) == AtDeadline.ESCALATE:
        return Deed.START_EMERGENCY
    return Deed.CHANGE


def deed_of_disable(open_mode: str | None) -> Deed:
    """What ending the open window is."""
    return Deed.END_EMERGENCY if open_mode == Mode.EMERGENCY else Deed.DISABLE


def deed_of_verify(open_mode: str | None) -> Deed:
    """What beginning the stage for verifying is: it lets work pass, so in an emergency it is no mere
    change."""
    return Deed.END_EMERGENCY if open_mode == Mode.EMERGENCY else Deed.CHANGE


def deed_of_plan(*, at_deadline: str | None, planned: str | None = None) -> Deed:
    """What planning a window, or changing a plan, with this value is.

    Args:
        planned: what the plan has now; None without one.
    """
    return Deed.START_EMERGENCY if (at_deadline or planned) == AtDeadline.ESCALATE else Deed.PLAN
