"""Regular expressions from people, made safe: anchored, and bounded in time.

Python's `re` backtracks: ``(a+)+`` takes exponential time. We accept the part of the language that
cannot: nothing of varying length inside a repetition, at most two repetitions and four choices
(alternatives, optional parts), no back-references, no look-around. On a name of at most 255 characters
that is quadratic at worst: some milliseconds.
"""

from __future__ import annotations

import re
from collections import Counter
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_pattern"]

_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_REFUSED = {
    sre.GROUPREF: "a back-reference",
    sre.GROUPREF_EXISTS: "a conditional group",
    sre.ASSERT: "a look-around",
    sre.ASSERT_NOT: "a look-around",
}
_MOST_LONG_REPEATS = 2
_MOST_CHOICES = 4
_LONGEST_PATTERN = 500


def check_pattern(text: str) -> re.Pattern[str]:
    """The compiled expression, to be used with `fullmatch` only.

    Raises:
        InvalidRequest: it is not a regular expression, or it could be slow; the message says which part.
    """
    if len(text) > _LONGEST_PATTERN:
        raise InvalidRequest(f"regular expression of {len(text)} characters: at most {_LONGEST_PATTERN}")
    try:
        compiled = re.compile(text)
        parsed = parser.parse(text)
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        raise InvalidRequest(f"regular expression {text[:80]!r} is not valid: {error}") from error
    found = Counter(_walk(text, parsed, inside_repeat=False))
    if found["repeat"] > _MOST_LONG_REPEATS or found["choice"] > _MOST_CHOICES:
        raise InvalidRequest(
            f"regular expression {text[:80]!r} has too many repetitions or alternatives: at most "
            f"{_MOST_LONG_REPEATS} repetitions and {_MOST_CHOICES} choices, to keep it fast"
        )
    return compiled


def _walk(text: str, node: Any, *, inside_repeat: bool) -> Iterator[str]:
    """The parts of a parse tree that multiply the time: ``repeat`` and ``choice``."""
    for operator, argument in node:
        if operator in _REFUSED:
            raise InvalidRequest(
                f"regular expression {text[:80]!r} has {_REFUSED[operator]}: not allowed, to keep it fast"
            )
        if operator in _REPEATS:
            yield from _repeat(text, *argument, inside_repeat=inside_repeat)
        elif operator is sre.BRANCH:
            if inside_repeat:
                raise InvalidRequest(
                    f"regular expression {text[:80]!r} repeats alternatives: not allowed, to keep it fast"
                )
            yield "choice"
            for branch in argument[1]:
                yield from _walk(text, branch, inside_repeat=inside_repeat)
        elif operator is sre.SUBPATTERN:
            yield from _walk(text, argument[3], inside_repeat=inside_repeat)
        elif operator is sre.ATOMIC_GROUP:
            yield from _walk(text, argument, inside_repeat=inside_repeat)


def _repeat(text: str, least: Any, most: Any, body: Any, *, inside_repeat: bool) -> Iterator[str]:
    if least != most:
        if inside_repeat:
            raise InvalidRequest(
                f"regular expression {text[:80]!r} repeats a repetition: not allowed, to keep it fast"
            )
        yield "repeat" if most > 1 else "choice"
    yield from _walk(text, body, inside_repeat=inside_repeat or most > 1)
