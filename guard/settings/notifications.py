"""Who is told and by what, as the settings say it; and what of that may not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.notifications import Receivers
    from guard.settings.model import Settings

__all__ = [
    "NOTIFICATIONS",
    "may_be_kept",
    "notification_problems",
    "receivers_of",
    "wanted_secrets",
    "webhook_secrets",
]

_ADDRESSES = ("guard_mail_users", "guard_mail_operators", "guard_mail_emergency_team")
NOTIFICATIONS = frozenset(
    {*_ADDRESSES, "guard_smtp_url", "guard_mail_from", "guard_mail_templates", "guard_webhook_secrets"}
)
"""Those that are judged here."""
_KEPT = ("maintenance_webhook_url", "guard_webhook_secrets", "guard_smtp_url")
"""As in `guard.core.secret_names`, which costs more to load."""


def receivers_of(settings: Settings) -> Receivers:
    """Where messages go. Nobody while notifications are off; no mail where no server is named."""
    from guard.core.mail_server import split_addresses
    from guard.core.notifications import Receivers

    if not settings.maintenance_notifications_enabled:
        return Receivers()
    users, operators, team = (
        split_addresses(getattr(settings, name)) if settings.guard_smtp_url else () for name in _ADDRESSES
    )
    return Receivers(
        users=users,
        operators=operators,
        emergency_team=team,
        webhook=bool(settings.maintenance_webhook_url),
        alerts_by_mail=settings.maintenance_email_alerts,
    )


def webhook_secrets(settings: Settings) -> tuple[bytes, ...]:
    """The keys that a webhook is signed with, newest first; none: it is not signed."""
    from guard.core.signing_keys import signing_keys

    return signing_keys(settings.guard_webhook_secrets.reveal() if settings.guard_webhook_secrets else "")


def may_be_kept(settings: Settings) -> bool:
    """Whether what notifications need and the environment lacks may be in the database: there is a key to
    open it with."""
    return settings.guard_secret_key is not None or settings.guard_encryption_keys is not None


def wanted_secrets(settings: Settings) -> tuple[str, ...]:
    """Those settings that would be taken from the database if they were kept there."""
    if not (settings.maintenance_notifications_enabled and may_be_kept(settings)):
        return ()
    return tuple(name for name in _KEPT if not getattr(settings, name))


def notification_problems(settings: Settings) -> list[str]:
    """A sentence for each of them that may not be. No secret and no URL is repeated."""
    defaults = type(settings)
    changed = {name for name in NOTIFICATIONS if getattr(settings, name) != getattr(defaults, name)}
    if not changed:
        return []
    from guard.core.mail_server import mail_server, split_addresses, split_sender
    from guard.core.signing_keys import signing_key_problems

    problems: list[str] = []
    for name in _ADDRESSES:
        problems += _try(name, lambda name=name: split_addresses(getattr(settings, name)))  # type: ignore[misc]
    if settings.guard_smtp_url:
        problems += _try("guard_smtp_url", lambda: mail_server(str(settings.guard_smtp_url)))
    if settings.guard_mail_from:
        problems += _try("guard_mail_from", lambda: split_sender(settings.guard_mail_from))
    needed = ("guard_mail_from",) if may_be_kept(settings) else ("guard_smtp_url", "guard_mail_from")
    missing = [name for name in needed if not getattr(settings, name)]
    named = [name for name in (*_ADDRESSES, "guard_smtp_url") if name in changed]
    if named and missing:
        problems.append(
            f"{named[0].upper()} is set, and {' and '.join(map(str.upper, missing))} "
            f"{'is' if len(missing) == 1 else 'are'} not: no mail could be sent"
        )
    folder = settings.guard_mail_templates
    if folder and not folder.startswith("/"):
        problems.append(f"GUARD_MAIL_TEMPLATES is {folder[:80]!r}: give an absolute path")
    secrets = settings.guard_webhook_secrets
    found = signing_key_problems(secrets.reveal()) if secrets is not None else []
    return problems + [f"GUARD_WEBHOOK_SECRETS {problem}" for problem in found]


def _try(name: str, read: Callable[[], object]) -> list[str]:
    try:
        read()
    except InvalidRequest as error:
        return [f"{name.upper()} {problem}" for problem in error.problems]
    return []
