"""Bypass: an explicit, signed, scoped and expiring permission to run some kinds of work while closed.

A token says for which operations, until when, for whom and who gave it; HMAC-SHA256 with the guard's
key makes it unforgeable. Without a key there is no bypass. Being an administrator is none.

A token with an id can be revoked: it counts only while the control plane says that it stands. One without is
of a release before that, and counts until it ends.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from guard.core.plain import read_json, require_plain
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = [
    "LONGEST_BYPASS_SECONDS",
    "Bypass",
    "BypassUse",
    "BypassView",
    "bypass_of",
    "issue_bypass",
    "read_bypass",
]

LONGEST_BYPASS_SECONDS = 24 * 3600
_LONGEST_TOKEN = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypass:
    """What a valid token says.

    Attributes:
        bypass_id: names it, for `revoke`; empty: it cannot be revoked.
        user: the one user in whose requests it counts; empty: anybody's. A job carries its token and no user.
    """

    bypass_id: str
    holder: str
    by: str
    user: str = ""

    def __str__(self) -> str:
        user = f" as user {self.user}" if self.user else ""
        return f"{self.holder}{user}, given by {self.by}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BypassView:
    """A bypass that was made. Times are UTC seconds.

    Attributes:
        uses: how often it let a job start or a request pass; None: unknown, or too long ago.
    """

    bypass_id: str
    operations: tuple[str, ...]
    holder: str
    user: str
    made_at: float
    made_by: str
    until: float
    revoked_at: float | None = None
    revoked_by: str = ""
    uses: int | None = None

    def counts(self, now: float) -> bool:
        """Whether it is neither revoked nor over."""
        return self.revoked_at is None and now < self.until

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {**asdict(self), "operations": list(self.operations)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BypassUse:
    """One kind of use of a bypass, as uses are counted."""

    bypass_id: str
    holder: str
    by: str
    user: str
    operation: str

    def to_text(self) -> str:
        """One line of JSON, the same for the same use."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def of_text(cls, text: str) -> BypassUse | None:
        """The use of a text that `to_text` made; None when it is none."""
        try:
            return require_plain(cls(**read_json(text)))
        except (ValueError, TypeError):
            return None


def issue_bypass(
    *,
    operations: Collection[str],
    by: str,
    holder: str,
    seconds: int,
    secret: bytes | None,
    now: float,
    bypass_id: str = "",
    user: str = "",
) -> str:
    """A token.

    Raises:
        InvalidRequest: there is no key, or the time is out of range.
    """
    if secret is None:
        raise InvalidRequest("a bypass must be signed: set GUARD_SECRET_KEY")
    if not 0 < seconds <= LONGEST_BYPASS_SECONDS:
        raise InvalidRequest(f"a bypass of {seconds} seconds is out of range: 1 second to 24 hours")
    claims = {"operations": sorted(operations), "by": by, "holder": holder, "until": now + seconds}
    claims |= {name: value for name, value in (("id", bypass_id), ("user", user)) if value}
    body = json.dumps(claims, sort_keys=True, separators=(",", ":")).encode()
    return f"{_encode(body)}.{_encode(_mac(body, secret))}"


def bypass_of(token: str, *, operation: str, secret: bytes | None, now: float) -> Bypass | None:
    """What a token says, if it lets work of this operation pass now; whether it was revoked it does not
    know."""
    claims = read_bypass(token, secret=secret)
    if claims is None or operation not in claims["operations"] or now >= claims["until"]:
        return None
    return Bypass(
        bypass_id=str(claims.get("id", "")),
        holder=claims["holder"],
        by=claims["by"],
        user=str(claims.get("user", "")),
    )


def read_bypass(token: str, *, secret: bytes | None) -> dict[str, Any] | None:
    """What a token says, if it is genuine."""
    if secret is None or len(token) > _LONGEST_TOKEN:
        return None
    try:
        body_text, mac_text = token.split(".")
        body, mac = urlsafe_b64decode(body_text), urlsafe_b64decode(mac_text)
    except ValueError:
        return None
    if not hmac.compare_digest(mac, _mac(body, secret)):
        return None
    claims = json.loads(body)
    return claims if isinstance(claims, dict) else None


def _mac(body: bytes, secret: bytes) -> bytes:
    # The prefix keeps a bypass from ever being taken for a guard record, which the same key signs.
    return hmac.new(secret, b"guard bypass\0" + body, sha256).digest()


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()
