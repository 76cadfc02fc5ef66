"""How long a window will take, from how long such windows took: the guide's estimate with a 25 % buffer.

Only windows that somebody ended count: one that ended by itself at its planned end tells what was planned
and not how long the work took, and one that its drain's deadline ended tells nothing of the work at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.durations import LONGEST_SECONDS, humanize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from guard.core.history import WindowRecord

__all__ = ["BUFFER", "Estimate", "estimate"]

BUFFER = 0.25
_SHARE = 0.8
_LAST = 20
_STEP = 60
_POLICY = "guard"
_BY_SCHEDULE = "schedule: "
_LEAST_OF_MODE = 3
"""Fewer windows of a mode say nothing of another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate.

    Attributes:
        seconds: with the buffer, rounded up to a minute.
        windows: how many windows it rests on.
        basis: what it rests on, in words.
    """

    seconds: int
    windows: int
    basis: str

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {"seconds": self.seconds, "windows": self.windows, "basis": self.basis}


def estimate(records: Iterable[WindowRecord], *, name: str, reason: str, mode: str) -> Estimate | None:
    """From the windows of this very schedule; else those of the same reason; else at least three of the same
    mode. None when there are none: nobody can say.

    Args:
        records: the history, newest first.
    """
    known = [
        (record, seconds)
        for record in records
        if record.mode == mode and (seconds := _seconds(record)) is not None
    ]
    kinds: tuple[tuple[str, Callable[[WindowRecord], bool], int], ...] = (
        (f"of schedule {name!r}", lambda record: record.by == _BY_SCHEDULE + name, 1),
        ("of the same reason", lambda record: record.reason == reason, 1),
        (f"in mode {mode}", lambda _: True, _LEAST_OF_MODE),
    )
    for words, belongs, least in kinds:
        lengths = sorted([seconds for record, seconds in known if belongs(record)][:_LAST])
        if len(lengths) >= least:
            return _estimate(lengths, words)
    return None


def _seconds(record: WindowRecord) -> float | None:
    """How long it took; None when it does not count."""
    if record.ended_at is None or record.ended_by == _POLICY or record.ended_by.startswith(_BY_SCHEDULE):
        return None
    return max(0.0, record.ended_at - record.started_at)


def _estimate(lengths: list[float], words: str) -> Estimate:
    usual = lengths[math.ceil(_SHARE * len(lengths)) - 1]
    seconds = math.ceil(usual * (1 + BUFFER) / _STEP) * _STEP
    count = len(lengths)
    basis = (
        f"the last window {words} took {humanize(usual)}"
        if count == 1
        else f"{_SHARE:.0%} of the last {count} windows {words} took {humanize(usual)} at most"
    )
    return Estimate(
        seconds=min(LONGEST_SECONDS, max(_STEP, seconds)),
        windows=count,
        basis=f"{basis}, and {BUFFER:.0%} more as a buffer",
    )
