"""Changes of the guard state: what an administrator asks for, checked and turned into the next state.

Each function is pure: state in, next state out (epoch + 1), or an error and nothing changed.
The shell writes the result by compare-and-set.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from guard.core.drill_window import without_drill
from guard.core.durations import LONGEST_SECONDS
from guard.core.generation import SessionPolicy
from guard.core.modes import Mode
from guard.core.phases import MOVES, Event, move
from guard.core.scope import EVERYTHING, Scope
from guard.core.suggest import did_you_mean
from guard.core.terms import LONGEST_DRAIN, LONGEST_GRACE, AtDeadline, Terms
from guard.errors import IllegalMove, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.state import GuardState

__all__ = [
    "LONGEST_REASON",
    "WindowRequest",
    "change",
    "checked_actor",
    "close",
    "confirm",
    "drained",
    "extend_drain",
    "finish_release",
    "invalidate_sessions",
    "release",
    "verify",
]

LONGEST_REASON = 500
LONGEST_ACTOR = 100
_FORGING = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})
"""Control characters and line separators forge log lines and terminal output."""
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Overrides and isolates turn the words that follow round ("Trojan Source")."""
_INVISIBLE = frozenset({"Cf", "Cc", "Zs", "Zl", "Zp", "Mn"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRequest:
    """A checked request to open a window.

    Attributes:
        mode: normal, emergency or test.
        reason: 1 to 500 printable characters, trimmed.
        duration: planned seconds, or None.
        by: who asks, 1 to 100 printable characters.
        terms: grace period, deadline of the drain and what happens then, whether to verify, sessions, scope.
    """

    mode: Mode
    reason: str
    duration: int | None
    by: str
    terms: Terms = field(default_factory=Terms)

    @classmethod
    def check(
        cls,
        *,
        mode: str,
        reason: str,
        duration: float | None,
        by: str,
        grace: float | None = None,
        drain_within: float | None = None,
        at_deadline: str = AtDeadline.WAIT.value,
        verify: bool = False,
        sessions: str | None = None,
        scope: Mapping[str, Any] | Scope | None = None,
        notify_users: bool = True,
    ) -> WindowRequest:
        """Check raw values.

        Raises:
            InvalidRequest: with every problem at once.
        """
        problems: list[str] = []
        checked_mode = _mode(mode, problems)
        checked_reason = _text("reason", reason, LONGEST_REASON, problems)
        checked_by = _text("by", by, LONGEST_ACTOR, problems)
        checked_duration = _duration(duration, problems)
        terms = Terms(
            grace=_seconds("grace", grace, 0, LONGEST_GRACE, problems),
            drain_within=_seconds("drain_within", drain_within, 1, LONGEST_DRAIN, problems),
            at_deadline=_at_deadline(at_deadline, problems),
            verify=verify,
            sessions=_sessions(sessions, problems),
            scope=_scope(scope, problems),
            notify=bool(notify_users),
        )
        if terms.at_deadline is not AtDeadline.WAIT and terms.drain_within is None:
            problems.append(f"at_deadline {terms.at_deadline.value!r} needs a deadline: give drain_within")
        if problems:
            raise InvalidRequest(*problems)
        return cls(
            mode=checked_mode, reason=checked_reason, duration=checked_duration, by=checked_by, terms=terms
        )


def close(state: GuardState, request: WindowRequest, *, window_id: str, now: float) -> GuardState:
    """Open a window: the gate closes, and sessions end if that was agreed on. A drill gives way."""
    if request.mode is not Mode.TEST:
        state = without_drill(state)
    invalidates = request.terms.sessions is SessionPolicy.INVALIDATE and request.mode is not Mode.TEST
    return replace(
        state,
        epoch=state.epoch + 1,
        phase=move(state.phase, Event.ENABLE),
        mode=request.mode,
        window_id=window_id,
        reason=request.reason,
        by=request.by,
        started_at=now,
        duration=request.duration,
        changed_at=now,
        terms=request.terms,
        generation=state.generation.next(now) if invalidates else state.generation,
    )


def invalidate_sessions(state: GuardState, *, by: str, now: float) -> GuardState:
    """End all sessions of non-admins, in a window or outside of one."""
    problems: list[str] = []
    checked_by = _text("by", by, LONGEST_ACTOR, problems)
    if problems:
        raise InvalidRequest(*problems)
    return replace(
        state,
        epoch=state.epoch + 1,
        phase=move(state.phase, Event.INVALIDATE),
        by=checked_by,
        changed_at=now,
        generation=state.generation.next(now),
    )


def confirm(state: GuardState, *, now: float) -> GuardState:
    """Every gate is known to be closed, or its lease has run out: the drain begins."""
    return replace(state, epoch=state.epoch + 1, phase=move(state.phase, Event.CONFIRM), changed_at=now)


def drained(state: GuardState, *, now: float) -> GuardState:
    """No guarded job is in flight any more."""
    return replace(state, epoch=state.epoch + 1, phase=move(state.phase, Event.DRAINED), changed_at=now)


def verify(state: GuardState, *, by: str, now: float) -> GuardState:
    """Let those try who hold a bypass, before everybody may."""
    problems: list[str] = []
    checked_by = _text("by", by, LONGEST_ACTOR, problems)
    if problems:
        raise InvalidRequest(*problems)
    return replace(
        state, epoch=state.epoch + 1, phase=move(state.phase, Event.VERIFY), by=checked_by, changed_at=now
    )


def extend_drain(state: GuardState, *, now: float) -> GuardState:
    """Move the deadline of the drain past now, by the time that was agreed on, as often as it takes."""
    terms = state.terms
    if state.drain_deadline is None or terms.drain_within is None:
        raise IllegalMove(phase=state.phase, event=Event.CHANGE, remedy="this drain has no deadline")
    missed = max(1, math.ceil((now - state.drain_deadline) / terms.drain_within))
    return replace(
        state,
        epoch=state.epoch + 1,
        phase=move(state.phase, Event.CHANGE),
        terms=replace(terms, extended=terms.extended + missed),
        changed_at=now,
    )


def change(
    state: GuardState,
    *,
    by: str,
    now: float,
    mode: str | None = None,
    reason: str | None = None,
    duration: float | None = None,
    grace: float | None = None,
    drain_within: float | None = None,
    at_deadline: str | None = None,
    sessions: str | None = None,
    scope: Mapping[str, Any] | Scope | None = None,
) -> GuardState:
    """Change what a window is, while it is open. What is None stays as it is.

    Raises:
        InvalidRequest: with every problem; also when nothing would change, or a rehearsal should
            become real or the other way round.
        IllegalMove: no window is open.
    """
    old = state.terms
    widened = scope is not None and _scope(scope, []) != old.scope
    event = _event_of(state, mode, widened=widened)
    after = move(state.phase, event)
    new = WindowRequest.check(
        mode=mode if mode is not None else (state.mode or Mode.NORMAL).value,
        reason=reason if reason is not None else state.reason,
        duration=duration if duration is not None else state.duration,
        by=by,
        grace=grace if grace is not None else old.grace,
        drain_within=drain_within if drain_within is not None else old.drain_within,
        at_deadline=at_deadline if at_deadline is not None else old.at_deadline.value,
        verify=old.verify,
        sessions=sessions if sessions is not None else old.sessions,
        scope=scope if scope is not None else old.scope,
        notify_users=old.notify,
    )
    terms = new.terms if drain_within is not None else replace(new.terms, extended=old.extended)
    # Said anew it counts anew: an emergency ends the sessions that its normal window had kept, or let in.
    invalidates = sessions is not None and terms.sessions is SessionPolicy.INVALIDATE
    changed = replace(state, mode=new.mode, reason=new.reason, duration=new.duration, terms=terms)
    if changed == state and not invalidates:
        raise InvalidRequest("nothing would change: say what should")
    return replace(
        changed,
        epoch=state.epoch + 1,
        phase=after,
        by=new.by,
        changed_at=now,
        generation=state.generation.next(now) if invalidates else state.generation,
    )


def _event_of(state: GuardState, mode: str | None, *, widened: bool) -> Event:
    """A scope that changes may cover more: gates are confirmed and workers drained once more."""
    if Event.CHANGE not in MOVES[state.phase]:
        return Event.CHANGE  # whatever was to be changed: there is no window
    if mode is None or state.mode is None or mode == state.mode:
        return Event.ESCALATE if widened else Event.CHANGE
    if Mode.TEST.value in {mode, state.mode.value}:
        raise InvalidRequest("a rehearsal cannot become real, nor the other way round: disable it first")
    return Event.ESCALATE if mode == Mode.EMERGENCY or widened else Event.EASE


def release(state: GuardState, *, by: str, now: float, unverified: bool = False) -> GuardState:
    """End the window: the gate opens, parked jobs go back.

    Args:
        unverified: also when a stage for verifying was agreed on and has not begun.

    Raises:
        InvalidRequest: `by` is empty or too long.
        IllegalMove: no window is open, or it is to be verified first.
    """
    problems: list[str] = []
    checked_by = _text("by", by, LONGEST_ACTOR, problems)
    if problems:
        raise InvalidRequest(*problems)
    after = move(state.phase, Event.DISABLE)
    if not (state.honours_bypass or unverified):
        remedy = "it was agreed that this window is verified first; or say that it ends unverified"
        raise IllegalMove(phase=state.phase, event=Event.DISABLE, remedy=remedy)
    return replace(state, epoch=state.epoch + 1, phase=after, by=checked_by, changed_at=now)


def finish_release(state: GuardState, *, now: float) -> GuardState:
    """Nothing is parked any more: the window is over."""
    return replace(
        state,
        epoch=state.epoch + 1,
        phase=move(state.phase, Event.RELEASED),
        mode=None,
        reason="",
        started_at=None,
        duration=None,
        changed_at=now,
        terms=Terms(),
    )


def checked_actor(by: str) -> str:
    """Who does something, trimmed.

    Raises:
        InvalidRequest: empty, too long, or no plain text.
    """
    problems: list[str] = []
    checked = _text("by", by, LONGEST_ACTOR, problems)
    if problems:
        raise InvalidRequest(*problems)
    return checked


def _mode(raw: str, problems: list[str]) -> Mode:
    try:
        return Mode(raw)
    except ValueError:
        allowed = [mode.value for mode in Mode]
        problems.append(
            f"mode {str(raw)[:40]!r} is unknown: use {', '.join(allowed)}{did_you_mean(str(raw), allowed)}"
        )
        return Mode.NORMAL


def _text(name: str, raw: str, longest: int, problems: list[str]) -> str:
    text = raw.strip() if isinstance(raw, str) else ""
    if not any(unicodedata.category(char) not in _INVISIBLE for char in text):
        problems.append(
            f"{name} is empty: say {'why' if name == 'reason' else 'who'} in 1 to {longest} characters"
        )
    elif len(text) > longest:
        problems.append(f"{name} has {len(text)} characters: at most {longest} are allowed")
    elif any(unicodedata.category(char) in _FORGING or char in _TURNING for char in text):
        problems.append(
            f"{name} has a control character or a line break, or turns text round: use one line of plain text"
        )
    return text


def _duration(raw: float | None, problems: list[str]) -> int | None:
    if raw is None:
        return None
    if (
        isinstance(raw, bool)
        or not isinstance(raw, (int, float))
        or raw != raw
        or not 0 < raw <= LONGEST_SECONDS
    ):
        problems.append(
            f"duration {raw!r} is out of range: give seconds from 1 to {LONGEST_SECONDS} (7 days)"
        )
        return None
    return max(1, round(raw))


def _seconds(name: str, raw: float | None, least: int, most: int, problems: list[str]) -> int | None:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not least <= raw <= most:
        problems.append(f"{name} {raw!r} is out of range: give seconds from {least} to {most}")
        return None
    return round(raw)


def _sessions(raw: str | None, problems: list[str]) -> SessionPolicy | None:
    try:
        return SessionPolicy(raw) if raw is not None else None
    except ValueError:
        allowed = [policy.value for policy in SessionPolicy]
        near = did_you_mean(str(raw), allowed)
        problems.append(f"sessions {str(raw)[:40]!r} is unknown: use {' or '.join(allowed)}{near}")
        return None


def _scope(raw: Mapping[str, Any] | Scope | None, problems: list[str]) -> Scope:
    if raw is None or isinstance(raw, Scope):
        return raw or EVERYTHING
    try:
        return Scope.check(**raw)
    except InvalidRequest as error:
        problems += error.problems
        return EVERYTHING


def _at_deadline(raw: str, problems: list[str]) -> AtDeadline:
    try:
        return AtDeadline(raw)
    except ValueError:
        allowed = [policy.value for policy in AtDeadline]
        problems.append(
            f"at_deadline {str(raw)[:40]!r} is unknown: use {', '.join(allowed)}"
            f"{did_you_mean(str(raw), allowed)}"
        )
        return AtDeadline.WAIT
