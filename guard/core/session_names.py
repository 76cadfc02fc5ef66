"""Names of the application's keys in Redis, and which names must never be taken for them.

Sessions often share a Redis with the queues. A prefix or pattern that is too wide would delete jobs, results
or the guard's own state, so it is refused before anything begins.
"""

from __future__ import annotations

import re

__all__ = ["index_names", "name_problems", "patterns_of", "sign_in_flags"]

_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{1,98}[_.:/-]")
_LITERAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{2,98}")
_WILD = re.compile(r"[*?\[\\]")
_OTHERS = ("celery", "rq:", "unacked")
"""What keys of results, jobs and delivery records begin with. No prefix begins as those of kombu do."""
_SESSION = "session:"


def patterns_of(text: str) -> tuple[str, ...]:
    """Comma-separated patterns, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def name_problems(prefix: str, patterns: tuple[str, ...]) -> list[str]:
    """What is wrong with the prefix of session keys and the patterns of token caches; empty: nothing."""
    problems = []
    if prefix and not _PREFIX.fullmatch(prefix):
        problems.append(
            f"GUARD_SESSION_PREFIX is {prefix[:60]!r}: use 3 to 100 letters, digits and _ . : / -, "
            "ending in one of the signs, or nothing when no sessions are in Redis"
        )
    elif prefix and _touches_others(prefix):
        problems.append(f"GUARD_SESSION_PREFIX is {prefix!r}: keys of queues and results begin like it")
    for pattern in patterns:
        literal = _WILD.split(pattern)[0]
        if not _LITERAL.fullmatch(literal) or len(pattern) > 200:
            problems.append(
                f"GUARD_SESSION_TOKEN_PATTERNS has {pattern[:60]!r}: begin with 3 letters or more before the "
                "first * ? or ["
            )
        elif _touches_others(literal):
            problems.append(
                f"GUARD_SESSION_TOKEN_PATTERNS has {pattern[:60]!r}: keys of queues and results begin like it"
            )
    return problems


def index_names(prefix: str) -> tuple[str, str] | None:
    """The older layout's prefix of the sets of a user's session ids, and its set of all ids, for a prefix of
    session keys. None when the prefix does not follow that layout."""
    if not prefix.endswith(_SESSION):
        return None
    base = prefix.removesuffix(_SESSION)
    return f"{base}user_sessions:", f"{base}session_index:all"


def sign_in_flags(prefix: str) -> tuple[str, ...]:
    """Keys by which older releases of the application barred people from signing in, for a prefix of session
    keys. The guard neither sets nor reads them; one left behind bars people although no window is open."""
    base = prefix.removesuffix(_SESSION) if prefix.endswith(_SESSION) else ""
    return (f"{base}maintenance:login_prevention",)


def _touches_others(literal: str) -> bool:
    return any(literal.startswith(name) or name.startswith(literal) for name in _OTHERS)
