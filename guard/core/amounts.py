"""Amounts of bytes as people read them."""

from __future__ import annotations

__all__ = ["in_bytes"]

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def in_bytes(count: int) -> str:
    """``1 byte``, ``312 bytes``, ``1.5 MiB``, ``20 GiB``: never rounded up into the next unit."""
    if count == 1:
        return "1 byte"
    if count < 1024:
        return f"{count} bytes"
    amount, unit = count / 1024, 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount /= 1024
        unit += 1
    return f"{amount:.1f} {_UNITS[unit]}" if amount < 10 else f"{int(amount)} {_UNITS[unit]}"
