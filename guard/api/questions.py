"""A question to a server that may hang: asked in a thread of its own, waited for no longer than wanted."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from guard.clock import boot_ms

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Question"]

log = logging.getLogger(__name__)

T = TypeVar("T")


class Question(Generic[T]):
    """One question, asked any number of times. While one asking goes on no other begins.

    Args:
        ask: what takes as long as it takes, and may raise.
    """

    def __init__(self, name: str, ask: Callable[[], T]) -> None:
        self._name = name
        self._ask = ask
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._done = threading.Event()
        self._answer: T | None = None
        self._failed = False

    def begin(self) -> None:
        """Ask, unless that goes on already."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._answer = None
            self._done.clear()
            self._thread = threading.Thread(target=self._run, name=f"guard-asks-{self._name}", daemon=True)
            self._thread.start()

    def end(self, until: float) -> T | None:
        """What was answered, at this boot time at the latest; None: nothing was, or it failed."""
        return self._answer if self._done.wait(max(0.0, until - boot_ms() / 1000)) else None

    def join(self, seconds: float) -> None:
        """Wait for an asking that goes on."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._answer = self._ask()
        except Exception as error:  # noqa: BLE001 - whatever it was: this server does not answer as it should
            if not self._failed:  # said once, not with every scrape
                log.warning("%s cannot be asked for figures: %s", self._name, type(error).__name__)
            self._failed = True
        else:
            self._failed = False
        finally:
            self._done.set()
