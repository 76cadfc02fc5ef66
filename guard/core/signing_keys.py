"""The keys that a webhook is signed with, as one text: what it may be. No sentence here repeats any of it."""

from __future__ import annotations

__all__ = ["SHORTEST_KEY", "signing_key_problems", "signing_keys"]

SHORTEST_KEY = 24
"""Characters."""
_MOST_KEYS = 2


def signing_keys(text: str) -> tuple[bytes, ...]:
    """The keys of a comma-separated text, newest first; none: nothing is signed."""
    return tuple(part.strip().encode() for part in text.split(",") if part.strip())


def signing_key_problems(text: str) -> list[str]:
    """All that is wrong with a text: each the end of a sentence that begins with the name of its setting."""
    keys = signing_keys(text)
    problems = []
    if text and not keys:
        problems.append("has nothing between its commas")
    if len(keys) > _MOST_KEYS:
        problems.append("has more than two: give the new one and the old one")
    if any(len(key.decode()) < SHORTEST_KEY for key in keys):
        problems.append(f"has one of less than {SHORTEST_KEY} characters: use more")
    return problems
