"""Named events of people, sessions and requests: each as docs/events.md has it, and no other."""

from __future__ import annotations

from guard.core.events_of_people import OF_PEOPLE
from tests.core.event_rows import documented


def test_each_event_of_people_is_as_the_page_has_it() -> None:
    assert documented("bypass.", "request", "session", "person.", "access.") == OF_PEOPLE
