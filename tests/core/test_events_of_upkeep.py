"""Named events of times, telling and health: each as docs/events.md has it, and no other."""

from __future__ import annotations

from guard.core.events_of_upkeep import OF_HEALTH, OF_TELLING, OF_TIMES
from tests.core.event_rows import documented


def test_each_event_of_upkeep_is_as_the_page_has_it() -> None:
    assert documented("schedule.", "routine.") == OF_TIMES
    assert documented("alert.", "delivery.", "report.") == OF_TELLING
    assert documented("store.", "worker.ready", "self_test.", "guard.") == OF_HEALTH
