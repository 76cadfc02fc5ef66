"""The rules by which figures become alerts: one table, from the guides' thresholds.

`GUARD_ALERT_THRESHOLDS` moves the thresholds that an installation may want elsewhere. What happens to an
alert then is in `guard.core.alert_life`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from guard.core.alerts import Severity
from guard.core.suggest import did_you_mean
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "APPLICATION_SECONDS",
    "DATABASE_SECONDS",
    "RULED_KINDS",
    "RULES",
    "SYSTEM_SECONDS",
    "Made",
    "Quiet",
    "Rule",
    "limits_of",
]

APPLICATION_SECONDS = 30.0
SYSTEM_SECONDS = 60.0
DATABASE_SECONDS = 300.0
_MINUTES_5 = 300.0


class Quiet(StrEnum):
    """When a rule raises nothing, since what it looks for is meant to be."""

    NEVER = "never"
    REHEARSAL = "rehearsal"
    """A window in test mode is open: it blocks nothing and needs nobody."""
    CLOSED = "closed"
    """A normal window is open, or a rehearsal: who works on servers restarts and loads them. An emergency
    silences nothing."""


class Made(StrEnum):
    """How the value is made of what was read."""

    VALUE = "value"
    PER_MINUTE = "per minute"
    SHARE = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: it speaks when a figure is above a limit for a while.

    Attributes:
        name: as the setting and the figure have it.
        kind: of its alerts; that of a routine's finding where a routine finds the same.
        text: what is above, in a few words.
        limit: from which value on, exclusively; in `unit`.
        unit: empty for counts, and for what is or is not.
        flag: whether the value only says 1 (it is so) or 0; such a limit cannot be set.
        hold: seconds for which it must be so.
        settle: seconds for which it must be over before the alert is resolved.
        clear: share of the limit below which it counts as over.
        every: seconds between two looks.
        quiet: when it raises nothing.
        most: the greatest limit that may be set.
        blind: another rule whose standing alert says why this one cannot be read: one alert is enough.
        vanishes: whether a subject that is not looked at any more is over: a window that has ended.
    """

    name: str
    kind: str
    text: str
    severity: Severity
    limit: float = 0.0
    unit: str = ""
    flag: bool = False
    hold: float = 0.0
    settle: float = 0.0
    clear: float = 0.95
    every: float = SYSTEM_SECONDS
    quiet: Quiet = Quiet.NEVER
    made: Made = Made.VALUE
    most: float = 1e9
    blind: str = ""
    vanishes: bool = False


_NOW, _HOUR = Severity.CRITICAL, Severity.WARNING

_APP, _DB = APPLICATION_SECONDS, DATABASE_SECONDS

# fmt: off
RULES: tuple[Rule, ...] = (
    # The application, every 30 seconds.
    Rule(name="response", kind="slow responses", text="average response time of 5 minutes", severity=_HOUR,
         limit=2.0, unit="s", settle=60, every=_APP, quiet=Quiet.CLOSED, blind="redis-away"),
    Rule(name="errors", kind="many errors", text="share of requests of 5 minutes that failed",
         severity=_HOUR, limit=5.0, unit="%", settle=60, every=_APP, quiet=Quiet.CLOSED,
         most=100, blind="redis-away"),
    Rule(name="blocked", kind="high block rate", text="refused requests and jobs per minute", severity=_HOUR,
         limit=60.0, unit="/min", made=Made.PER_MINUTE, hold=60, settle=60, every=_APP,
         quiet=Quiet.REHEARSAL, blind="redis-away", vanishes=True),
    Rule(name="maintenance", kind="maintenance enabled", text="maintenance mode is on", severity=_HOUR,
         flag=True, every=_APP, quiet=Quiet.REHEARSAL, vanishes=True),
    Rule(name="emergency", kind="emergency maintenance", text="emergency maintenance is on", severity=_NOW,
         flag=True, every=_APP, vanishes=True),
    Rule(name="overrun", kind="window past its end", text="maintenance is past its planned end",
         severity=_HOUR, unit="min", every=_APP, quiet=Quiet.REHEARSAL, vanishes=True),
    Rule(name="drain", kind="drain is stuck", text="the drain is late", severity=_HOUR,
         unit="min", every=_APP, quiet=Quiet.REHEARSAL, vanishes=True),

    # The machine, the servers, the workers: every minute.
    Rule(name="database-away", kind="no durable store", text="the database does not answer", severity=_NOW,
         flag=True),
    Rule(name="redis-away", kind="no control plane", text="Redis does not answer", severity=_NOW, flag=True),
    Rule(name="broker-away", kind="no broker", text="the broker does not answer", severity=_NOW, flag=True),
    Rule(name="workers-away", kind="no worker answers", text="workers are registered and none answers",
         severity=_NOW, flag=True, hold=60, quiet=Quiet.CLOSED, blind="redis-away"),
    Rule(name="workers-silent", kind="silent workers", text="workers that do not renew", severity=_HOUR,
         hold=60, quiet=Quiet.CLOSED, blind="redis-away"),
    Rule(name="cpu", kind="high CPU use", text="CPU use", severity=_HOUR, limit=80.0, unit="%",
         made=Made.SHARE, hold=_MINUTES_5, settle=_MINUTES_5, quiet=Quiet.CLOSED, most=100,
         blind="redis-away"),
    Rule(name="memory", kind="memory nearly full", text="memory in use", severity=_HOUR, limit=85.0, unit="%",
         hold=_MINUTES_5, settle=_MINUTES_5, most=100),
    Rule(name="disk", kind="disk nearly full", text="disk in use", severity=_HOUR, limit=90.0, unit="%",
         settle=60, most=100),
    Rule(name="redis-memory", kind="Redis memory nearly full", text="Redis memory, of its maxmemory",
         severity=_HOUR, limit=90.0, unit="%", settle=60, most=100, blind="redis-away"),

    # The database, every 5 minutes.
    Rule(name="connections", kind="many database connections", text="database connections, of those allowed",
         severity=_HOUR, limit=80.0, unit="%", every=_DB, quiet=Quiet.CLOSED, most=100,
         blind="database-away"),
    Rule(name="slow-queries", kind="slow queries", text="slow queries per minute", severity=_HOUR,
         limit=10.0, unit="/min", made=Made.PER_MINUTE, every=_DB, quiet=Quiet.CLOSED, blind="database-away"),
    Rule(name="replication", kind="replication lag", text="replication lag", severity=_HOUR, limit=60.0,
         unit="s", every=_DB, quiet=Quiet.CLOSED, blind="database-away"),
    Rule(name="replication-stopped", kind="replication has stopped", text="replication has stopped",
         severity=_NOW, flag=True, every=_DB, quiet=Quiet.CLOSED, blind="database-away"),
)
# fmt: on

RULED_KINDS = frozenset(rule.kind for rule in RULES)
"""Kinds that the rules tell: where they are looked at, no routine tells them as well."""


def limits_of(text: str) -> Mapping[str, float]:
    """The limits in force, by rule, given GUARD_ALERT_THRESHOLDS: ``cpu=80,memory=85``. Empty: the guides'.

    Raises:
        InvalidRequest: with every problem.
    """
    limits = {rule.name: rule.limit for rule in RULES if not rule.flag}
    most = {rule.name: rule.most for rule in RULES}
    problems: list[str] = []
    seen: set[str] = set()
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, sign, number = (one.strip() for one in part.partition("="))
        if not sign:
            problems.append(f"{part[:40]!r} is no threshold: write name=number")
        elif name not in limits:
            near = did_you_mean(name, limits)
            problems.append(f"there is no threshold {name[:40]!r}{near}: {', '.join(limits)}")
        elif name in seen:
            problems.append(f"{name} is set twice")
        elif (value := _limit(number)) is None or not 0 <= value <= most[name]:  # so is not-a-number told
            problems.append(f"{name}={number[:20]!r}: use a number from 0 to {most[name]:g}")
        else:
            limits[name] = value
        seen.add(name)
    if problems:
        raise InvalidRequest(*problems)
    return limits


def _limit(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
