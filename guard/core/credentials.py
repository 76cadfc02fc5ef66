"""Access tokens: what one looks like, what may be asked for, and when one counts.

A token is ``gmt_<id>_<secret>``: the id names its row, the secret is 256 random bits. Only a digest of the
secret is kept, and a plain SHA-256 is enough: nobody can try 2^256 secrets, so nothing is gained by a slow
hash.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from guard.core.access import Right
from guard.core.suggest import did_you_mean
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "LONGEST_TOKEN_SECONDS",
    "NewToken",
    "TokenRequest",
    "TokenView",
    "digest_of",
    "is_secret_of",
    "read_token",
    "rights_text",
    "token_text",
]

LONGEST_TOKEN_SECONDS = 366 * 24 * 3600
_LONGEST_NAME = 100
_SHAPE = re.compile(r"gmt_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """What is known of a token; never its secret. Times are UTC seconds.

    Attributes:
        token_id: names it, for `revoke`. No secret.
        owner: whom the journal names for what is done with it.
        rights: what it allows.
        used_at: when it was last shown, to the minute; None: never.
    """

    token_id: str
    owner: str
    label: str
    rights: frozenset[Right]
    made_at: float
    made_by: str
    expires_at: float
    revoked_at: float | None = None
    revoked_by: str = ""
    used_at: float | None = None

    def counts(self, now: float) -> bool:
        """Whether it is neither revoked nor over."""
        return self.revoked_at is None and now < self.expires_at

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {**asdict(self), "rights": sorted(self.rights)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A token that somebody wants, checked.

    Attributes:
        owner, label, by: one line each; owner and by 1 to 100 characters, label up to 100.
        rights: one or more.
        seconds: how long it counts, 1 to `LONGEST_TOKEN_SECONDS`.
    """

    owner: str
    label: str
    rights: frozenset[Right]
    seconds: int
    by: str

    @classmethod
    def check(
        cls, *, owner: str, rights: Iterable[str], seconds: int, by: str, label: str = ""
    ) -> TokenRequest:
        """The request, trimmed.

        Raises:
            InvalidRequest: with every problem.
        """
        problems: list[str] = []
        owner, by = _name("owner", owner, problems), _name("by", by, problems)
        label = label.strip()
        if len(label) > _LONGEST_NAME or not label.isprintable():
            problems.append(
                f"label is too long or no plain text: up to {_LONGEST_NAME} characters on one line"
            )
        held = _rights(rights, problems)
        if not _is_count(seconds) or not 0 < seconds <= LONGEST_TOKEN_SECONDS:
            problems.append(f"a token of {seconds!r} seconds is out of range: 1 second to 366 days")
        if problems:
            raise InvalidRequest(*problems)
        return cls(owner=owner, label=label, rights=held, seconds=seconds, by=by)

    def view(self, token_id: str, now: float) -> TokenView:
        """The token as it is made now."""
        return TokenView(
            token_id=token_id,
            owner=self.owner,
            label=self.label,
            rights=self.rights,
            made_at=now,
            made_by=self.by,
            expires_at=now + self.seconds,
        )


class NewToken:
    """A token that was just made. `text` is what its owner keeps; it can be had only here, and only once:
    its repr, and a pickle of it, do not hold it."""

    __slots__ = ("_text", "view")

    def __init__(self, text: str, view: TokenView) -> None:
        self._text = text
        self.view = view

    @property
    def text(self) -> str:
        """``gmt_<id>_<secret>``."""
        return self._text

    def __repr__(self) -> str:
        return f"NewToken({self.view.token_id!r})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a new token is not to be copied anywhere: take its text, once")


def token_text(token_id: str, secret: str) -> str:
    """What the owner keeps."""
    return f"gmt_{token_id}_{secret}"


def read_token(text: object) -> tuple[str, str] | None:
    """Id and secret of a text that looks like a token."""
    match = _SHAPE.fullmatch(text) if isinstance(text, str) else None
    return (match[1], match[2]) if match else None


def digest_of(secret: str) -> str:
    """What is kept of a secret: 64 hexadecimal digits."""
    return sha256(secret.encode()).hexdigest()


def is_secret_of(digest: str, secret: str) -> bool:
    """Whether this is the secret of a digest; takes equally long whatever differs."""
    return hmac.compare_digest(digest, digest_of(secret))


def rights_text(rights: Iterable[Right]) -> str:
    """Rights as a row keeps them."""
    return ",".join(sorted(rights))


def _name(field: str, raw: str, problems: list[str]) -> str:
    text = raw.strip() if isinstance(raw, str) else ""
    if not text or len(text) > _LONGEST_NAME or not text.isprintable():
        problems.append(f"{field} {text[:40]!r} is no name: 1 to {_LONGEST_NAME} characters on one line")
    return text


def _rights(raw: Iterable[str], problems: list[str]) -> frozenset[Right]:
    names = [raw] if isinstance(raw, str) else list(raw)
    allowed = [right.value for right in Right]
    unknown = sorted({str(name) for name in names} - set(allowed))
    problems += [
        f"right {name[:40]!r} is unknown: use {', '.join(allowed)}{did_you_mean(name, allowed)}"
        for name in unknown
    ]
    if not names:
        problems.append(f"a token needs a right: {', '.join(allowed)}")
    return frozenset(Right(name) for name in names if name in allowed)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
