"""What a look at a figure does to its alert. The whole life of an alert is decided here, and nothing else is.

Rules:

- Raised when the figure has been above its limit for the rule's time; at most one stands of each rule and
  subject.
- Repeated while nobody has acknowledged it: critical every 15 minutes, a warning every 4 hours,
  information never.
- Resolved when the figure has been below a lower mark for the rule's time, or what it is about is not there
  any more. A figure between the two marks changes nothing.
- A figure that cannot be read neither raises nor resolves. After 5 minutes, or two looks if those lie further
  apart, that is an alert of its own, unless another one stands that says why.
- In quiet times nothing is raised or repeated, and time does not count; what is over is resolved.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from guard.core.alert_rules import Made, Quiet
from guard.core.alerts import AlertState, Severity
from guard.core.durations import humanize
from guard.core.modes import Mode
from guard.core.readings import Memory, Sight, per_minute, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.alert_rules import Rule
    from guard.core.alerts import KeptAlert
    from guard.core.readings import Reading

__all__ = ["REPEAT_SECONDS", "UNREADABLE", "Deed", "Move", "Step", "is_quiet", "key_of", "step", "vanished"]

REPEAT_SECONDS = {Severity.CRITICAL: 900.0, Severity.WARNING: 4 * 3600.0}
"""How long an alert that nobody has acknowledged is not told again. Information is told once."""
UNREADABLE = "figure cannot be read"
_BLIND_SECONDS = 300.0
_ALMOST = 0.1
_LONGEST_KEY = 191


class Deed(StrEnum):
    """What is done to an alert."""

    RAISE = "raise"
    REPEAT = "repeat"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One thing to be done.

    Attributes:
        key: names the alert: there is at most one that stands.
        message: one sentence; for a resolve why it is over.
    """

    deed: Deed
    key: str
    kind: str
    severity: Severity
    message: str
    rule: str
    subject: str = ""
    value: float | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one look comes to: what to remember, and what to do."""

    memory: Memory
    moves: tuple[Move, ...]


def key_of(kind: str, subject: str) -> str:
    """What names an alert; at most 191 characters, since databases limit what is unique."""
    key = f"{kind}|{subject}"
    return key if len(key) <= _LONGEST_KEY else f"{kind[:50]}|{sha256(subject.encode()).hexdigest()}"


def is_quiet(rule: Rule, mode: Mode | None) -> bool:
    """Whether a rule raises nothing while a window of this mode is open; None: none is, or nobody knows."""
    if rule.quiet is Quiet.REHEARSAL:
        return mode is Mode.TEST
    return rule.quiet is Quiet.CLOSED and mode in {Mode.NORMAL, Mode.TEST}


def step(
    rule: Rule,
    reading: Reading,
    *,
    limit: float,
    memory: Memory,
    standing: Mapping[str, KeptAlert],
    now: float,
    quiet: bool = False,
) -> Step:
    """One look at one figure.

    Args:
        reading: of the rule's figure.
        limit: the one in force.
        memory: of the rule and the reading's subject.
        standing: the alerts that stand, by key.
        now: UTC seconds.
        quiet: whether nothing may be raised or repeated now.
    """
    reading = _made(rule, reading, memory, now)
    memory = _remember(rule, reading, limit, memory, now, quiet=quiet)
    own = _own(rule, reading, limit, memory, standing, now, quiet=quiet)
    blind = _unreadable(rule, reading, memory, standing, now, quiet=quiet)
    return Step(memory=memory, moves=tuple(move for move in (own, blind) if move is not None))


def vanished(rule: Rule, alert: KeptAlert, why: str) -> Move:
    """The end of an alert about something that is not looked at any more."""
    return Move(
        deed=Deed.RESOLVE,
        key=alert.key,
        kind=alert.alert.kind,
        severity=alert.alert.severity,
        message=why,
        rule=rule.name,
        subject=str(alert.alert.detail.get("subject", "")),
    )


def _made(rule: Rule, reading: Reading, memory: Memory, now: float) -> Reading:
    if rule.made is Made.VALUE or reading.sight is not Sight.KNOWN:
        return reading
    make = per_minute if rule.made is Made.PER_MINUTE else share
    value = make(reading.counts, memory, now)
    if value is None:
        return replace(reading, sight=Sight.UNKNOWN, why="it takes two looks to tell, and this is the first")
    return replace(reading, value=value)


def _remember(
    rule: Rule, reading: Reading, limit: float, before: Memory, now: float, *, quiet: bool
) -> Memory:
    """Times since when; a clock that was put back, or a long time without a look, begins anew."""
    gap = max(3 * rule.every, _BLIND_SECONDS)
    fresh = before.at <= now <= before.at + gap

    def since(known: float | None, *, is_so: bool) -> float | None:
        if not is_so:
            return None
        return min(known, now) if known is not None and fresh else now

    value = reading.value if reading.sight is Sight.KNOWN else None
    over = value is not None and value > limit and not quiet
    under = reading.sight is Sight.ABSENT or (value is not None and value <= limit * rule.clear)
    unseen = reading.sight is Sight.UNKNOWN
    counted = bool(reading.counts)
    stays = unseen and fresh  # a look that saw nothing leaves what was: it proves neither
    return Memory(
        at=now,
        value=value,
        why=reading.why,
        over_since=before.over_since if stays and not quiet else since(before.over_since, is_so=over),
        under_since=before.under_since if stays else since(before.under_since, is_so=under),
        unknown_since=since(before.unknown_since, is_so=unseen),
        counts=reading.counts if counted else before.counts,
        counted_at=now if counted else before.counted_at,
    )


def _own(
    rule: Rule,
    reading: Reading,
    limit: float,
    memory: Memory,
    standing: Mapping[str, KeptAlert],
    now: float,
    *,
    quiet: bool,
) -> Move | None:
    key = key_of(rule.kind, reading.subject)
    kept = standing.get(key)

    def move(deed: Deed, message: str) -> Move:
        return Move(
            deed=deed,
            key=key,
            kind=rule.kind,
            severity=rule.severity,
            message=message,
            rule=rule.name,
            subject=reading.subject,
            value=reading.value,
            limit=None if rule.flag else limit,
        )

    if reading.sight is Sight.UNKNOWN:
        return None  # it may have gone either way
    if kept is None:
        held = memory.over_since is not None and now - memory.over_since >= rule.hold - _slack(rule)
        return move(Deed.RAISE, _sentence(rule, reading, limit)) if held and not quiet else None
    if memory.under_since is not None and now - memory.under_since >= rule.settle - _slack(rule):
        return move(Deed.RESOLVE, reading.why or _over(rule, reading))
    if not quiet and _is_due(kept, now):
        return move(Deed.REPEAT, _sentence(rule, reading, limit))
    return None


def _unreadable(
    rule: Rule,
    reading: Reading,
    memory: Memory,
    standing: Mapping[str, KeptAlert],
    now: float,
    *,
    quiet: bool,
) -> Move | None:
    subject = f"{rule.name} {reading.subject}".rstrip()
    key = key_of(UNREADABLE, subject)
    kept = standing.get(key)

    def move(deed: Deed, message: str) -> Move:
        return Move(
            deed=deed,
            key=key,
            kind=UNREADABLE,
            severity=Severity.WARNING,
            message=message,
            rule=rule.name,
            subject=subject,
        )

    since = memory.unknown_since
    if since is None:
        return move(Deed.RESOLVE, "it can be read again") if kept is not None else None
    if quiet or any(one.alert.detail.get("rule") == rule.blind for one in standing.values()):
        return None
    sentence = f"nobody watches {rule.text} for {humanize(now - since)}: {reading.why}"
    if kept is None:
        blind_for = max(_BLIND_SECONDS, 2 * rule.every)
        return move(Deed.RAISE, sentence) if now - since >= blind_for else None
    return move(Deed.REPEAT, sentence) if _is_due(kept, now) else None


def _slack(rule: Rule) -> float:
    """Ticks come a little early or late: a look that is a moment early must not cost a whole turn."""
    return rule.every * _ALMOST


def _is_due(kept: KeptAlert, now: float) -> bool:
    pause = REPEAT_SECONDS.get(kept.alert.severity)
    return kept.state is AlertState.OPEN and pause is not None and now - kept.last_told_at >= pause


def _sentence(rule: Rule, reading: Reading, limit: float) -> str:
    about = f" ({reading.about})" if reading.about else ""
    if rule.flag:
        return f"{rule.text}{about}"
    held = f" for {humanize(rule.hold)}" if rule.hold else ""
    value, unit = _shown(reading.value), _unit(rule)
    return f"{rule.text}{about}: {value}{unit}{held} (limit {_shown(limit)}{unit})"


def _over(rule: Rule, reading: Reading) -> str:
    return "it is over" if rule.flag else f"{rule.text}: {_shown(reading.value)}{_unit(rule)}"


def _shown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _unit(rule: Rule) -> str:
    return f" {rule.unit}" if rule.unit else ""
