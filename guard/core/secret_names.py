"""The secrets that may be kept in the database instead of the environment, and what each is for."""

from __future__ import annotations

from guard.core.suggest import did_you_mean
from guard.errors import InvalidRequest

__all__ = ["LONGEST_SECRET", "SECRETS", "check_secret"]

SECRETS = {
    "maintenance_webhook_url": "where alerts are posted: the URL, whose path or query is the proof",
    "webhook_secret": "the key that posts to the webhook are signed with",
    "smtp_user": "the name at the mail server",
    "smtp_password": "the password at the mail server",
}
LONGEST_SECRET = 4096
"""Characters."""


def check_secret(name: str, text: str | None = None) -> None:
    """Raise InvalidRequest unless a secret of this name may be kept, and with this text.

    The text is in no message.
    """
    if name not in SECRETS:
        hint = did_you_mean(name[:50], SECRETS)
        raise InvalidRequest(f"there is no secret {name[:50]!r}{hint}; there are: {', '.join(SECRETS)}")
    if text is None:
        return
    if not text:
        raise InvalidRequest("the secret is empty: `maintenance secrets remove` drops one")
    if len(text) > LONGEST_SECRET:
        raise InvalidRequest(f"the secret is longer than {LONGEST_SECRET} characters")
    if not text.isprintable():
        raise InvalidRequest("the secret has characters that are not printable, such as a line break")
