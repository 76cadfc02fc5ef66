"""URLs whose passwords never show."""

from __future__ import annotations

import re

__all__ = ["MaskedUrl", "mask_url"]


# Up to the last @: SQLAlchemy and redis-py take passwords with any character in them.
_PASSWORD = re.compile(r"(://[^:@\s;]*):[^\s;]*@")
_BARE = re.compile(r"(://)[^:@/\s;]*[#?][^\s;]*@")
_SECRET_QUERY = re.compile(r"([?&][^=&\s]*(?:pass|secret|token|key|sig)[^=&\s]*=)[^&\s;]*", re.IGNORECASE)
_FRAGMENT = re.compile(r"(://[^\s;#]*)#[^\s;]*")


def mask_url(url: str) -> str:
    """The text with the password of every URL in it, and query values that could be one, as ``***``.

    A broker may be given as several URLs in one setting; each is masked. What is no URL that anybody
    could parse is masked as a whole.
    """
    if "://[" in url and "]" not in url:
        return "***"
    masked = _BARE.sub(r"\1***@", _PASSWORD.sub(r"\1:***@", url))
    return _FRAGMENT.sub(r"\1", _SECRET_QUERY.sub(r"\1***", masked))


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
