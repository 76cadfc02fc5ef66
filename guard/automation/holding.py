"""A run's sign of life: its lease is renewed by a thread, since one statement may take an hour."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Self

from guard.errors import StoreError

if TYPE_CHECKING:
    from guard.automation.parts import Patience
    from guard.ports import Clock, WindowLeases

__all__ = ["Holding"]

log = logging.getLogger(__name__)


class Holding:
    """Holds the lease while a `with` block runs, and gives it back after it unless `keep` was called.

    Args:
        fence: of the lease that was taken.
    """

    def __init__(self, leases: WindowLeases, fence: int, *, clock: Clock, patience: Patience) -> None:
        self._leases = leases
        self._fence = fence
        self._clock = clock
        self._patience = patience
        self._over = threading.Event()
        self._keep = False
        self.lost = False
        """Whether somebody has taken it over: they end the window, and nothing more may be begun."""
        self._thread = threading.Thread(target=self._renew, daemon=True, name="guard-lease")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._keep or self.lost:
            return
        try:
            self._leases.drop(self._fence)
        except StoreError as error:
            log.warning("the lease on the window runs out by itself: %s", error)

    def keep(self) -> None:
        """Let the lease run out instead of giving it back: then somebody ends the window that is left."""
        self._keep = True

    def still_ours(self) -> bool:
        """Ask, and renew. While the durable store is away nobody can take it over, so it is still ours."""
        try:
            until = self._clock.wall() + self._patience.lease
            self.lost = self.lost or not self._leases.extend(self._fence, until=until)
        except StoreError as error:
            log.info("the lease on the window is not renewed: %s", error)
        return not self.lost

    def _renew(self) -> None:
        while not self._over.wait(self._patience.renew):
            if not self.still_ours():
                return
