"""Judgements of the family "session invalidation not working"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.diagnosis import Verdict, broken, ok, warn
from guard.core.modes import Phase

if TYPE_CHECKING:
    from guard.core.doctor_facts import SessionFacts
    from guard.core.state import GuardState

__all__ = ["policies", "session_layout", "session_store", "sign_in_flag", "users_table"]

_SHARE = 0.1
"""Sessions that nobody can read are usual in small numbers; above this share the layout is another one."""


def session_store(facts: SessionFacts | None) -> Verdict:
    """It answers."""
    if facts is None:
        return ok("no sessions are in Redis (GUARD_SESSION_PREFIX is empty)")
    return ok(f"{facts.seen + facts.foreign}{'' if facts.whole else ' or more'} keys under the prefix")


def session_layout(facts: SessionFacts | None) -> Verdict:
    """Whether the sessions can be read."""
    if facts is None or not facts.seen + facts.foreign:
        return ok("there are no sessions to read")
    odd = facts.unreadable + facts.foreign
    total = facts.seen + facts.foreign
    if odd <= total * _SHARE:
        return ok(f"{total - odd} of {total} sessions can be read")
    return broken(
        f"{odd} of {total} keys under the session prefix cannot be read as sessions",
        "nobody can tell whose they are: an admin's would end too, and other types are left alone",
        "set GUARD_SESSION_PREFIX to what the keys of your sessions begin with (JSON text or a hash, "
        "with user_id and "
        "created_at); `celery -A yourapp maintenance sessions stats` counts again",
    )


def sign_in_flag(facts: SessionFacts | None, state: GuardState) -> Verdict:
    """Whether something else than the guard bars people from signing in."""
    if facts is None or not facts.flags:
        return ok("no flag bars people from signing in")
    if state.phase is not Phase.INACTIVE:
        return ok(f"{', '.join(facts.flags)} bars people from signing in, and a window is open")
    name, left = next(iter(facts.flags.items()))
    lasts = "for good" if left is None else f"for {left} s more"
    return broken(
        f"{name} was left behind: it bars people from signing in {lasts}, and no window is open",
        "an older release of the application set it and did not take it away; the guard does not use it",
        f"redis-cli DEL {name}",
    )


def users_table(there: bool, sessions: SessionFacts | None) -> Verdict:  # noqa: FBT001 - a fact
    """Whether roles can be read: without them nobody is known to be an admin."""
    if there:
        return ok("the roles of users can be read")
    if sessions is None or not sessions.seen:
        return ok("there is no table users, and no session that would need it")
    return warn(
        "the application's database has no table users with id and role",
        "nobody is known to be an admin, so sessions that may be an admin's are not deleted",
        "set GUARD_APP_DATABASE_URL to the application's own database",
    )


def policies(normal: bool, emergency: bool) -> Verdict:  # noqa: FBT001 - two facts
    """Whether windows end sessions at all. To keep them is a choice, and the first thing to know."""
    if not emergency:
        return warn(
            "an emergency keeps everybody's sessions",
            "people stay signed in while nobody knows what is wrong",
            "set EMERGENCY_MODE_SESSION_CLEANUP=true",
        )
    if not normal:
        return ok("a normal window keeps sessions (GUARD_SESSIONS_NORMAL=keep)")
    return ok("windows end the sessions of everybody but admins")
