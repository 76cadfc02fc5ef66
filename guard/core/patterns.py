"""Regular expressions from people, made safe: anchored, and bounded in time.

Python's `re` backtracks: ``(a+)+`` takes exponential time. We accept the part of the language that
cannot: no repetition inside a repetition, at most two unbounded repetitions, no back-references,
no look-around. On a name of at most 255 characters that is quadratic at worst: under a millisecond.
"""

from __future__ import annotations

import re
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from guard.errors import InvalidRequest

__all__ = ["check_pattern"]

_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_REFUSED = {
    sre.GROUPREF: "a back-reference",
    sre.GROUPREF_EXISTS: "a conditional group",
    sre.ASSERT: "a look-around",
    sre.ASSERT_NOT: "a look-around",
}
_MOST_UNBOUNDED = 2
_SMALL_REPEAT = 16
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
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidRequest(f"regular expression {text[:80]!r} is not valid: {error}") from error
    unbounded = _walk(text, parsed, inside_repeat=False)
    if unbounded > _MOST_UNBOUNDED:
        raise InvalidRequest(
            f"regular expression {text[:80]!r} has {unbounded} unbounded repetitions: "
            f"at most {_MOST_UNBOUNDED}, to keep it fast"
        )
    return compiled


def _walk(text: str, node: Any, *, inside_repeat: bool) -> int:
    """How many unbounded repetitions there are below this node of the parse tree."""
    count = 0
    for operator, argument in node:
        if operator in _REFUSED:
            raise InvalidRequest(
                f"regular expression {text[:80]!r} has {_REFUSED[operator]}: not allowed, to keep it fast"
            )
        repeats = operator in _REPEATS
        if repeats:
            _, most, body = argument
            large = most is sre.MAXREPEAT or most > _SMALL_REPEAT
            if large and inside_repeat:
                raise InvalidRequest(
                    f"regular expression {text[:80]!r} repeats a repetition: not allowed, to keep it fast"
                )
            count += large + _walk(text, body, inside_repeat=inside_repeat or most > 1)
        else:
            count += sum(
                _walk(text, child, inside_repeat=inside_repeat) for child in _children(operator, argument)
            )
    return count


def _children(operator: Any, argument: Any) -> list[Any]:
    if operator is sre.SUBPATTERN:
        return [argument[3]]
    if operator is sre.BRANCH:
        return list(argument[1])
    if operator is sre.ATOMIC_GROUP:
        return [argument]
    return []
