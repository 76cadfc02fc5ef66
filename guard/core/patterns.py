"""Regular expressions from people, made safe: anchored, and bounded in time.

Python's `re` backtracks: ``(a+)+`` takes exponential time. We accept the part of the language that
cannot: nothing of varying length inside a repetition, at most two repetitions and four choices
(alternatives, optional parts), no back-references, no look-around. On a name of at most 255 characters
that is quadratic at worst: some milliseconds.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["beginning", "check_pattern", "specificity"]

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
        with warnings.catch_warnings():  # Python warns of what it may read otherwise one day: ``[[a]``
            warnings.simplefilter("error")
            parsed = parser.parse(text)
            compiled = re.compile(text)
    except (re.error, ValueError, OverflowError, RecursionError, Warning) as error:
        raise InvalidRequest(f"regular expression {text[:80]!r} is not valid: {error}") from error
    found = Counter(_walk(text, parsed, inside_repeat=False))
    if found["repeat"] > _MOST_LONG_REPEATS or found["choice"] > _MOST_CHOICES:
        raise InvalidRequest(
            f"regular expression {text[:80]!r} has too many repetitions or alternatives: at most "
            f"{_MOST_LONG_REPEATS} repetitions and {_MOST_CHOICES} choices, to keep it fast"
        )
    return compiled


def beginning(pattern: re.Pattern[str]) -> str:
    """What every match of this expression begins with: much cheaper to look for than the expression."""
    if pattern.flags & re.IGNORECASE:
        return ""
    text = ""
    for operator, argument in parser.parse(pattern.pattern, pattern.flags):
        if operator is not sre.LITERAL:
            break
        text += chr(argument)
    return text


def specificity(pattern: re.Pattern[str]) -> tuple[int, int, int]:
    """How much a match of this expression must contain: literal characters, other characters that are
    narrowed to a class, and, negative, its parts of varying length. The greater, the more specific."""
    return _contents(parser.parse(pattern.pattern, pattern.flags))


def _contents(node: Any) -> tuple[int, int, int]:
    literals = classes = open_parts = 0
    for operator, argument in node:
        if operator is sre.LITERAL:
            found = (1, 0, 0)
        elif operator in {sre.IN, sre.NOT_LITERAL}:
            found = (0, 1, 0)
        elif operator in _REPEATS:
            least, most, body = argument
            inner = _contents(body)
            found = (inner[0] * least, inner[1] * least, inner[2] * least - (least != most))
        elif operator is sre.BRANCH:
            found = min(map(_contents, argument[1]))
        elif operator is sre.SUBPATTERN:
            found = _contents(argument[3])
        elif operator is sre.ATOMIC_GROUP:
            found = _contents(argument)
        else:  # any character, or a place that takes none
            found = (0, 0, 0)
        literals, classes, open_parts = literals + found[0], classes + found[1], open_parts + found[2]
    return literals, classes, open_parts


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
