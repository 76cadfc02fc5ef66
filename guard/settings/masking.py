"""URLs whose passwords never show."""

from __future__ import annotations

import re

__all__ = ["MaskedUrl", "mask_url"]


_CREDENTIALS = re.compile(r"://[^\s;]*@")
_SECRET_QUERY = re.compile(r"([?&][^=&\s]*(?:pass|secret|token)[^=&\s]*=)[^&\s;]*", re.IGNORECASE)


def mask_url(url: str) -> str:
    """The text with the credentials of every URL in it, and query values that could be one, as ``***``.

    A broker may be given as several URLs in one setting; each is masked.
    """
    return _SECRET_QUERY.sub(r"\1***", _CREDENTIALS.sub("://***@", url))


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
