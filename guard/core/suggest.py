"""Did you mean …: the nearest allowed name, for error messages."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(wrong: str, allowed: Iterable[str], *, nearness: float = 0.6) -> str:
    """`` (did you mean 'x'?)`` or an empty string when nothing is near; 1.0 is the same word."""
    near = get_close_matches(wrong, list(allowed), cutoff=nearness)
    return f" (did you mean {near[0]!r}?)" if near else ""
