"""The secrets that may be kept in the database instead of the environment, and what each is for.

Each has the name of the setting that it stands in for, in lower case, and is judged as that setting is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.mail_server import mail_server
from guard.core.signing_keys import signing_key_problems
from guard.core.suggest import did_you_mean
from guard.core.webhook_address import webhook_problems
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LONGEST_SECRET", "SECRETS", "check_secret"]

SECRETS = {
    "maintenance_webhook_url": "where alerts are posted: the URL, whose path or query is the proof",
    "guard_webhook_secrets": "the key that posts to the webhook are signed with, or the new one, the old one",
    "guard_smtp_url": "the mail server, as smtp+starttls://user:password@host:587",
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
    problems = _PROBLEMS[name](text)
    if problems:
        raise InvalidRequest(*(f"{name} {problem}" for problem in problems))


def _mail_server_problems(url: str) -> list[str]:
    try:
        mail_server(url)
    except InvalidRequest as error:
        return list(error.problems)
    return []


_PROBLEMS: dict[str, Callable[[str], list[str]]] = {
    "maintenance_webhook_url": webhook_problems,
    "guard_webhook_secrets": signing_key_problems,
    "guard_smtp_url": _mail_server_problems,
}
