"""Refused tries, journaled without a flood: a few lines of each kind from each address, then an exact count.

Rules of this file: in each period of `PERIOD_SECONDS` the first `LINES_OF_ONE` tries of one kind from one
address have a line each, up to `LINES_IN_ALL` of all; every other try is counted, by kind, and by address for
as many addresses as `ADDRESSES`. Lines and counts together are every try (threat S31).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ADDRESSES", "LINES_IN_ALL", "LINES_OF_ONE", "PERIOD_SECONDS", "Flood"]

PERIOD_SECONDS = 60.0
LINES_OF_ONE = 5
LINES_IN_ALL = 60
ADDRESSES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """The tries of one period in one process.

    Attributes:
        since: when it began, UTC seconds.
        lines: how many lines were written, by kind and address.
        kinds, addresses: tries that have no line, by kind and by address; both add up to `left_out`.
    """

    since: float
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)
    addresses: Mapping[str, int] = field(default_factory=dict)

    @property
    def left_out(self) -> int:
        """Tries without a line of their own."""
        return sum(self.kinds.values())

    def is_over(self, now: float) -> bool:
        """Whether the period has ended. A clock that was set back ends it too."""
        return not 0 <= now - self.since < PERIOD_SECONDS

    def take(self, kind: str, address: str) -> tuple[Flood, bool]:
        """The period with one more try, and whether it gets a line."""
        key = (kind, address)
        written = self.lines.get(key, 0)
        if written < LINES_OF_ONE and sum(self.lines.values()) < LINES_IN_ALL:
            return replace(self, lines={**self.lines, key: written + 1}), True
        where = address if address in self.addresses or len(self.addresses) < ADDRESSES else "others"
        return (
            replace(self, kinds=_more(self.kinds, kind), addresses=_more(self.addresses, where)),
            False,
        )

    def detail(self, until: float) -> dict[str, Any]:
        """What the line about all the others says."""
        return {
            "count": self.left_out,
            "since": self.since,
            "until": until,
            "kinds": dict(self.kinds),
            "addresses": dict(self.addresses),
        }


def _more(counts: Mapping[str, int], key: str) -> dict[str, int]:
    return {**counts, key: counts.get(key, 0) + 1}
