"""A clock that stands still until a test moves it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from guard.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FakeClock"]


class FakeClock:
    """The guard's clock in a test (`guard.ports.Clock`). Its time of day stands still until it is moved.

    Args:
        at: an aware datetime at which it begins; now when None.

    Whatever the guard would wait for moves it too: nothing sleeps.
    """

    def __init__(self, at: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._system = SystemClock()
        self._wall = _seconds(at) if at is not None else self._system.wall()
        self._ahead = 0.0
        self._moved: list[Callable[[float], None]] = []

    def __repr__(self) -> str:
        return f"<FakeClock {self.now:%Y-%m-%d %H:%M:%S} UTC>"

    @property
    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        return datetime.fromtimestamp(self._wall, UTC)

    def advance(self, by: float | timedelta) -> datetime:
        """Let time pass; the new time. Leases grow older by it, windows come nearer to their end.

        Args:
            by: seconds, or a timedelta; not negative.

        Raises:
            ValueError: it is negative: `set` can put the time of day back.
        """
        seconds = by.total_seconds() if isinstance(by, timedelta) else float(by)
        if seconds < 0:
            raise ValueError(f"time does not go back by {-seconds} seconds: use set()")
        with self._lock:
            self._wall += seconds
            self._ahead += seconds
        for tell in tuple(self._moved):
            tell(seconds)
        return self.now

    def set(self, at: datetime) -> datetime:
        """Make it this time of day. Forward, that much time passes; back, it is a clock that was set wrong.

        Args:
            at: an aware datetime.

        Raises:
            ValueError: it has no time zone.
        """
        seconds = _seconds(at) - self._wall
        if seconds >= 0:
            return self.advance(seconds)
        with self._lock:
            self._wall += seconds
        return self.now

    def wall(self) -> float:
        """UTC seconds since 1970."""
        return self._wall

    def boot(self) -> float:
        """Seconds that never go back: the machine's, and what was advanced."""
        return self._system.boot() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Let this much time pass, at once."""
        self.advance(max(0.0, seconds))

    def when_moved(self, tell: Callable[[float], None]) -> Callable[[], None]:
        """Have a function told how many seconds have passed, each time; what ends that."""
        self._moved.append(tell)
        return lambda: self._moved.remove(tell)


def _seconds(at: datetime) -> float:
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone: say datetime(..., tzinfo=UTC)")
    return at.timestamp()
