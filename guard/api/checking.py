"""All problems of a request at once: those of its operations, which the app declares, beside all others."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from guard.core.registry import OperationRegistry

__all__ = ["together_with", "unknown_operations"]


@contextmanager
def together_with(problems: Sequence[str]) -> Iterator[None]:
    """A check goes on in the block, after which these problems are raised with its own.

    Raises:
        InvalidRequest: with every problem, if there is any.
    """
    try:
        yield
    except InvalidRequest as error:
        raise InvalidRequest(*error.problems, *problems) from None
    if problems:
        raise InvalidRequest(*problems)


def unknown_operations(registry: OperationRegistry, scope: Mapping[str, Any] | None) -> list[str]:
    """A problem for each operation of a scope that does not exist: a window about nothing closes nothing."""
    names = (scope or {}).get("operations", ())
    return registry.unknown_among(names) if isinstance(names, list | tuple | set | frozenset) else []
