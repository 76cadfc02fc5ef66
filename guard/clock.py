"""The only place that reads the clock."""

from __future__ import annotations

import time

__all__ = ["BOOT", "SystemClock", "boot_ms"]

# CLOCK_MONOTONIC stands still while a machine sleeps: after a resume an old deadline would look
# valid (F57). CLOCK_BOOTTIME does not; where it is missing (macOS) the monotonic clock must do.
BOOT: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""The clock of every deadline, as `time.clock_gettime` takes it."""


class SystemClock:
    """Wall time for what is stored and shown, boot time for every deadline."""

    def wall(self) -> float:
        """UTC seconds since 1970. May jump; never used for safety."""
        return time.time()

    def boot(self) -> float:
        """Seconds since boot, counting sleep. Never jumps; comparable only within one machine."""
        return time.clock_gettime(BOOT)

    def sleep(self, seconds: float) -> None:
        """Let this much time pass."""
        time.sleep(seconds)


def boot_ms(_clock: int = BOOT) -> int:
    """Milliseconds since boot: the clock of the shared page. A plain function, since it runs once per job."""
    return time.clock_gettime_ns(_clock) // 1_000_000
