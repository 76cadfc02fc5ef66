"""Bars over time, as numbers that a template draws: no style and no script is needed in the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Bar", "Plot", "Tick", "make_plot"]

WIDTH = 720
HEIGHT = 180
_LEFT = 44
_RIGHT = 8
_TOP = 12
_BOTTOM = 26
_MOST_BARS = 60
_MINUTE = 60
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar. `at` and `until`: UTC seconds; the rest are units of the drawing."""

    at: float
    until: float
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on an axis: where, and what it says."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A drawing of `WIDTH` by `HEIGHT` units.

    Attributes:
        bars: oldest first, one for each `minutes` minutes, those without a count too.
        total: sum of all bars.
        peak: the highest bar; None when all are empty.
    """

    bars: tuple[Bar, ...]
    rows: tuple[Tick, ...]
    columns: tuple[Tick, ...]
    minutes: int
    total: int
    peak: Bar | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    base: int = HEIGHT - _BOTTOM


def make_plot(per_minute: Mapping[int, int], *, start: float, end: float) -> Plot:
    """A plot of counts per minute between two moments.

    Args:
        per_minute: UTC seconds at which a minute begins, and the count of that minute.
        start, end: UTC seconds; at most 60 bars are drawn, each for as many minutes as it takes.
    """
    first = int(start) // _MINUTE
    last = max(first, int(end) // _MINUTE)
    minutes = _minutes_per_bar(last - first + 1)
    number = (last - first) // minutes + 1
    counts = [0] * number
    for moment, count in per_minute.items():
        place = (int(moment) // _MINUTE - first) // minutes
        if 0 <= place < number:
            counts[place] += max(0, count)
    top = _round_up(max(counts))
    return _drawn(counts, first=first * _MINUTE, minutes=minutes, top=top)


def _drawn(counts: list[int], *, first: int, minutes: int, top: int) -> Plot:
    width = (WIDTH - _LEFT - _RIGHT) / max(len(counts), 12)
    high = HEIGHT - _TOP - _BOTTOM
    base = HEIGHT - _BOTTOM
    bars = tuple(
        Bar(
            at=first + place * minutes * _MINUTE,
            until=first + (place + 1) * minutes * _MINUTE,
            count=count,
            x=round(_LEFT + place * width + 1, 2),
            y=round(base - high * count / top, 2),
            width=round(max(1.0, width - 2), 2),
            height=round(high * count / top, 2),
        )
        for place, count in enumerate(counts)
    )
    every = max(1, -(-len(bars) // 6))
    peak = max(bars, key=lambda bar: bar.count)
    return Plot(
        bars=bars,
        rows=tuple(
            Tick(at=round(base - high * part / 2, 2), text=_short(top * part / 2)) for part in range(3)
        ),
        columns=tuple(
            Tick(at=bar.x, text=datetime.fromtimestamp(bar.at, UTC).strftime("%H:%M"))
            for bar in bars[::every]
        ),
        minutes=minutes,
        total=sum(counts),
        peak=peak if peak.count else None,
    )


def _minutes_per_bar(minutes: int) -> int:
    """The first of 1, 2, 5, 10, 15, 30, 60, … with which the bars are few enough."""
    for step in (1, 2, 5, 10, 15, 30):
        if minutes <= step * _MOST_BARS:
            return step
    return _MINUTE * -(-minutes // (_MINUTE * _MOST_BARS))


def _round_up(count: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100, …: an axis with a middle that is a whole number."""
    scale = 1
    while True:
        for step in _STEPS:
            if count <= 2 * step * scale:
                return 2 * step * scale
        scale *= 10


def _short(number: float) -> str:
    whole = round(number)
    return f"{whole / 1000:g}k" if whole >= 10_000 else str(whole)
