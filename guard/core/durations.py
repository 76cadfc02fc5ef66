"""Durations as people write them: seconds, or ``90m``, ``2h``, ``1h30m``, ``1d``."""

from __future__ import annotations

import re

from guard.errors import InvalidRequest

__all__ = ["LONGEST_SECONDS", "humanize", "parse_duration", "parse_durations"]

LONGEST_SECONDS = 7 * 24 * 3600
"""The longest window that can be planned. Buildkite's agent pause allows the same week."""

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PATTERN = re.compile(
    r"(?:(?P<d>\d{1,6})d)?(?:(?P<h>\d{1,6})h)?(?:(?P<m>\d{1,6})m)?(?:(?P<s>\d{1,6})s)?", re.ASCII
)


def parse_duration(text: str, *, longest: int = LONGEST_SECONDS) -> int:
    """Seconds from ``"5400"``, ``"90m"``, ``"1h30m"``, ``"2h"`` or ``"1d"``.

    Args:
        longest: whole days, in seconds.

    Raises:
        InvalidRequest: the text is none of these, zero, or longer.
    """
    stripped = text.strip().lower()
    if stripped.isascii() and stripped.isdigit() and len(stripped) < 10:
        seconds = int(stripped)
    else:
        match = _PATTERN.fullmatch(stripped)
        if not stripped or match is None:
            raise InvalidRequest(
                f"duration {text[:40]!r} is not understood: "
                "give whole seconds (5400) or units from large to small (1h30m, 90m, 2h, 1d)"
            )
        seconds = sum(int(part or 0) * _UNITS[unit] for unit, part in match.groupdict().items())
    if not 0 < seconds <= longest:
        raise InvalidRequest(
            f"duration {text[:40]!r} is out of range: from 1 second to {longest // 86_400} days"
        )
    return seconds


def parse_durations(text: str) -> tuple[int, ...]:
    """Several, comma separated: seconds, the longest first, each once; none from an empty text.

    Raises:
        InvalidRequest: with every one that is not understood.
    """
    problems: list[str] = []
    seconds: set[int] = set()
    for part in filter(None, map(str.strip, text.split(","))):
        try:
            seconds.add(parse_duration(part))
        except InvalidRequest as error:
            problems += error.problems
    if problems:
        raise InvalidRequest(*problems)
    return tuple(sorted(seconds, reverse=True))


def humanize(seconds: float) -> str:
    """A duration for people: ``45 minutes``, ``1 hour 30 minutes``, ``12 seconds``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return _count(whole, "second")
    minutes = round(whole / 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [_count(n, unit) for n, unit in ((days, "day"), (hours, "hour"), (minutes, "minute")) if n]
    return " ".join(parts[:2])


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"
