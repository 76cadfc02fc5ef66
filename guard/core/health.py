"""How the parts of an installation are, judged from what was found: one evaluation for command line, HTTP
and the morning check.

What did not answer in time is unknown: never well, and not known to be away either. Only the three that
nothing works without make an installation unready; a dead beat or a full disk fails, and no request should
be sent elsewhere for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.durations import humanize
from guard.core.naming import some_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from guard.core.roster import RosterEntry

__all__ = [
    "BEAT_GONE_SECONDS",
    "BEAT_LATE_SECONDS",
    "Health",
    "HealthCheck",
    "answered",
    "away",
    "is_ready",
    "judge_beat",
    "judge_clock",
    "judge_disk",
    "judge_workers",
    "overall",
    "silent",
]

BEAT_LATE_SECONDS = 120.0
"""Beat sends something every 30 seconds: this is four turns."""
BEAT_GONE_SECONDS = 300.0
_SLOW_MS = 1000.0
_DISK_WARN, _DISK_FAIL = 90.0, 98.0
_CLOCK_WARN, _CLOCK_FAIL = 2.0, 30.0
_VITAL = frozenset({"sql", "redis", "broker"})
_REMEDIES = {
    "sql": "start the database, or correct DATABASE_URL; `maintenance check` says what is wrong",
    "redis": "start Redis, or correct REDIS_URL; the gates stay as they are for a lease, then they close",
    "broker": "start the broker, or correct its URL; what was accepted waits in it",
    "workers": "start a worker; `maintenance status` says which are registered",
    "beat": "start one celery beat, and a worker of the queue `maintenance`",
    "disk": "free some space: old logs and backups first",
    "clock": "let one time service set the clocks of all machines",
}


class Health(StrEnum):
    """How a part is."""

    PASS = "pass"  # noqa: S105 - a word of the format
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """What was found out about a part.

    Attributes:
        value: the figure, a plain JSON type; None when nobody could say.
        unit: of the figure; empty for counts.
        age: seconds since it was found; None when it never was.
        note: a few words; no secrets.
        remedy: what to do; empty when it passes.
    """

    name: str
    status: Health
    value: Any = None
    unit: str = ""
    age: float | None = 0.0
    note: str = ""

    @property
    def remedy(self) -> str:
        """What to do about it; empty when nothing is to be done."""
        return "" if self.status is Health.PASS else _REMEDIES.get(self.name, "")

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "name": self.name,
            "status": self.status.value,
            "value": self.value,
            "unit": self.unit,
            "age": round(self.age, 3) if self.age is not None else None,
            "note": self.note,
            "remedy": self.remedy,
        }


def answered(name: str, milliseconds: float, note: str = "") -> HealthCheck:
    """A server that answered after so long."""
    status = Health.PASS if milliseconds < _SLOW_MS else Health.WARN
    return HealthCheck(name=name, status=status, value=round(milliseconds, 1), unit="ms", note=note)


def away(name: str, why: str = "does not answer") -> HealthCheck:
    """One that refused, or broke."""
    return HealthCheck(name=name, status=Health.FAIL, note=why)


def silent(name: str, *, age: float | None = None) -> HealthCheck:
    """One that said nothing in time. `age`: seconds since it last did; None: it never did."""
    return HealthCheck(name=name, status=Health.UNKNOWN, age=age, note="did not answer in time")


def judge_workers(roster: Iterable[RosterEntry], *, lease: float) -> HealthCheck:
    """The workers by their registration: silent is who has not renewed within the lease."""
    workers = [one for one in roster if one.card.role == "worker"]
    quiet = sorted(one.card.node for one in workers if one.seen_seconds_ago >= lease)
    broken = sorted(one.card.node for one in workers if one.card.problem)
    live = len(workers) - len(quiet)
    if not workers:
        return _check("workers", Health.WARN, 0, note="no worker is registered")
    if not live:
        return _check("workers", Health.FAIL, 0, note=f"no worker answers, of {len(workers)} registered")
    found = ((quiet, "silent"), (broken, "refuse guarded work"))
    notes = [f"{word}: {some_of(names, 5)}" for names, word in found if names]
    return _check("workers", Health.WARN if notes else Health.PASS, live, note=", ".join(notes))


def judge_beat(last: float | None, *, now: float) -> HealthCheck:
    """Beat by the last thing that it sent and a worker ran. Times are UTC seconds; None: never."""
    if last is None:
        return HealthCheck(name="beat", status=Health.WARN, age=None, note="no tick of beat was ever seen")
    age = max(0.0, now - last)
    late = Health.WARN if age < BEAT_GONE_SECONDS else Health.FAIL
    status = Health.PASS if age < BEAT_LATE_SECONDS else late
    note = "" if status is Health.PASS else f"the last tick was {humanize(age)} ago"
    return _check("beat", status, round(age, 1), "s", note=note)


def judge_disk(percents: Mapping[str, float | None]) -> HealthCheck:
    """The fullest of these file systems; None: it cannot be told."""
    known = {folder: percent for folder, percent in percents.items() if percent is not None}
    missing = [folder for folder, percent in percents.items() if percent is None]
    if not known:
        note = f"{some_of(missing, 5)} cannot be read" if missing else "no file system was looked at"
        return HealthCheck(name="disk", status=Health.UNKNOWN, age=None, note=note)
    folder, worst = max(known.items(), key=lambda item: item[1])
    status = Health.FAIL if worst > _DISK_FAIL else Health.WARN if worst > _DISK_WARN else Health.PASS
    if missing and status is Health.PASS:
        status = Health.UNKNOWN
    note = f"{folder} is the fullest" + (f"; {some_of(missing, 5)} cannot be read" if missing else "")
    return _check("disk", status, worst, "%", note=note)


def judge_clock(offsets: Mapping[str, float | None]) -> HealthCheck:
    """This machine's clock beside those of servers, in seconds that they are ahead; None: it did not say."""
    known = {name: offset for name, offset in offsets.items() if offset is not None}
    if not known:
        return silent("clock")
    name, worst = max(known.items(), key=lambda item: abs(item[1]))
    apart = abs(worst)
    status = Health.FAIL if apart > _CLOCK_FAIL else Health.WARN if apart > _CLOCK_WARN else Health.PASS
    note = "" if status is Health.PASS else f"the clock of {name} is {'ahead' if worst > 0 else 'behind'}"
    return _check("clock", status, round(worst, 3), "s", note=note)


def overall(checks: Iterable[HealthCheck]) -> Health:
    """How all of it is: as the worst; what is unknown counts as a warning."""
    found = {check.status for check in checks}
    if Health.FAIL in found:
        return Health.FAIL
    return Health.PASS if found == {Health.PASS} else Health.WARN


def is_ready(checks: Iterable[HealthCheck]) -> bool:
    """Whether requests may be sent here: what nothing works without does not fail."""
    return not any(check.status is Health.FAIL and check.name in _VITAL for check in checks)


def _check(name: str, status: Health, value: Any, unit: str = "", *, note: str) -> HealthCheck:
    return HealthCheck(name=name, status=status, value=value, unit=unit, note=note)
