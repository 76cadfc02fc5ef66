"""The guides' log lines, word for word, since operators grep for them. All wording is here.

Values are untrusted text: quotes, backslashes, control and direction characters are escaped, so
that a reason can neither end the line nor forge another one.
"""

from __future__ import annotations

import logging
from hashlib import sha256

from guard.core.durations import humanize

__all__ = [
    "activated",
    "blocked",
    "deactivated",
    "disabled_entirely",
    "escape",
    "masked",
    "more_blocked",
    "planned",
    "session_invalidated",
    "sessions_invalidated",
]

log = logging.getLogger("guard.maintenance")


def escape(value: str) -> str:
    """The value for a quoted field of a log line."""
    return "".join(_escaped(char) for char in value)


def _escaped(char: str) -> str:
    if char in {'"', "\\"}:
        return "\\" + char
    if not char.isprintable():
        return f"\\u{ord(char):04x}"
    return char


def activated(*, mode: str, reason: str, by: str) -> None:
    """A window was opened."""
    if mode == "emergency":
        log.warning(
            '[EMERGENCY] Emergency maintenance activated: reason="%s" admin="%s"', escape(reason), escape(by)
        )
    else:
        log.warning(
            '[MAINTENANCE] Maintenance mode activated: reason="%s" admin="%s"', escape(reason), escape(by)
        )


def deactivated(*, seconds: float, by: str) -> None:
    """A window was ended."""
    log.warning(
        '[MAINTENANCE] Maintenance mode deactivated: duration="%s" admin="%s"', humanize(seconds), escape(by)
    )


def planned(*, kind: str, name: str, start: str, reason: str) -> None:
    """A notice of a planned window was given. The guides have no line for it; this is in their form."""
    log.warning(
        '[MAINTENANCE] Planned maintenance %s: name="%s" start="%s" reason="%s"',
        kind,
        escape(name),
        start,
        escape(reason),
    )


def blocked(*, endpoint: str, user: str, why: str) -> None:
    """A job or request was refused."""
    log.info(
        '[MAINTENANCE] Operation blocked: endpoint="%s" user="%s" reason="%s"',
        escape(endpoint),
        escape(user),
        escape(why),
    )


def more_blocked(*, more: int, why: str) -> None:
    """More requests were refused in a second than have a line of their own."""
    log.info('[MAINTENANCE] Operations blocked: more="%d" reason="%s"', more, escape(why))


def session_invalidated(*, session_id: str, user: str, why: str) -> None:
    """One session was ended. Its id is a secret: it is not shown, and cannot be told from what is."""
    log.info(
        '[MAINTENANCE] Session invalidated: session_id="%s" user="%s" reason="%s"',
        masked(session_id),
        escape(user),
        escape(why),
    )


def sessions_invalidated(*, more: int, why: str) -> None:
    """More sessions were ended than have a line of their own."""
    log.info('[MAINTENANCE] Sessions invalidated: more="%d" reason="%s"', more, escape(why))


def masked(secret: str) -> str:
    """A name for a session id: the same for the same id, so that lines can be brought together."""
    return f"sha256:{sha256(secret.encode('utf-8', 'replace')).hexdigest()[:12]}"


def disabled_entirely() -> None:
    """MAINTENANCE_MODE_ENABLED is false."""
    log.warning(
        "[MAINTENANCE] The guard is switched off (MAINTENANCE_MODE_ENABLED=false): "
        "nothing is refused, held or parked"
    )
