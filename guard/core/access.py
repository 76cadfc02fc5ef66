"""Who may do what from outside a shell: rights, deeds, and what a deed asks for beyond a right.

Whoever has a shell on a machine of the application may do everything with the command line (promise P8);
these rules are for callers over HTTP. Every deed needs one right. Starting and ending an emergency, and
discarding jobs, ask besides for a step-up: a second factor that was shown a short while ago (threat S4).
Where the setting GUARD_SECOND_APPROVER names a deed, somebody else must have approved this very request (S6).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DEEDS", "STEP_UP_SECONDS", "Actor", "Deed", "Demand", "Right", "allows"]

STEP_UP_SECONDS = 300
"""How long a step-up counts: 5 minutes (OWASP ASVS 5.0, 7.5.3)."""


class Right(StrEnum):
    """What a caller may do. `admin` includes all others; every right includes `read`."""

    READ = "read"
    OPERATE = "operate"
    EMERGENCY = "emergency"
    ADMIN = "admin"


class Deed(StrEnum):
    """What can be asked for over HTTP, beyond what everybody may read."""

    LOOK = "look"
    """See windows, jobs, workers, reports, journal, alerts."""
    ENABLE = "enable"
    """Open a normal window or a rehearsal."""
    CHANGE = "change"
    """Extend a window, or change its reason."""
    DISABLE = "disable"
    """End a normal window or a rehearsal."""
    START_EMERGENCY = "start emergency"
    """Open an emergency, or make an emergency of a window."""
    END_EMERGENCY = "end emergency"
    """End an emergency, or ease it to a normal window."""
    PLAN = "plan"
    """Add, change and cancel planned windows."""
    RELEASE_JOBS = "release jobs"
    """Give single parked jobs back."""
    DISCARD_JOBS = "discard jobs"
    """Throw parked jobs away."""
    SESSIONS = "sessions"
    """End the sessions of non-admins, or let them sign in."""
    BYPASS = "bypass"
    """Make and revoke bypass tokens."""
    TOKENS = "tokens"
    """Make and revoke access tokens."""
    ALERTS = "alerts"
    """Acknowledge and resolve alerts."""
    APPROVE = "approve"
    """Approve what somebody else asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a deed asks for.

    Attributes:
        right: that the caller must have.
        step_up: whether a second factor must have been shown within `STEP_UP_SECONDS`.
        approvable: whether GUARD_SECOND_APPROVER may ask for a second person.
    """

    right: Right
    step_up: bool = False
    approvable: bool = False


DEEDS: dict[Deed, Demand] = {
    Deed.LOOK: Demand(right=Right.READ),
    Deed.ENABLE: Demand(right=Right.OPERATE),
    Deed.CHANGE: Demand(right=Right.OPERATE),
    Deed.DISABLE: Demand(right=Right.OPERATE),
    Deed.START_EMERGENCY: Demand(right=Right.EMERGENCY, step_up=True, approvable=True),
    Deed.END_EMERGENCY: Demand(right=Right.EMERGENCY, step_up=True, approvable=True),
    Deed.PLAN: Demand(right=Right.OPERATE),
    Deed.RELEASE_JOBS: Demand(right=Right.OPERATE),
    Deed.DISCARD_JOBS: Demand(right=Right.ADMIN, step_up=True, approvable=True),
    Deed.SESSIONS: Demand(right=Right.ADMIN),
    Deed.BYPASS: Demand(right=Right.ADMIN),
    Deed.TOKENS: Demand(right=Right.ADMIN, step_up=True),
    Deed.ALERTS: Demand(right=Right.OPERATE),
    Deed.APPROVE: Demand(right=Right.EMERGENCY, step_up=True),
}


def allows(rights: Iterable[Right], needed: Right) -> bool:
    """Whether these rights include the needed one."""
    held = frozenset(rights)
    return bool(held) and (needed is Right.READ or needed in held or Right.ADMIN in held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks.

    Attributes:
        name: for the journal, 1 to 100 characters: the owner of the token, or whom the application says.
        rights: what they may do.
        address: from where, as far as the server knows; empty: unknown.
        via: how they were known: ``token``, ``page``, ``application``, ``flower``.
        credential: the id of the token or of the page session, never the secret itself; empty: none.
        stepped_up_at: UTC seconds of the last second factor; None: never. A bearer token has none of its own:
            its request carries a code.
    """

    name: str
    rights: frozenset[Right]
    address: str = ""
    via: str = "token"
    credential: str = ""
    stepped_up_at: float | None = None

    def may(self, needed: Right) -> bool:
        """Whether this caller has the right."""
        return allows(self.rights, needed)

    def stepped_up(self, now: float) -> bool:
        """Whether a second factor was shown a short while ago."""
        return self.stepped_up_at is not None and 0 <= now - self.stepped_up_at < STEP_UP_SECONDS
