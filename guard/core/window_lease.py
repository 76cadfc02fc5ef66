"""Who runs an automated window, and until when that may be believed."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["WindowLease"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLease:
    """A lease on the automation's window.

    Attributes:
        window_id: the window that its holder opens, has opened, or ends.
        who: the process, for people.
        fence: grows with each taking; whoever has a smaller one has lost it.
        until: UTC seconds.
    """

    window_id: str
    who: str
    fence: int
    until: float
