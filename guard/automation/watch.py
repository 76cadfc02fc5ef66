"""The watch: one look at the figures of an interval, and what their rules make of it. Beat calls it.

`look()` may be called by anybody at any time. What it decides is in `guard.core.alert_life`; what is
remembered between looks is in Redis, and what was raised in SQL, whose unique key lets one of two runners
raise an alert. A look of a turn that somebody has taken does nothing.

While the database is away nothing can be raised: what would be critical is logged and told, once in a
quarter of an hour, and noted when it is back. While Redis is away, rules that need time see a first look
each time.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guard.automation.figures import application_figures, database_figures, known_state, system_figures
from guard.core.alert_life import REPEAT_SECONDS, Deed, is_quiet, key_of, step, vanished
from guard.core.alert_rules import APPLICATION_SECONDS, DATABASE_SECONDS, RULES, SYSTEM_SECONDS, limits_of
from guard.core.alerts import Alert, Severity
from guard.core.durations import humanize
from guard.core.readings import Memory
from guard.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from guard.automation.watch_parts import WatchParts
    from guard.core.alert_life import Move
    from guard.core.alert_rules import Rule
    from guard.core.alerts import KeptAlert
    from guard.core.readings import Reading
    from guard.core.state import GuardState

__all__ = ["LookReport", "Watch", "memory_name"]

log = logging.getLogger(__name__)

_ALMOST = 0.75
"""Of an interval: ticks come a little early or late, and two beats between each other's."""
_TURNS = {APPLICATION_SECONDS: "application", SYSTEM_SECONDS: "system", DATABASE_SECONDS: "database"}
_RECOVERED_SECONDS = 3600.0
_FORGET_SECONDS = 86_400.0
_RECENT_WINDOWS = 20
_DATABASE = "database-away"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookReport:
    """What one look did.

    Attributes:
        looked: False: this turn was somebody else's, and nothing was looked at.
        moves: one sentence for each alert that was raised, repeated or resolved, in this order.
        unknown: figures that could not be read.
        kept: whether the database took it.
    """

    looked: bool = True
    moves: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    kept: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "looked": self.looked,
            "moves": list(self.moves),
            "unknown": list(self.unknown),
            "kept": self.kept,
        }


@dataclass(slots=True, kw_only=True)
class _Look:
    """One look while it goes on."""

    now: float
    rules: tuple[Rule, ...]
    readings: list[Reading]
    state: GuardState | None
    memories: Mapping[str, Memory]
    standing: Mapping[str, KeptAlert] | None
    new: dict[str, Memory] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)


def memory_name(rule: str, subject: str) -> str:
    """Under which name a figure is remembered."""
    return f"{rule}|{subject}"


class Watch:
    """Watches one app."""

    def __init__(self, parts: WatchParts) -> None:
        self._parts = parts
        self._limits = limits_of(parts.settings.guard_alert_thresholds)
        self._said: dict[str, float] = {}

    def look(self, every: float) -> LookReport:
        """Look at the figures of the rules with this interval, unless somebody has in this turn.

        Args:
            every: 30, 60 or 300 seconds, as `guard.core.alert_rules` has them.
        """
        ours, redis_problem = self._is_our_turn(every)
        if not ours:
            return LookReport(looked=False)
        look = self._gather(every, redis_problem)
        for reading in look.readings:
            self._decide(look, reading)
        moves = [*look.moves, *self._vanished(look)]
        if look.standing is None:
            done = self._say_unkept(moves, look.now)
        else:
            done = self._perform(look, moves)
            done += self._note_what_is_over(look)
        if not redis_problem:
            self._remember(look)
        unknown = sorted({one.figure for one in look.readings if one.sight.value == "unknown"})
        return LookReport(moves=tuple(done), unknown=tuple(unknown), kept=look.standing is not None)

    # -- looking ---------------------------------------------------------------------------------

    def _is_our_turn(self, every: float) -> tuple[bool, str]:
        """Whether it is, and why Redis does not answer: then it is not asked again, each question would take
        as long as its time-out."""
        try:
            return self._parts.watched.take_turn(_TURNS[every], seconds=every * _ALMOST), ""
        except StoreError as error:
            # Nobody else can say whose turn it is either; keys in SQL keep alerts from being doubled.
            return True, str(error)

    def _gather(self, every: float, redis_problem: str) -> _Look:
        parts = self._parts
        now = parts.clock.wall()
        state = known_state(parts, redis_problem)
        if every == APPLICATION_SECONDS:
            readings = application_figures(parts, state, now, redis_problem)
        elif every == SYSTEM_SECONDS:
            readings = system_figures(parts, redis_problem)
        else:
            readings = database_figures(parts)
        memories: Mapping[str, Memory] = {}
        if not redis_problem:
            with contextlib.suppress(StoreError):
                memories = parts.watched.memories()
        try:
            standing = {kept.key: kept for kept in parts.alerts.standing()}
        except StoreError:
            standing = None
        rules = tuple(rule for rule in RULES if rule.every == every)
        return _Look(
            now=now, rules=rules, readings=readings, state=state, memories=memories, standing=standing
        )

    def _decide(self, look: _Look, reading: Reading) -> None:
        rule = next(one for one in look.rules if one.name == reading.figure)
        name = memory_name(rule.name, reading.subject)
        mode = look.state.mode if look.state is not None and look.state.is_active else None
        decided = step(
            rule,
            reading,
            limit=self._limits.get(rule.name, rule.limit),
            memory=look.memories.get(name, Memory()),
            standing=look.standing or {},
            now=look.now,
            quiet=is_quiet(rule, mode),
        )
        look.new[name] = decided.memory
        look.moves += decided.moves

    def _vanished(self, look: _Look) -> list[Move]:
        """Alerts about windows that are not open any more."""
        if look.state is None:
            return []
        seen = {(one.figure, one.subject) for one in look.readings}
        return [
            vanished(rule, kept, "the window is over")
            for rule in look.rules
            for kept in (look.standing or {}).values()
            if rule.vanishes
            and kept.alert.kind == rule.kind
            and (rule.name, kept.alert.detail.get("subject", "")) not in seen
        ]

    # -- doing -----------------------------------------------------------------------------------

    def _perform(self, look: _Look, moves: Iterable[Move]) -> list[str]:
        done = []
        for move in moves:
            try:
                alert = self._one(look, move)
            except StoreError as error:
                log.warning("an alert is not kept, the next look tries again: %s (%s)", move.message, error)
                continue
            if alert is not None:
                done.append(f"{move.deed.value}: {move.kind}: {move.message}")
        return done

    def _one(self, look: _Look, move: Move) -> KeptAlert | None:
        """The alert as it is kept now; None when another process was faster."""
        alerts = self._parts.alerts
        kept = (look.standing or {}).get(move.key)
        if move.deed is Deed.RAISE or kept is None:
            return alerts.raise_once(_alert(move, look.now), move.key)
        if move.deed is Deed.REPEAT:
            return alerts.repeat(kept, move.message, now=look.now)
        return alerts.resolve(kept, now=look.now, why=move.message)

    def _note_what_is_over(self, look: _Look) -> list[str]:
        """Windows that ended, and a database that was away: what happened, once each."""
        notes = []
        if look.rules[0].every == APPLICATION_SECONDS:
            notes = self._recoveries(look.now)
        name = memory_name(_DATABASE, "")
        before, after = look.memories.get(name), look.new.get(name)
        if before is not None and before.over_since is not None and after is not None:
            away = next(rule for rule in look.rules if rule.name == _DATABASE)
            if after.over_since is None and key_of(away.kind, "") not in (look.standing or {}):
                since = before.over_since
                message = f"the database did not answer for about {humanize(look.now - since)}"
                notes.append((Severity.WARNING, "database was away", message, f"{since:.0f}"))
        done = []
        for severity, kind, message, subject in notes:
            alert = Alert(
                at=look.now, severity=severity, kind=kind, message=message, detail={"subject": subject}
            )
            try:
                raised = self._parts.alerts.raise_once(alert, key_of(kind, subject), lasts=False)
            except StoreError as error:
                log.warning("an alert is not kept: %s (%s)", message, error)
                continue
            if raised is not None:
                done.append(f"{Deed.RAISE.value}: {kind}: {message}")
        return done

    def _recoveries(self, now: float) -> list[tuple[Severity, str, str, str]]:
        try:
            windows = self._parts.durable.windows(_RECENT_WINDOWS)
        except StoreError:
            return []
        return [
            (
                Severity.INFO,
                "recovery done",
                f"maintenance ({one.mode}) is over after {humanize(one.ended_at - one.started_at)}",
                one.window_id,
            )
            for one in windows
            if one.ended_at is not None and one.mode != "test" and now - one.ended_at <= _RECOVERED_SECONDS
        ]

    def _say_unkept(self, moves: Iterable[Move], now: float) -> list[str]:
        done = []
        pause = REPEAT_SECONDS[Severity.CRITICAL]
        for move in moves:
            if move.severity is not Severity.CRITICAL or move.deed is not Deed.RAISE:
                continue
            try:
                ours = self._parts.watched.take_turn(f"said:{move.key}", seconds=pause)
            except StoreError:
                ours = not 0 <= now - self._said.get(move.key, -pause) < pause
            if ours:
                self._said[move.key] = now
                log.critical("alert (%s), which is not kept: %s", move.kind, move.message)
                done.append(f"{move.deed.value}: {move.kind}: {move.message}")
        return done

    def _remember(self, look: _Look) -> None:
        old = [name for name, one in look.memories.items() if look.now - one.at > _FORGET_SECONDS]
        try:
            self._parts.watched.remember(look.new, forget=[name for name in old if name not in look.new])
        except StoreError as error:
            log.warning("what was seen is forgotten: %s", error)


def _alert(move: Move, now: float) -> Alert:
    detail: dict[str, Any] = {"rule": move.rule, "subject": move.subject}
    if move.value is not None:
        detail["value"] = round(move.value, 3)
    if move.limit is not None:
        detail["limit"] = move.limit
    return Alert(at=now, severity=move.severity, kind=move.kind, message=move.message[:500], detail=detail)

