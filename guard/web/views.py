"""`@guarded("caption_generation")`: the operation of a view, said where the view is."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from flask import current_app

from guard.errors import InvalidRequest
from guard.web.installed import OPERATION_ATTRIBUTE, extension_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import Enum

__all__ = ["guarded"]


def guarded(operation: str | Enum) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator for views: their requests are of this operation, whatever their path and method. Put it
    below ``@app.route``. The view runs once or, when its request is refused, not at all; what it raises is
    its own.

    Args:
        operation: by name; it is looked up at the first request, so it may be declared later.

    Raises:
        InvalidRequest: the name is no text. At a request: there is no such operation.
    """
    name = getattr(operation, "value", operation)
    if not isinstance(name, str) or not name:
        raise InvalidRequest(f"guarded({operation!r}): give the name of an operation")

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def guarded_view(*args: Any, **values: Any) -> Any:
            refused = extension_of(current_app).ask(name)
            return refused if refused is not None else current_app.ensure_sync(view)(*args, **values)

        setattr(guarded_view, OPERATION_ATTRIBUTE, name)
        return guarded_view

    return mark
