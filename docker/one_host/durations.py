"""Durations as compose files spell them."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def seconds(text: object, default: float) -> float:
    """`1m30s` as 90.0; None as the default.

    Raises:
        ValueError: it is no duration.
    """
    if text is None:
        return default
    parts = _PART.findall(str(text))
    if "".join(number + unit for number, unit in parts) != str(text):
        raise ValueError(f"{text!r} is no duration such as 90s or 1m30s")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
