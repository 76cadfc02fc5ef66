"""The generation of sessions: how all sessions of non-admins end at once, in every process.

A sign-in stamps the number of the day into the session. When sessions are invalidated the number grows,
as part of the guard state, so it reaches every process by the same epochs and leases as the gate does. A
session with a smaller number is not accepted; one that carries none, and one whose cookie nobody can take
back, is judged by its `created_at` against *valid-after*. Deleting keys and rows is the cleanup after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.errors import StateInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Generation", "SessionPolicy"]

_LATEST = 253_402_300_800
"""The year 10000, where calendars end."""


class SessionPolicy(StrEnum):
    """What a window does with the sessions of non-admins."""

    INVALIDATE = "invalidate"
    """They end with its beginning, and nobody but admins may sign in until it ends."""
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """Which sessions of non-admins are accepted.

    Attributes:
        number: what a sign-in stamps into its session; 0 before sessions were ever invalidated.
        valid_after: UTC seconds; a session without a number is accepted if it is younger. None: any is.
    """

    number: int = 0
    valid_after: float | None = None

    def next(self, now: float) -> Generation:
        """After all sessions were invalidated. The clock of another host may have been ahead: it never goes
        back."""
        return Generation(number=self.number + 1, valid_after=max(now, self.valid_after or 0.0))

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {"number": self.number, "valid_after": self.valid_after}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Generation:
        """Read strictly.

        Raises:
            StateInvalid: a field is missing, unknown, of a wrong type or out of range.
        """
        if not isinstance(raw, dict) or raw.keys() != {"number", "valid_after"}:
            raise StateInvalid("the guard record's generation has missing or unknown fields")
        number, valid_after = raw["number"], raw["valid_after"]
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**31:
            raise StateInvalid("the guard record's generation has a number out of range")
        if valid_after is not None and (
            isinstance(valid_after, bool)
            or not isinstance(valid_after, (int, float))
            or not 0 <= valid_after < _LATEST
        ):
            raise StateInvalid("the guard record's generation has a time out of range")
        return cls(number=number, valid_after=valid_after)
