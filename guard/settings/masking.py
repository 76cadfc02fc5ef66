"""URLs whose passwords never show, and secrets that never do."""

from __future__ import annotations

import re
from typing import Annotated

__all__ = ["MaskedUrl", "MaskedWebhook", "Secret", "Url", "Webhook", "mask_url"]


# From :// to the last @ before another URL begins: SQLAlchemy and redis-py take passwords with any
# character in them, and a broker may be given as several URLs in one setting.
_CREDENTIALS = re.compile(r"://(?:(?!://).)*@", re.DOTALL)
_SECRET_QUERY = re.compile(r"([?&][^=&\s]*(?:pass|secret|token|key|sig)[^=&\s]*=)[^&\s;]*", re.IGNORECASE)
_FRAGMENT = re.compile(r"(://[^\s;#]*)#[^\s;]*")


def mask_url(url: str) -> str:
    """The text with the credentials of every URL in it, query values that could be one, and fragments, as
    ``***``. What looks like a URL and cannot be parsed is masked as a whole."""
    if "://[" in url and "]" not in url:
        return "***"
    return _FRAGMENT.sub(r"\1", _SECRET_QUERY.sub(r"\1***", _CREDENTIALS.sub("://***@", url)))


class MaskedUrl(str):
    """A URL that is whole for the libraries and masked for people.

    `str()` and f-strings of it give the whole URL, since SQLAlchemy and redis-py need that; `repr`,
    which is what logs and tracebacks show of settings, is masked. Use `masked` to print one.
    """

    __slots__ = ()

    @property
    def masked(self) -> str:
        """The URL as people may see it."""
        return mask_url(str(self))

    def __repr__(self) -> str:
        return repr(self.masked)


class MaskedWebhook(MaskedUrl):
    """A URL whose path is a secret too: whoever knows it may post there."""

    __slots__ = ()

    @property
    def masked(self) -> str:
        """Where it leads, and nothing more."""
        from guard.core.webhook_address import shown_webhook

        return shown_webhook(str(self))


Url = Annotated[str, MaskedUrl]
"""The type of a setting: a text, since that is what one gives; a `MaskedUrl` once it is judged."""
Webhook = Annotated[str, MaskedWebhook]
"""As `Url`; a `MaskedWebhook` once it is judged."""


class Secret:
    """A text that shows itself only when asked to. Its length does not show either."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)
