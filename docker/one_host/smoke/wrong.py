"""What a step of the smoke test says when it fails."""

from __future__ import annotations


class Wrong(Exception):
    """What was seen is not what was expected."""


def expect(is_so: object, otherwise: str) -> None:
    """Raise `Wrong` with these words unless it is so."""
    if not is_so:
        raise Wrong(otherwise)
