"""The smallest input that still does the same: by leaving out parts of it, as long as that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["smallest"]

_TRIES = 400


def smallest(case: Any, still: Callable[[Any], bool]) -> Any:
    """A case of which nothing more can be left out, or what was reached in some hundred tries."""
    left = _TRIES
    again = True
    while again and left > 0:
        again = False
        for smaller in _smaller(case):
            left -= 1
            if left <= 0:
                break
            if still(smaller):
                case, again = smaller, True
                break
    return case


def _smaller(case: Any) -> Iterator[Any]:
    if isinstance(case, (str, bytes, list, tuple)):
        size = len(case) // 2
        while size > 0:
            for start in range(0, len(case), size):
                yield case[:start] + case[start + size :]
            size //= 2
        if len(case) == 1:
            yield case[:0]
    yield from _inside(case)


def _inside(case: Any) -> Iterator[Any]:
    """The same with one of its parts smaller."""
    if isinstance(case, (list, tuple)):
        for index, inner in enumerate(case):
            for smaller in _smaller(inner):
                yield type(case)((*case[:index], smaller, *case[index + 1 :]))
    if isinstance(case, dict):
        for name in case:
            yield {key: value for key, value in case.items() if key != name}
        for name in case:
            for smaller in _smaller(case[name]):
                yield {**case, name: smaller}
