"""Readings: figures as they were read, and the little that is remembered of one from turn to turn.

Unknown is no number. A reading that cannot be had is `UNKNOWN` with a reason; one of a thing that is not
there (a replica, a limit of memory, requests) is `ABSENT`: nothing to judge, and nothing wrong with that.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Memory", "Reading", "Sight", "per_minute", "share"]

_SHORTEST_SECONDS = 5.0
"""Two counts that lie closer together than this say nothing about a rate."""
_LONGEST_SECONDS = 1800.0
"""Nor do two that lie further apart: a peak would be lost in it."""


class Sight(StrEnum):
    """How well a figure was seen."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A figure at one moment.

    Attributes:
        figure: its name, as rules name it.
        value: None unless it is known.
        why: why it is unknown or absent, one sentence; no secrets.
        subject: what it is of, where there are several: a host, a folder, a window. At most 100 characters.
        about: a few words more for people, when it is known.
        counts: counters that it is made from with those of the turn before; then `value` is made by
            `per_minute` or `share`.
    """

    figure: str
    value: float | None = None
    why: str = ""
    sight: Sight = Sight.KNOWN
    subject: str = ""
    about: str = ""
    counts: tuple[float, ...] = ()

    @classmethod
    def unknown(cls, figure: str, why: str, subject: str = "") -> Reading:
        """One that did not answer."""
        return cls(figure=figure, why=why, sight=Sight.UNKNOWN, subject=subject)

    @classmethod
    def absent(cls, figure: str, why: str, subject: str = "") -> Reading:
        """One of a thing that is not there."""
        return cls(figure=figure, why=why, sight=Sight.ABSENT, subject=subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered of a figure and subject. Times are UTC seconds.

    Attributes:
        at: when it was looked at last; 0: never.
        value, why: what was seen then.
        over_since, under_since, unknown_since: since when each look at it said so; None: the last did not.
        counts, counted_at: the counters of the last look that had any.
    """

    at: float = 0.0
    value: float | None = None
    why: str = ""
    over_since: float | None = None
    under_since: float | None = None
    unknown_since: float | None = None
    counts: tuple[float, ...] = field(default=())
    counted_at: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "", ())}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Memory:
        """Read back. What is malformed is forgotten: the figure then begins anew."""
        counts = raw.get("counts")
        return cls(
            at=_number(raw.get("at")) or 0.0,
            value=_number(raw.get("value")),
            why=str(raw.get("why", "")),
            over_since=_number(raw.get("over_since")),
            under_since=_number(raw.get("under_since")),
            unknown_since=_number(raw.get("unknown_since")),
            counts=tuple(float(one) for one in counts if _number(one) is not None)
            if isinstance(counts, list | tuple)
            else (),
            counted_at=_number(raw.get("counted_at")) or 0.0,
        )


def per_minute(counts: tuple[float, ...], before: Memory, now: float) -> float | None:
    """How much the first counter grows in a minute. None when two looks do not say: there was none before,
    they are too near or too far apart, or the counter began anew."""
    elapsed = now - before.counted_at
    if len(before.counts) != len(counts) or not _SHORTEST_SECONDS <= elapsed <= _LONGEST_SECONDS:
        return None
    grown = counts[0] - before.counts[0]
    return 60 * grown / elapsed if grown >= 0 else None


def share(counts: tuple[float, ...], before: Memory, now: float) -> float | None:
    """By how many per cent of the second counter's growth the first one grew. None as `per_minute`."""
    elapsed = now - before.counted_at
    if len(before.counts) != len(counts) or not _SHORTEST_SECONDS <= elapsed <= _LONGEST_SECONDS:
        return None
    part, whole = counts[0] - before.counts[0], counts[1] - before.counts[1]
    return min(100.0, 100 * part / whole) if whole > 0 and part >= 0 else None


def _number(raw: object) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not abs(raw) <= sys.float_info.max:
        return None  # no number, or one that is not finite: an int may be that too
    return float(raw)
