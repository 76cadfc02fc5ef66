"""docs/notifications.md."""

# region: receiver
import hashlib
import hmac
import time


def is_genuine(header: str, body: bytes, secrets: list[bytes], now: float) -> bool:
    """Whether these bytes were signed with one of our secrets within the last five minutes."""
    parts = [part.partition("=")[::2] for part in header.split(",")]
    sent_at = next((value for name, value in parts if name == "t"), "")
    if not sent_at.isdecimal() or abs(now - int(sent_at)) > 300:
        return False
    marks = [value for name, value in parts if name == "v1"]
    ours = [
        hmac.new(secret, sent_at.encode() + b"." + body, hashlib.sha256).hexdigest() for secret in secrets
    ]
    return any(hmac.compare_digest(mark, one) for mark in marks for one in ours)


def receive(headers: dict[str, str], body: bytes, seen: set[str], secrets: list[bytes]) -> int:
    """The status to answer with. `seen` stands for a table with a unique key, kept for a week."""
    if not is_genuine(headers.get("X-Guard-Signature", ""), body, secrets, time.time()):
        return 401
    if headers["X-Guard-Delivery"] in seen:
        return 204  # a copy
    seen.add(headers["X-Guard-Delivery"])
    return 204


# endregion
