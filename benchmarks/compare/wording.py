"""Figures as people read them. Pure."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NONE", "counts", "ratio", "seconds", "spread"]

NONE = "-"
"""There is no such thing."""


def seconds(value: float) -> str:
    """``0.4 ms``, ``12 ms``, ``1.25 s``, ``32.7 s``."""
    if value >= 0.9995:
        return f"{value:.1f} s" if value >= 10 else f"{value:.2f} s"
    return f"{value * 1000:.1f} ms" if value < 0.00995 else f"{value * 1000:.0f} ms"


def spread(values: Sequence[float | None]) -> str:
    """Median, and in brackets the smallest and the largest. Rounds without such a thing are not counted."""
    known = [value for value in values if value is not None]
    if not known:
        return NONE
    return f"{seconds(median(known))} ({seconds(min(known))} to {seconds(max(known))})"


def ratio(theirs: Sequence[float | None], ours: Sequence[float | None]) -> str:
    """The guard's median as a multiple of theirs: below 1 the guard is faster."""
    known, own = ([value for value in values if value is not None] for values in (theirs, ours))
    if not known or not own or not median(known):
        return NONE
    return f"{median(own) / median(known):.3g}"


def counts(values: Sequence[int | None]) -> str:
    """``0`` when each round has that; else ``median (smallest to largest)``."""
    known = [value for value in values if value is not None]
    if not known:
        return NONE
    if min(known) == max(known):
        return f"{known[0]:,}"
    return f"{median(known):,.4g} ({min(known):,} to {max(known):,})"
