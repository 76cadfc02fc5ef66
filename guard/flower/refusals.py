"""A job that Flower's own API publishes and the gate refuses: an answer that says so.

Flower knows errors of brokers; any other one it answers with 500 and a traceback in its log.
"""

from __future__ import annotations

from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tornado.web import HTTPError

from guard.errors import MaintenanceActive

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["said"]


def said(run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """`BlockingOperationRunner.run`, which answers 503 when what it runs is refused."""

    @wraps(run)
    async def said_run(
        self: Any, operation: Any, target: Any, func: Callable[..., Any], *args: Any, **options: Any
    ) -> Any:
        refused: list[MaintenanceActive] = []

        def asking(*args: Any, **options: Any) -> Any:
            try:
                return func(*args, **options)
            except MaintenanceActive as error:
                refused.append(error)
                return None

        result = await run(self, operation, target, asking, *args, **options)
        if refused:
            # tornado formats the message with what follows it
            raise HTTPError(HTTPStatus.SERVICE_UNAVAILABLE, "%s", refused[0].message)
        return result

    return said_run
