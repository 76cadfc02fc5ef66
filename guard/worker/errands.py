"""What the ladder has to do that may take its time: broker, result backend, Redis.

The ladder itself must not wait for any of them, or one that hangs would hold up the signals of every
other job. So such things are done here, one after the other, and tried again until they succeed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from guard.worker.forking import not_cut_by_a_fork

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Errands"]

log = logging.getLogger(__name__)

_TRY_AGAIN_SECONDS = 1.0
_MOST_TRIES = 3600


class Errands:
    """A thread that lives while there is something to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, Callable[[], None], int]] = deque()
        self._running = False

    @property
    def idle(self) -> bool:
        """Whether all is done."""
        return not self._running

    def add(self, what: str, errand: Callable[[], None]) -> None:
        """Do this soon. `errand` must bear being done again after it has failed half way."""
        with self._lock:
            self._waiting.append((what, errand, 1))
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, daemon=True, name="guard-errands").start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running = False
                    return
                what, errand, tries = self._waiting.popleft()
            if self._do(what, errand, tries):
                continue
            with self._lock:
                self._waiting.append((what, errand, tries + 1))
                alone = all(tries > 1 for *_, tries in self._waiting)
            if alone:  # nothing else to do meanwhile
                time.sleep(_TRY_AGAIN_SECONDS)

    def _do(self, what: str, errand: Callable[[], None], tries: int) -> bool:
        """Whether nothing is left to do."""
        try:
            with not_cut_by_a_fork():
                errand()
        except Exception as error:
            if tries >= _MOST_TRIES:
                log.exception("given up: %s", what)
                return True
            if tries == 1:
                log.warning("could not %s: %s (%s); trying again", what, error, type(error).__name__)
            return False
        return True
