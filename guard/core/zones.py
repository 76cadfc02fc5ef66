"""Time zones: from what a clock on the wall shows to the instant that is meant, and back.

Rules:

- A local time that does not exist, because clocks were put forward over it, means the first instant after
  the gap: work that should begin at 02:30 begins at 03:00, not at 03:30.
- A local time that exists twice means the first of the two.

The zone database is read as the table that it is. UTC needs none.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from guard.core.suggest import did_you_mean
from guard.errors import InvalidRequest

__all__ = ["instant", "shown", "wall", "zone_of"]

_LONGEST_NAME = 60


def zone_of(name: str) -> tzinfo:
    """The zone of an IANA name, for example ``Europe/Berlin``.

    Raises:
        InvalidRequest: there is no such zone; names the nearest.
    """
    if name == "UTC":
        return UTC
    text = name if isinstance(name, str) and len(name) <= _LONGEST_NAME else ""
    try:
        # Only names that are listed: the database also holds files that are no zones.
        if text not in {"localtime", "posixrules"}:
            return ZoneInfo(text)
    except (LookupError, ValueError, OSError):
        pass
    known = available_timezones()
    if not known:
        raise InvalidRequest(
            f"zone {str(name)[:60]!r} cannot be looked up: this machine has no time zone database; "
            "install tzdata"
        )
    raise InvalidRequest(
        f"zone {str(name)[:60]!r} is unknown{did_you_mean(text, known)}: "
        "use a name of the IANA database, such as Europe/Berlin or UTC"
    )


def instant(local: datetime, zone: tzinfo) -> float:
    """UTC seconds of a local time without a zone, by the rules above."""
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local:  # whichever of two it is
        return first.timestamp()
    # In a gap the two readings lie on its two sides: what is looked for is where the offset changes.
    low = math.floor(local.replace(tzinfo=zone, fold=1).timestamp())
    high = math.ceil(first.timestamp())
    before = _offset(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return float(high)


def _offset(seconds: int, zone: tzinfo) -> object:
    return datetime.fromtimestamp(seconds, zone).utcoffset()


def wall(seconds: float, zone: tzinfo) -> datetime:
    """What a clock on the wall shows at an instant, without a zone."""
    return datetime.fromtimestamp(seconds, zone).replace(tzinfo=None, fold=0)


def shown(seconds: float, zone: str) -> str:
    """An instant for people: ``2026-12-01 02:00 Europe/Berlin (01:00 UTC)``."""
    utc = datetime.fromtimestamp(seconds, UTC)
    if zone == "UTC":
        return f"{_minutes(utc)} UTC"
    local = datetime.fromtimestamp(seconds, zone_of(zone))
    same_day = local.date() == utc.date()
    return f"{_minutes(local)} {zone} ({_minutes(utc)[11:] if same_day else _minutes(utc)} UTC)"


def _minutes(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S" if moment.second else "%Y-%m-%d %H:%M")
