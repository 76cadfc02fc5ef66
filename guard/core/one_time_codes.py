"""Codes of a second factor: which of six digits counts, and what a break-glass code looks like.

A code of an authenticator (TOTP, RFC 6238: SHA-1, 6 digits, 30 s) counts in its own period of 30 seconds, the
one before and the one after; and only if its period is later than the last that was taken, so that each code
counts once (threat S5). A break-glass code has 80 random bits.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "BREAK_GLASS_CODES",
    "PERIOD",
    "Enrolment",
    "SecondFactor",
    "break_glass_text",
    "is_totp",
    "matching_period",
    "read_break_glass",
]

PERIOD = 30
"""Seconds for which an authenticator shows one code."""
BREAK_GLASS_CODES = 8
_TOTP = re.compile(r"[0-9]{6}")
_BREAK_GLASS = re.compile(r"[A-Z2-7]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """What is kept of an owner's authenticator. `seed` is encrypted; `last_period` is the last one taken."""

    owner: str
    seed: str = field(repr=False)
    enrolled_at: float
    confirmed_at: float | None
    last_period: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A second factor that was just set up, to be confirmed with its first code. It can be had only here.

    Attributes:
        uri: ``otpauth://…`` for an authenticator, as text or as QR code.
        seed: the same in base32, to be typed.
        break_glass: one-time codes for the day when the authenticator is lost.
    """

    owner: str
    uri: str = field(repr=False)
    seed: str = field(repr=False)
    break_glass: tuple[str, ...] = field(repr=False)


def is_totp(code: str) -> bool:
    """Whether this looks like a code of an authenticator."""
    return _TOTP.fullmatch(code) is not None


def matching_period(code: str, *, now: float, last_period: int, code_at: Callable[[int], str]) -> int | None:
    """The period whose code this is, if it counts now. Looks at all of them, so that the time taken tells
    nothing.

    Args:
        code_at: gives the code of a period.
    """
    current = int(now) // PERIOD
    found = None
    for period in (current - 1, current, current + 1):
        if hmac.compare_digest(code_at(period).encode(), code.encode()) and period > last_period:
            found = period
    return found


def break_glass_text(raw: str) -> str:
    """16 characters of base32 as people copy them: ``ABCD-EFGH-IJKL-MNOP``."""
    return "-".join(raw[start : start + 4] for start in range(0, 16, 4))


def read_break_glass(code: str) -> str | None:
    """The 16 characters of what somebody typed; None when it is no such code."""
    plain = re.sub(r"[\s-]", "", code[:40]).upper()
    return plain if _BREAK_GLASS.fullmatch(plain) else None
