"""The account of a window: what became of every job that met it.

Counters are sums over all processes, kept by operation. `held` and `parked` are measured at the
broker at the time of asking, not counted: the broker is the truth about what waits there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from guard.core.counts import Count

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Account"]

_ENDS = (Count.COMPLETED, Count.INTERRUPTED, Count.KILLED, Count.LOST, Count.RAN_ON)


@dataclass(frozen=True, slots=True)
class Account:
    """Counters by kind and operation."""

    counts: Mapping[tuple[Count, str], int] = field(default_factory=dict)

    def total(self, count: Count) -> int:
        """Sum of one counter over all operations."""
        return sum(number for (kind, _), number in self.counts.items() if kind is count)

    def by_operation(self, count: Count) -> dict[str, int]:
        """One counter by operation."""
        return {operation: number for (kind, operation), number in self.counts.items() if kind is count}

    @property
    def still_parked(self) -> int:
        """Parked and neither released nor discarded, by the books. The broker should count the same."""
        return self.total(Count.PARKED) - self.total(Count.RELEASED) - self.total(Count.DISCARDED)

    @property
    def not_ended(self) -> int:
        """Ran when the gate closed, and nothing is counted that became of them."""
        return self.total(Count.RUNNING) - sum(self.total(count) for count in _ENDS)

    def to_fields(self) -> dict[str, int]:
        """Flat form for storage: ``"refused:caption_generation" -> 3``."""
        return {f"{kind.value}:{operation}": number for (kind, operation), number in self.counts.items()}

    @classmethod
    def from_fields(cls, fields: Mapping[str, int]) -> Account:
        """From the flat form. Counters that this release does not know are left out."""
        known = {kind.value: kind for kind in Count}
        counts: dict[tuple[Count, str], int] = {}
        for name, number in fields.items():
            kind, _, operation = name.partition(":")
            if kind in known:
                counts[known[kind], operation] = int(number)
        return cls(counts)
