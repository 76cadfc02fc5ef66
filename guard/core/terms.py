"""The terms of a window, beyond its mode, reason and length: how long jobs get, and what happens then."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.generation import SessionPolicy
from guard.core.scope import EVERYTHING, Scope
from guard.errors import StateInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LONGEST_DRAIN", "LONGEST_GRACE", "AtDeadline", "Terms"]

LONGEST_GRACE = 300
LONGEST_DRAIN = 7 * 24 * 3600


class AtDeadline(StrEnum):
    """What happens when the drain's deadline has come and jobs still run."""

    WAIT = "wait"
    """Go on waiting, and say so."""
    EXTEND = "extend"
    """Move the deadline by the same time again, once for each time it comes."""
    ESCALATE = "escalate"
    """Make it an emergency: running jobs get their grace period and are then ended."""
    ABORT = "abort"
    """End the window: it could not be drained, and nothing was forced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was agreed on when the window was opened.

    Attributes:
        grace: seconds between asking a running job to stop and ending it, 0 to 300; None: the setting.
        drain_within: seconds from the start in which all guarded jobs should have ended; None: no deadline.
        at_deadline: what happens when they have not.
        extended: how often the deadline was moved, by `drain_within` each time.
        verify: a stage before the release in which only holders of a bypass may run jobs.
        sessions: what it does with the sessions of non-admins; None: the setting for its mode.
        scope: which jobs it is about.
        notify: whether users are told of it.
    """

    grace: int | None = None
    drain_within: int | None = None
    at_deadline: AtDeadline = AtDeadline.WAIT
    verify: bool = False
    extended: int = 0
    sessions: SessionPolicy | None = None
    scope: Scope = EVERYTHING
    notify: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "grace": self.grace,
            "drain_within": self.drain_within,
            "at_deadline": self.at_deadline.value,
            "verify": self.verify,
            "extended": self.extended,
            "sessions": self.sessions.value if self.sessions else None,
            "scope": self.scope.to_dict(),
            # Only where it is not as usual: processes of the release before this one read the others.
            **({} if self.notify else {"notify": False}),
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Terms:
        """Read strictly: a gate must never act on something half understood.

        Raises:
            StateInvalid: a field is missing, unknown, of a wrong type or out of range.
        """
        if not isinstance(raw, dict) or raw.keys() - {"notify"} != cls().to_dict().keys():
            raise StateInvalid("the guard record's terms have missing or unknown fields")
        grace, drain, verify = raw["grace"], raw["drain_within"], raw["verify"]
        extended = raw["extended"]
        if not (
            _is_number(grace, 0, LONGEST_GRACE)
            and _is_number(drain, 1, LONGEST_DRAIN)
            and extended is not None
            and _is_number(extended, 0, 2**31)
        ):
            raise StateInvalid("the guard record's terms are out of range")
        sessions = raw["sessions"]
        if (
            not isinstance(verify, bool)
            or not isinstance(raw.get("notify", True), bool)
            or raw["at_deadline"] not in list(AtDeadline)
            or (sessions is not None and sessions not in list(SessionPolicy))
        ):
            raise StateInvalid("the guard record's terms are not understood")
        return cls(
            grace=grace,
            drain_within=drain,
            at_deadline=AtDeadline(raw["at_deadline"]),
            verify=verify,
            extended=extended,
            sessions=SessionPolicy(sessions) if sessions is not None else None,
            scope=Scope.from_dict(raw["scope"]),
            notify=raw.get("notify", True),
        )


def _is_number(value: object, least: int, most: int) -> bool:
    return value is None or (
        isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    )
