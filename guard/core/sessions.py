"""A session of the application: read as it is found, and judged.

Rules:

- Whoever is judged, the role comes from the table `users`; a payload carries none that counts.
- An admin's session is always accepted. Any other is accepted by its number, or where it carries none by when
  it was made; one that says neither is not accepted once sessions were ever invalidated.
- What is accepted is kept. What is not is deleted once it is known whose it is: nobody's, or no admin's. So a
  pass may be repeated at any time, and late: it never ends a session of somebody who signed in afterwards.
- Age is the payload's, never the time to live of its key: a key that never ends is no old session.
- Sign-in is decided by the state alone, so it is barred exactly as long as the window lasts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.generation import Generation, SessionPolicy
from guard.core.modes import Gate

if TYPE_CHECKING:
    from guard.core.state import GuardState

__all__ = [
    "GENERATION_FIELD",
    "SESSION_FIELDS",
    "ActiveRow",
    "FoundSession",
    "Session",
    "Verdict",
    "has_expired",
    "is_accepted",
    "is_admin",
    "judge",
    "may_sign_in",
    "moment_of",
    "read_session",
    "stamp_of",
]

GENERATION_FIELD = "guard_generation"
"""Where a session carries its number."""
SESSION_FIELDS = ("user_id", "created_at", "expires_at", GENERATION_FIELD)
"""What is read of a session."""
NEVER = Generation()
"""Sessions were never invalidated."""

_LONGEST_PAYLOAD = 65_536
_LARGEST_ID = 2**63
_LATEST = 253_402_300_800
"""The year 10000, where calendars end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a payload says.

    Attributes:
        user_id: None when nobody can read whose it is.
        created_at, expires_at: UTC seconds; None when it does not say, or nobody can read it.
        number: of the generation in which it was made; None when it carries none, -1 when nobody can read it.
    """

    user_id: int | None = None
    created_at: float | None = None
    expires_at: float | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSession:
    """A session where it was found: its whole key, its id, and whether it is of the older layout."""

    key: bytes
    session_id: str
    session: Session
    is_hash: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveRow:
    """An active row of `user_sessions`: its primary key, and whose it is."""

    row_id: Any
    user_id: int | None


class Verdict(StrEnum):
    """What is to be done with a session."""

    ACCEPTED = "accepted"
    """It is kept."""
    ADMIN = "admin"
    """It would not be accepted, and is kept: it is an admin's."""
    EXPIRED = "expired"
    """It is deleted, whoever's it is."""
    ENDED = "ended"
    """It is deleted: it is no admin's, and from before sessions were invalidated."""
    UNREADABLE = "unreadable"
    """It is deleted: nobody can read whose it is, so it is no admin's."""
    UNKNOWN = "unknown"
    """It is kept, and accepted nowhere: nobody can say whether it is an admin's."""

    @property
    def deletes(self) -> bool:
        """Whether its key is deleted."""
        return self in {Verdict.EXPIRED, Verdict.ENDED, Verdict.UNREADABLE}


def read_session(raw: str | bytes | Mapping[Any, Any]) -> Session:
    """The session that a payload says: JSON text, or the fields of a hash. Never raises."""
    fields = _fields_of(raw)
    return Session(
        user_id=_user_id(fields.get("user_id")),
        created_at=moment_of(fields.get("created_at")),
        expires_at=moment_of(fields.get("expires_at")),
        number=stamp_of(fields.get(GENERATION_FIELD)),
    )


def is_admin(role: object) -> bool:
    """Whether a role of `users` is the admins'. Takes the name as stored, or a member of an enumeration."""
    text = getattr(role, "value", role)
    return isinstance(text, str) and text.strip().casefold() == "admin"


def is_accepted(
    generation: Generation, *, number: int | None, created_at: float | None, admin: bool = False
) -> bool:
    """Whether a request with a session is let in.

    Args:
        number: what was stamped into the session; None when it carries none.
        created_at: UTC seconds; looked at only without a number.
        admin: whether `users` says that it is an admin's.
    """
    if admin or generation == NEVER:
        return True
    if number is not None:
        return number >= generation.number
    if generation.valid_after is None:
        return True
    return created_at is not None and created_at > generation.valid_after


def may_sign_in(role: object, state: GuardState | None) -> bool:
    """Whether somebody with this role may sign in now. Admins always; others not while a window lasts that
    ended their sessions, and not while nobody knows the state."""
    if is_admin(role):
        return True
    if state is None:
        return False
    closed = state.gate in {Gate.NORMAL, Gate.EMERGENCY}
    return not (closed and state.terms.sessions is SessionPolicy.INVALIDATE)


def has_expired(session: Session, *, now: float, lifetime: float) -> bool:
    """Whether a session is over by its own account. One that says nothing of its age is not known to be."""
    if session.expires_at is not None:
        return session.expires_at <= now
    return session.created_at is not None and session.created_at + lifetime <= now


def judge(
    session: Session,
    *,
    generation: Generation,
    roles: Mapping[int, str | None],
    now: float,
    lifetime: float,
) -> Verdict:
    """What is to be done with a session.

    Args:
        roles: by user id, as in `users`; None: there is no such user; left out: nobody could say.
        now: UTC seconds.
        lifetime: seconds for which a session lasts that does not say itself when it ends.
    """
    if has_expired(session, now=now, lifetime=lifetime):
        return Verdict.EXPIRED
    if is_accepted(generation, number=session.number, created_at=session.created_at):
        return Verdict.ACCEPTED
    if session.user_id is None:
        return Verdict.UNREADABLE
    if session.user_id not in roles:
        return Verdict.UNKNOWN
    return Verdict.ADMIN if is_admin(roles[session.user_id]) else Verdict.ENDED


def moment_of(raw: object) -> float | None:
    """A time as UTC seconds: ISO 8601 text, seconds as a number or as text, or a `datetime`. Without a zone
    it is UTC. None when it is no time, or none between 1970 and the year 10000."""
    try:
        if isinstance(raw, str) and not _is_decimal(raw):
            raw = datetime.fromisoformat(raw.strip())
        if isinstance(raw, datetime):
            raw = (raw if raw.tzinfo else raw.replace(tzinfo=UTC)).timestamp()
        if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
            return None
        seconds = float(raw)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and 0 <= seconds < _LATEST else None


def stamp_of(raw: object) -> int | None:
    """The number that a session carries; None when it carries none, -1 when nobody can read it."""
    if raw is None or raw == "":  # a hash has no null
        return None
    number = _whole(raw)
    return number if number is not None and 0 <= number < _LARGEST_ID else -1


def _is_decimal(text: str) -> bool:
    """Whether a text is a number of seconds, and not a date written in digits alone."""
    whole, _, fraction = text.strip().partition(".")
    return whole.isascii() and whole.isdigit() and len(whole) > 8 and (not fraction or fraction.isdigit())


def _fields_of(raw: str | bytes | Mapping[Any, Any]) -> dict[str, Any]:
    if isinstance(raw, Mapping):
        return {_text(name): _text(value) for name, value in raw.items()}
    if len(raw) > _LONGEST_PAYLOAD:
        return {}
    try:
        # As text: of bytes, json would first find out which of five encodings they are in.
        fields = json.loads(raw.decode() if isinstance(raw, bytes) else raw)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _user_id(raw: object) -> int | None:
    number = _whole(raw)
    return number if number is not None and 0 <= number < _LARGEST_ID else None


def _whole(raw: object) -> int | None:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    text = raw.strip() if isinstance(raw, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
