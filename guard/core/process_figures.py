"""Figures that belong to single processes, and how they add up for the fleet.

Each is a whole number that only grows, so the sums of any number of processes are right whoever adds them,
and a process that has ended takes nothing away. A histogram is a number per bucket and the sum of what it
measured.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "DECISION_BOUNDS_NS",
    "DRAIN_BOUNDS_S",
    "FIELDS",
    "JOB_FIELD",
    "REQUEST_FIELD",
    "WRITES",
    "Asked",
    "Failed",
    "Histogram",
    "decision_columns",
    "decisions_in",
    "drain_fields",
    "drains_in",
    "failures_in",
    "jobs_in",
    "requests_in",
]

DECISION_BOUNDS_NS = (
    1_000, 2_500, 5_000, 10_000, 25_000, 100_000,
    1_000_000, 5_000_000, 25_000_000, 100_000_000, 500_000_000, 2_500_000_000,
)  # fmt: skip
"""Upper ends of the buckets, in nanoseconds: a look at memory takes one or two microseconds, a lapsed trust
that is renewed first takes a round trip, and a control plane that hangs takes its whole timeout."""
DRAIN_BOUNDS_S = (1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
"""The same for drains, in seconds."""


JOB_FIELD = "job:"
"""What the fields of counted jobs begin with: ``job:refused:caption_generation``."""
REQUEST_FIELD = "request:"
"""What the fields of refused requests begin with: ``request:caption_generation``."""


class Asked(IntEnum):
    """Where a decision was asked for while the gate was not known to be open."""

    PUBLISH = 0
    RECEIPT = 1
    START = 2
    REQUEST = 3
    """A request of a web application."""


class Failed(StrEnum):
    """A store that did not do what was asked."""

    REDIS = "redis"
    SQL = "sql"


WRITES = 0
"""The column that grows with every write: whoever sums rows up sees by it that nothing has changed."""
_BUCKETS = len(DECISION_BOUNDS_NS) + 1
_STORES = tuple(Failed)


def _decision_fields(asked: Asked) -> list[str]:
    name = asked.name.lower()
    return [*(f"decision:{name}:{index}" for index in range(_BUCKETS)), f"decision:{name}:ns"]


FIELDS: tuple[str, ...] = (
    "",
    *(field for asked in Asked for field in _decision_fields(asked)),
    *(f"failed:{store.value}" for store in _STORES),
)
"""What each column of a process's row is called where the sums are kept; the first is for the row alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Numbers per bucket (not added up), the last one for all that is above the last bound.

    Attributes:
        bounds: upper ends in seconds.
        counts: one more than `bounds`.
        total: sum of what was measured, in seconds.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float


def decision_columns(asked: Asked, nanoseconds: int) -> tuple[int, int]:
    """The columns of one decision: its bucket, and the sum of nanoseconds."""
    first = 1 + asked * (_BUCKETS + 1)
    return first + bisect_left(DECISION_BOUNDS_NS, nanoseconds), first + _BUCKETS


def drain_fields(seconds: float) -> dict[str, int]:
    """What one drain adds. A clock that was put back makes it zero, not less."""
    taken = max(0.0, seconds)
    return {f"drain:{bisect_left(DRAIN_BOUNDS_S, taken)}": 1, "drain:ms": round(taken * 1000)}


def decisions_in(sums: Mapping[str, int]) -> dict[str, Histogram]:
    """Decision times by where they were asked for: every place, also one where nobody ever asked."""
    bounds = [bound / 1e9 for bound in DECISION_BOUNDS_NS]
    return {
        asked.name.lower(): _histogram(sums, f"decision:{asked.name.lower()}", bounds, "ns", 1e9)
        for asked in Asked
    }


def drains_in(sums: Mapping[str, int]) -> Histogram:
    """How long drains took."""
    return _histogram(sums, "drain", DRAIN_BOUNDS_S, "ms", 1e3)


def failures_in(sums: Mapping[str, int]) -> dict[str, int]:
    """How often each store failed."""
    return {store.value: sums.get(f"failed:{store.value}", 0) for store in _STORES}


def jobs_in(sums: Mapping[str, int]) -> dict[tuple[str, str], int]:
    """Jobs that windows have met, by what happened to them and by operation."""
    found = {}
    for field, number in sums.items():
        if field.startswith(JOB_FIELD):
            event, _, operation = field.removeprefix(JOB_FIELD).partition(":")
            found[event, operation] = number
    return found


def requests_in(sums: Mapping[str, int]) -> dict[str, int]:
    """Requests that windows have refused, by operation."""
    return {
        field.removeprefix(REQUEST_FIELD): number
        for field, number in sums.items()
        if field.startswith(REQUEST_FIELD)
    }


def _histogram(
    sums: Mapping[str, int], name: str, bounds: Sequence[float], unit: str, per_second: float
) -> Histogram:
    return Histogram(
        bounds=tuple(float(bound) for bound in bounds),
        counts=tuple(sums.get(f"{name}:{index}", 0) for index in range(len(bounds) + 1)),
        total=sums.get(f"{name}:{unit}", 0) / per_second,
    )
