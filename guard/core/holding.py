"""What one holder wants of a window, and what a window is that several hold: their union.

A holder is a planned window that has begun, or the person who opened the window by hand. While there are
several the window is the union of what they want: the stricter mode, all that any of their scopes covers,
the later end; sessions end if one of them wants that.

Scopes are joined part by part. Where one narrows by operation and the other by queue no scope says "either",
so the union covers everything: rather too much waits than that something starts which must not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.generation import SessionPolicy
from guard.core.modes import Mode
from guard.core.plain import require_plain
from guard.core.scope import EVERYTHING, Scope
from guard.core.terms import AtDeadline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from guard.core.state import GuardState

__all__ = ["Holding", "join_reasons", "join_scopes", "joined", "stricter"]

_MOST_NAMES = 50
_LONGEST_REASON = 500
_BETWEEN = "; "
_ORDER = (Mode.TEST, Mode.NORMAL, Mode.EMERGENCY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a holder wants.

    Attributes:
        mode, reason, scope, sessions: as a window has them.
        ends_at: UTC seconds; None when nobody planned it.
        drain_by: UTC seconds in which all guarded jobs should have ended; None: no deadline.
        at_deadline: what happens then.
        grace, verify: as the terms of a window. What opens a window agrees on them; a union leaves them.
    """

    mode: Mode
    reason: str
    scope: Scope = EVERYTHING
    sessions: SessionPolicy = SessionPolicy.KEEP
    ends_at: float | None = None
    drain_by: float | None = None
    at_deadline: AtDeadline = AtDeadline.WAIT
    grace: int | None = None
    verify: bool = False

    @classmethod
    def of(cls, state: GuardState) -> Holding:
        """What an open window is now: what a person wants who opened it by hand."""
        return cls(
            mode=state.mode or Mode.NORMAL,
            reason=state.reason,
            scope=state.terms.scope,
            sessions=state.terms.sessions or SessionPolicy.KEEP,
            ends_at=state.planned_end,
            drain_by=state.drain_deadline,
            at_deadline=state.terms.at_deadline,
            grace=state.terms.grace,
            verify=state.terms.verify,
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "mode": self.mode.value,
            "reason": self.reason,
            "scope": self.scope.to_dict(),
            "sessions": self.sessions.value,
            "ends_at": self.ends_at,
            "drain_by": self.drain_by,
            "at_deadline": self.at_deadline.value,
            "grace": self.grace,
            "verify": self.verify,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Holding:
        """Read what `to_dict` gave.

        Raises:
            StateInvalid, ValueError, KeyError, TypeError, OverflowError: it is nothing of that kind.
        """
        read = cls(
            mode=Mode(raw["mode"]),
            reason=str(raw["reason"]),
            scope=Scope.from_dict(raw["scope"]),
            sessions=SessionPolicy(raw["sessions"]),
            ends_at=_moment(raw["ends_at"]),
            drain_by=_moment(raw["drain_by"]),
            at_deadline=AtDeadline(raw["at_deadline"]),
            grace=raw["grace"],
            verify=bool(raw["verify"]),
        )
        return require_plain(read)


def _moment(raw: Any) -> float | None:
    return None if raw is None else float(raw)


def stricter(modes: Iterable[Mode]) -> Mode:
    """The strictest of some modes."""
    return max(modes, key=_ORDER.index)


def joined(holdings: Iterable[Holding]) -> Holding:
    """The union of one holding or more, the one that began first in front: the drain's deadline is its."""
    first, *others = held = tuple(holdings)
    scope = first.scope
    for other in others:
        scope = join_scopes(scope, other.scope)
    reason = first.reason
    for other in others:
        reason = join_reasons(reason, other.reason)
    ends = [one.ends_at for one in held if one.ends_at is not None]
    invalidates = any(one.sessions is SessionPolicy.INVALIDATE for one in held)
    return Holding(
        mode=stricter(one.mode for one in held),
        reason=reason,
        scope=scope,
        sessions=SessionPolicy.INVALIDATE if invalidates else SessionPolicy.KEEP,
        ends_at=max(ends) if len(ends) == len(held) else None,
        drain_by=first.drain_by,
        at_deadline=first.at_deadline,
        grace=first.grace,
        verify=first.verify,
    )


def join_reasons(one: str, other: str) -> str:
    """Both, said once, as far as a reason may be long."""
    if other in one.split(_BETWEEN):
        return one
    return f"{one}{_BETWEEN}{other}"[:_LONGEST_REASON].strip()


def join_scopes(one: Scope, other: Scope) -> Scope:
    """The narrowest scope that covers both."""
    tenants = _both(one.tenants, other.tenants) if one.tenant_key == other.tenant_key else ()
    crossing = None if one.crossing is None or other.crossing is None else min(one.crossing, other.crossing)
    return Scope(
        operations=_both(one.operations, other.operations),
        queues=_both(one.queues, other.queues),
        tenant_key=one.tenant_key if tenants else "",
        tenants=tenants,
        crossing=crossing,
    )


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Names of both; empty, which does not narrow, when one is, or when there are too many for a scope."""
    names = tuple(sorted({*one, *other}))
    return names if one and other and len(names) <= _MOST_NAMES else ()
