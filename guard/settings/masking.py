"""URLs whose passwords never show."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

__all__ = ["MaskedUrl", "mask_url"]


def mask_url(url: str) -> str:
    """The URL with its password, and every value of its query that could be one, as ``***``."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "***"
    netloc = parts.netloc
    credentials, at, address = netloc.rpartition("@")
    if at:
        user, colon, _ = credentials.partition(":")
        netloc = f"{user}{':***' if colon else ''}@{address}"
    query = "&".join(
        f"{pair.partition('=')[0]}=***" if "pass" in pair.lower() or "secret" in pair.lower() else pair
        for pair in parts.query.split("&")
    )
    return urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment))


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
