"""What sessions there are, and whose. Changes nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from guard.core.session_sweep import SessionStats
from guard.core.sessions import FoundSession, has_expired, is_accepted, is_admin, may_sign_in
from guard.errors import StoreError
from guard.orchestrator.session_pass import RoleBook, SessionDoers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.core.state import GuardState
    from guard.session_ports import SessionKeys

__all__ = ["session_stats"]


def session_stats(
    doers: SessionDoers,
    state: GuardState | None,
    *,
    now: float,
    lifetime: float,
    problems: tuple[str, ...] = (),
    seen: Callable[[int], None] | None = None,
) -> SessionStats:
    """Look at every session once. Never raises for a server that does not answer.

    Args:
        state: by which sessions are accepted; None when nobody knows it.
        now: UTC seconds.
        problems: what did not answer before.
        seen: told how many were looked at.
    """
    told = dict.fromkeys(problems)
    look = _Look(state, RoleBook(doers.users, told), now=now, lifetime=lifetime)
    sessions = None
    try:
        if doers.keys is not None:
            look.over(doers.keys, seen)
            sessions = look.figures.total()
    except StoreError as error:
        told[str(error)] = None
    rows: list[int | None] = [None, None]
    try:
        rows = [doers.rows.active(), doers.rows.expired(now)]
    except StoreError as error:
        told[str(error)] = None
    return SessionStats(
        generation=state.generation.number if state else None,
        valid_after=state.generation.valid_after if state else None,
        sessions=sessions,
        **look.figures,
        **look.kinds,
        rows_active=rows[0],
        rows_expired=rows[1],
        sign_in=may_sign_in(None, state) if state else None,
        problems=tuple(told),
    )


class _Look:
    def __init__(self, state: GuardState | None, roles: RoleBook, *, now: float, lifetime: float) -> None:
        self.figures: Counter[str] = Counter()
        """By whose they are: each session once."""
        self.kinds: Counter[str] = Counter()
        self._state = state
        self._roles = roles
        self._now = now
        self._lifetime = lifetime

    def over(self, keys: SessionKeys, seen: Callable[[int], None] | None) -> None:
        cursor = 0
        while True:
            cursor, found, foreign = keys.step(cursor)
            self.kinds["foreign"] += foreign
            self.kinds["endless"] += keys.endless(found) if found else 0
            known = self._roles.of({one.session.user_id for one in found if one.session.user_id is not None})
            for one in found:
                self._count(one, known)
            if seen is not None:
                seen(self.figures.total())
            if cursor == 0:
                return

    def _count(self, one: FoundSession, roles: Mapping[int, str | None]) -> None:
        session = one.session
        whose = _whose(session.user_id, roles)
        self.figures[whose] += 1
        self.kinds["hashes" if one.is_hash else "strings"] += 1
        self.kinds["expired"] += has_expired(session, now=self._now, lifetime=self._lifetime)
        if self._state is not None and whose != "admins":
            self.kinds["refused"] += not is_accepted(
                self._state.generation, number=session.number, created_at=session.created_at
            )


def _whose(user_id: int | None, roles: Mapping[int, str | None]) -> str:
    if user_id is None:
        return "unreadable"
    if user_id not in roles:
        return "unknown"
    role = roles[user_id]
    return "no_user" if role is None else "admins" if is_admin(role) else "others"
