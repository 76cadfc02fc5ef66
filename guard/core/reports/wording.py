"""Values of a report in words, for people: times by the clocks of the report's zone, sizes, lengths."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from guard.core.amounts import in_bytes
from guard.core.durations import humanize

if TYPE_CHECKING:
    from guard.core.reports.report import Figure, Value

__all__ = ["UNKNOWN", "clock_time", "counted", "figure_words", "harmless", "iso", "value_words"]

UNKNOWN = "unknown"
_MINUTE = 60


def value_words(value: Value, unit: str, zone: str) -> str:
    """A value with its unit; None is ``unknown``, never 0 or nothing."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return harmless(value)
    if unit == "UTC seconds":
        return clock_time(value, zone)
    if unit == "s":
        return f"{value:g} s" if value < _MINUTE else f"{humanize(value)} ({value:.0f} s)"
    if unit.startswith("bytes"):
        sign = "-" if value < 0 else ""
        return f"{sign}{in_bytes(abs(int(value)))}{unit.removeprefix('bytes')}"
    number = f"{value:,}".replace(",", "\u202f") if isinstance(value, int) else f"{value:g}"
    return f"{number} {unit}".rstrip()


def figure_words(figure: Figure, zone: str) -> str:
    """A figure's value, or that it is unknown and why."""
    if figure.value is None and figure.nothing:
        return f"none: {harmless(figure.why)}"
    if figure.value is None:
        return f"{UNKNOWN}: {harmless(figure.why)}"
    return value_words(figure.value, figure.unit, zone)


def harmless(text: str) -> str:
    """Text of others without anything that breaks a line or turns the direction of writing."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def counted(number: int | None, noun: str, nouns: str = "") -> str:
    """``1 job``, ``3 jobs``, ``an unknown number of jobs``."""
    plural = nouns or f"{noun}s"
    if number is None:
        return f"an {UNKNOWN} number of {plural}"
    return f"{number} {noun if number == 1 else plural}"


def clock_time(at: float, zone: str) -> str:
    """``2026-11-22 10:00:00 UTC``: never without its zone."""
    return _local(at, zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def iso(at: float) -> str:
    """For machines, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _local(at: float, zone: str) -> datetime:
    moment = datetime.fromtimestamp(at, UTC)
    try:
        return moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):  # read on a machine that does not know it
        return moment
