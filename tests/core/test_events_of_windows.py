"""Named events of windows and their drains: each as docs/events.md has it, and no other."""

from __future__ import annotations

from guard.core.events_of_windows import OF_DRAINS, OF_WINDOWS
from tests.core.event_rows import documented


def test_each_event_of_a_window_is_as_the_page_has_it() -> None:
    assert documented("drain.", "worker.settled", "step.") == OF_DRAINS
    changes = ("window.", "phase.", "gate.", "trust.", "state.")
    assert documented(*changes, "rows.", "release.", "rollback.") == OF_WINDOWS
