"""Whether a visitor of Flower may do a deed now.

Flower says who it is, and that is all it can say: whomever it lets in may operate. Beyond that `Guard.access`
judges. What takes a step-up everywhere (to start and to end an emergency) takes a code here: of a second
factor of the name by which Flower knows the visitor. Nobody is let off, also not who has none. A second
person is asked wherever GUARD_SECOND_APPROVER says so.
"""

from __future__ import annotations

import shlex
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from guard.core.access import DEEDS, Actor, Right
from guard.errors import NotAllowed, StepUpRequired

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.api import Guard
    from guard.core.access import Deed
    from guard.flower.asking import Visitor

__all__ = ["enrol_command", "permit", "why_no_emergency"]

_RIGHTS = frozenset({Right.READ, Right.OPERATE, Right.EMERGENCY})
_NEEDED = ("pyotp", "limits", "cryptography")
"""What `Guard.access` imports, of the extra `access`."""
_LONGEST_NAME = 100
_ASKS_NOBODY = "The command line needs none: celery -A yourapp maintenance."


def why_no_emergency() -> str:
    """Why nobody can start or end an emergency here, in words; empty when somebody with a code can.

    The extra `flower` contains the extra `access`; who has put Flower in by itself may lack it.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if not missing:
        return ""
    return (
        "To start and to end an emergency takes a second factor, and what judges it is not installed here "
        f"(missing: {', '.join(missing)}). Have it with: pip install 'celery-maintenance-guard[flower]'. "
        f"{_ASKS_NOBODY}"
    )


def enrol_command(visitor: Visitor) -> str:
    """What sets up a second factor under the name by which Flower knows this visitor."""
    return f"celery -A yourapp maintenance access enrol {shlex.quote(_name(visitor))}"


def permit(
    guard: Guard, visitor: Visitor, deed: Deed, request: Mapping[str, Any], *, code: str, approval_id: str
) -> None:
    """Return if this visitor may do exactly this now; otherwise raise what is missing. Where `Guard.access`
    is installed both are journaled.

    Args:
        code: of the visitor's authenticator, or a break-glass code; empty: none was typed. It is used up
            when it counts, whatever comes afterwards. A deed that takes no step-up does not look at it.
        approval_id: that somebody else has approved; empty: none.

    Raises:
        NotAllowed, StepUpRequired, ApprovalRequired, TooManyRequests: nothing was changed.
        StoreUnavailable: nobody can say. Nothing was changed.
    """
    takes_code = DEEDS[deed].step_up
    why_not = why_no_emergency()
    if why_not:
        if takes_code:
            raise NotAllowed(why_not, needed="a second factor")
        return
    access = guard.access
    actor = Actor(name=_name(visitor), rights=_RIGHTS, address=visitor.address, via="flower")
    access.limit("change", f"flower {actor.name}")
    try:
        if takes_code and code:
            actor = access.show_code(actor, code)
        access.admit(actor, deed, request, approval_id=approval_id or None)
    except StepUpRequired as error:
        if not access.has_second_factor(actor.name):
            raise StepUpRequired(_how_to_get_one(visitor, deed)) from error
        if not code:
            raise StepUpRequired(
                f"to {deed.value} takes a code: of your authenticator, or one of your break-glass codes"
            ) from error
        raise


def _how_to_get_one(visitor: Visitor, deed: Deed) -> str:
    return (
        f"to {deed.value} takes a code of a second factor, and {_name(visitor)!r} has none. To get one run "
        f"on a machine of the application: {enrol_command(visitor)}. {_ASKS_NOBODY}"
    )


def _name(visitor: Visitor) -> str:
    return visitor.name[:_LONGEST_NAME]
