"""Bypass: an explicit, signed, scoped and expiring permission to run some kinds of work while closed.

A token says for which operations, until when, for whom and who gave it; HMAC-SHA256 with the guard's
key makes it unforgeable. Without a key there is no bypass. Being an administrator is none.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["LONGEST_BYPASS_SECONDS", "holder_of", "issue_bypass", "read_bypass"]

LONGEST_BYPASS_SECONDS = 24 * 3600
_LONGEST_TOKEN = 8_000


def issue_bypass(
    *, operations: Collection[str], by: str, holder: str, seconds: int, secret: bytes | None, now: float
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
    body = json.dumps(claims, sort_keys=True, separators=(",", ":")).encode()
    return f"{_encode(body)}.{_encode(_mac(body, secret))}"


def holder_of(token: str, *, operation: str, secret: bytes | None, now: float) -> str:
    """For whom this token lets work of this operation pass now, and who gave it; empty when it does not."""
    claims = read_bypass(token, secret=secret)
    if claims is None or operation not in claims["operations"] or now >= claims["until"]:
        return ""
    return f"{claims['holder']}, given by {claims['by']}"


def read_bypass(token: str, *, secret: bytes | None) -> dict[str, Any] | None:
    """What a token says, if it is genuine."""
    if secret is None or len(token) > _LONGEST_TOKEN:
        return None
    body_text, _, mac_text = token.partition(".")
    try:
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
