"""When a plan begins: once, or by a recurrence rule of RFC 5545.

The rule runs on the clock on the wall of its zone, so a weekly 02:00 stays 02:00 over both changes of the
clock; each local time is then turned into an instant by `guard.core.zones`. dateutil counts, and is asked
only what RFC 5545 defines: where dateutil would take a rule to mean something else, or loop, it is refused.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from dateutil.rrule import rrulestr

from guard.core.suggest import did_you_mean
from guard.core.zones import instant, wall, zone_of
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["LOOK_YEARS", "Recurrence", "parse_local", "parse_skipped", "tightest_gap"]

LOOK_YEARS = 9
"""A rule that does not fire for so long never does: February 29th comes at least every eight years."""
_LONGEST_RULE = 300
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_DAY = "(?:MO|TU|WE|TH|FR|SA|SU)"


def _numbers(text: str) -> re.Pattern[str]:
    return re.compile(f"(?:{text})(?:,(?:{text}))*")


_SIGNED_DAY = r"[+-]?(?:[1-9]|[12]\d|3[01])"
_YEAR_DAY = r"[+-]?(?:[1-9]|[1-9]\d|[12]\d\d|3[0-5]\d|36[0-6])"
_WEEK = r"[+-]?(?:[1-9]|[1-4]\d|5[0-3])"
_PARTS: dict[str, tuple[re.Pattern[str], str]] = {
    "FREQ": (re.compile("|".join(_FREQUENCIES)), ", ".join(_FREQUENCIES)),
    "INTERVAL": (re.compile(r"[1-9]\d{0,2}"), "a whole number from 1 to 999"),
    "COUNT": (re.compile(r"[1-9]\d{0,3}"), "a whole number from 1 to 9999"),
    "UNTIL": (re.compile(r"\d{8}(T\d{6}Z?)?"), "20271231, 20271231T020000 (local) or 20271231T010000Z"),
    "BYMONTH": (_numbers(r"[1-9]|1[0-2]"), "months from 1 to 12"),
    "BYMONTHDAY": (_numbers(_SIGNED_DAY), "days from 1 to 31, or -1 for the last"),
    "BYYEARDAY": (_numbers(_YEAR_DAY), "days from 1 to 366"),
    "BYWEEKNO": (_numbers(_WEEK), "weeks from 1 to 53"),
    "BYDAY": (_numbers(f"(?:{_WEEK})?{_DAY}"), "MO,TU,WE,TH,FR,SA,SU; in a month also 1MO or -1FR"),
    "BYSETPOS": (_numbers(_YEAR_DAY), "positions from 1, or -1 for the last"),
    "BYHOUR": (_numbers(r"\d|1\d|2[0-3]"), "hours from 0 to 23"),
    "BYMINUTE": (_numbers(r"\d|[1-5]\d"), "minutes from 0 to 59"),
    "WKST": (re.compile(_DAY), "MO to SU"),
}
_NOT_WITH = {
    "DAILY": ("BYWEEKNO", "BYYEARDAY"),
    "WEEKLY": ("BYWEEKNO", "BYYEARDAY", "BYMONTHDAY"),
    "MONTHLY": ("BYWEEKNO", "BYYEARDAY"),
    "YEARLY": (),
}
"""RFC 5545, 3.3.10: what may not be combined. dateutil counts all the same, with a meaning of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """When a plan begins, by the clock on the wall of its zone.

    Attributes:
        start: local time of the first possible start, without a zone.
        zone: IANA name.
        rule: RFC 5545, in capitals, without ``RRULE:``; empty: once.
        skipped: local dates (``2026-12-24``) and times (``2026-12-24T02:00:00``) at which it does not begin.
    """

    start: datetime
    zone: str = "UTC"
    rule: str = ""
    skipped: tuple[str, ...] = ()

    @classmethod
    def check(cls, *, start: datetime, zone: str, rule: str, skipped: tuple[str, ...] = ()) -> Recurrence:
        """Check raw values.

        Raises:
            InvalidRequest: with every problem of zone and rule.
        """
        problems: list[str] = []
        try:
            zone_of(zone)
        except InvalidRequest as error:
            problems += error.problems
        text = rule.strip().upper().removeprefix("RRULE:").rstrip(";")
        problems += _problems_of(text) if text else []
        if not problems and text:
            try:
                _counted(text, start, zone, start.year + 1)
            except (ValueError, TypeError, OverflowError) as error:
                problems.append(f"rule {text[:60]!r} is not understood: {str(error)[:80]}")
        if problems:
            raise InvalidRequest(*problems)
        return cls(start=start, zone=zone, rule=text, skipped=skipped)

    def starts(self, after: float, before: float) -> Iterator[float]:
        """UTC seconds of the starts with ``after < start <= before``, each later than the one before it."""
        zone = zone_of(self.zone)
        # The clock on the wall is never further from UTC than a day: what is earlier need not be converted.
        early = datetime.fromtimestamp(max(after, 0.0), UTC).replace(tzinfo=None) - timedelta(days=2)
        last = float("-inf")
        locals_ = self._locals(datetime.fromtimestamp(before + 2 * 86_400, UTC).year)
        for local in locals_[bisect_left(locals_, early) :]:
            if self._is_skipped(local):
                continue
            start = instant(local, zone)
            if start > before:
                return
            if after < start and last < start:  # two local times in one gap are one instant
                yield start
            last = start

    def next(self, after: float) -> float | None:
        """The first start after a time, or None when there is none in the next nine years."""
        return next(self.starts(after, max(after, self._earliest()) + LOOK_YEARS * 366 * 86_400), None)

    def _earliest(self) -> float:
        return instant(self.start, zone_of(self.zone))

    def _locals(self, last_year: int) -> tuple[datetime, ...]:
        return _counted(self.rule, self.start, self.zone, last_year) if self.rule else (self.start,)

    def _is_skipped(self, local: datetime) -> bool:
        return local.date().isoformat() in self.skipped or local.isoformat() in self.skipped


def tightest_gap(recurrence: Recurrence, after: float, *, most: int = 400) -> float | None:
    """Seconds of the shortest time between two starts among the next ones; None when there is one at most."""
    first = recurrence.next(after)
    if first is None:
        return None
    starts = islice(recurrence.starts(first - 1, first + 5 * 366 * 86_400), most)
    return min((later - start for start, later in pairwise(starts)), default=None)


def parse_local(text: str, name: str) -> datetime:
    """A local time: ``2026-12-01 02:00``.

    Raises:
        InvalidRequest: the text is none, or says an offset.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or len(text.strip()) < len("2026-12-01T02"):
        raise InvalidRequest(f"{name} {text[:40]!r} is not understood: give a local time, 2026-12-01 02:00")
    if moment.tzinfo is not None:
        raise InvalidRequest(f"{name} {text[:40]!r} has an offset: give the local time, and the zone by name")
    return moment.replace(microsecond=0)


def parse_skipped(text: str) -> str:
    """A local date or time at which a plan does not begin, in its canonical form.

    Raises:
        InvalidRequest: the text is neither.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise InvalidRequest(
            f"except {text[:40]!r} is not understood: "
            "give a local date (2026-12-24) or time (2026-12-24 02:00)"
        )
    is_date = len(text.strip()) <= len("2026-12-24")
    return moment.date().isoformat() if is_date else moment.replace(microsecond=0).isoformat()


def _problems_of(text: str) -> list[str]:
    if len(text) > _LONGEST_RULE:
        return [f"rule has {len(text)} characters: at most {_LONGEST_RULE} are allowed"]
    problems: list[str] = []
    given: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        pattern, allowed = _PARTS.get(name, (None, ""))
        if pattern is None:
            problems.append(f"rule has {part[:30]!r}: {_unknown(name)}")
        elif name in given:
            problems.append(f"rule says {name} twice")
        elif not pattern.fullmatch(value):
            near = did_you_mean(value, _FREQUENCIES) if name == "FREQ" else ""
            problems.append(f"rule has {name}={value[:30]!r}{near}: use {allowed}")
        given[name] = value
    return problems or _combined(given)


def _unknown(name: str) -> str:
    if name in {"BYSECOND", "BYEASTER"}:
        return f"{name} is not supported"
    return f"use parts of RFC 5545 such as FREQ=WEEKLY;BYDAY=SU{did_you_mean(name, _PARTS)}"


def _combined(given: dict[str, str]) -> list[str]:
    problems = []
    frequency = given.get("FREQ")
    if not frequency:
        return [f"rule has no FREQ: begin with FREQ= and one of {', '.join(_FREQUENCIES)}"]
    if "COUNT" in given and "UNTIL" in given:
        problems.append("rule has COUNT and UNTIL: use one of them")
    problems += [f"rule has {name} with FREQ={frequency}" for name in _NOT_WITH[frequency] if name in given]
    if frequency in {"DAILY", "WEEKLY"} and re.search(r"\d", given.get("BYDAY", "")):
        problems.append(f"rule has BYDAY with a number and FREQ={frequency}: use FREQ=MONTHLY or YEARLY")
    if "BYSETPOS" in given and not any(name.startswith("BY") and name != "BYSETPOS" for name in given):
        problems.append("rule has BYSETPOS alone: it chooses among what another BY… part gives")
    return problems


@lru_cache(maxsize=128)
def _counted(text: str, start: datetime, zone: str, last_year: int) -> tuple[datetime, ...]:
    """The local times of a rule up to the end of a year: counted once a year, and then looked up."""
    parts = dict(part.split("=", 1) for part in text.split(";"))
    count = int(parts.pop("COUNT", "0")) or None
    bound = datetime(max(last_year, start.year), 12, 31, 23, 59, 59)  # noqa: DTZ001 - local
    until = min(_until(parts.pop("UNTIL"), zone), bound) if "UNTIL" in parts else bound
    # dateutil compares UNTIL with local times; a rule without an end that never fires would run for ever
    bounded = ";".join(f"{name}={value}" for name, value in parts.items())
    times: Iterable[datetime] = rrulestr(f"{bounded};UNTIL={until:%Y%m%dT%H%M%S}", dtstart=start)
    return tuple(islice(times, count))


def _until(text: str, zone: str) -> datetime:
    """Local time of the last possible start; a date alone is meant to its end."""
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d").replace(hour=23, minute=59, second=59)  # noqa: DTZ007
    moment = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - local
    return wall(moment.replace(tzinfo=UTC).timestamp(), zone_of(zone)) if text.endswith("Z") else moment
