"""`Guard.health`: how the parts are, as this process sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.api.parts import Parts
    from guard.core.health import HealthCheck

__all__ = ["Health"]


class Health:
    """The parts of an app. `guard.core.health` judges them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def now(self, seconds: float = 1.0) -> tuple[HealthCheck, ...]:
        """How each part is: ``sql``, ``redis``, ``broker``, ``workers``, ``beat``, ``disk``, ``clock``. Never
        raises; what did not answer is unknown. Each part is asked at most every two seconds.

        Args:
            seconds: how long those may take that say nothing. With 4, a server that hangs has failed.
        """
        return self._parts.watching.house.now(seconds)

    def ticked(self) -> None:
        """A worker runs something that beat has sent: beat, the broker and that worker work together.

        Raises:
            StoreUnavailable: the control plane did not answer; nobody will know of this tick.
        """
        self._parts.watching.watched.ticked(self._parts.clock.wall())

    def close(self) -> None:
        """Wait for what is being asked."""
        self._parts.watching.house.close()
