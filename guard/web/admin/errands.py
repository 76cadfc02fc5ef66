"""Work that may take longer than a person waits for a page: giving jobs back, deleting sessions."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run_for_a_while"]

log = logging.getLogger(__name__)

T = TypeVar("T")


def run_for_a_while(name: str, work: Callable[[], T], *, seconds: float) -> T | None:
    """Begin `work` and wait for it at most so long. None: it goes on without us, and if this process ends,
    the workers' housekeeping goes on with what is left.

    Raises:
        Exception: what `work` raised in that time; what it raises later is logged.
    """
    results: list[T] = []
    errors: list[Exception] = []
    told = threading.Event()

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:
            errors.append(error)
            if told.is_set():
                log.exception("%s has failed after the page was shown", name)

    thread = threading.Thread(target=run, name=f"guard-{name}", daemon=True)
    thread.start()
    thread.join(seconds)
    told.set()
    if errors:
        raise errors[0]
    return results[0] if results else None
