"""Names in a sentence: the first of them, and how many more there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["some_of"]


def some_of(names: Iterable[str], most: int = 8) -> str:
    """``a, b and 3 more``. In the order in which they are given.

    Args:
        most: how many are named.
    """
    found = list(names)
    return ", ".join(found[:most]) + (f" and {len(found) - most} more" if len(found) > most else "")
