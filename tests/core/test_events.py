"""The names of events: what Celery's monitors make of them."""

from __future__ import annotations

from guard.core.counts import Count
from guard.core.events import GUARD_STATES, JobEvent


def test_each_event_is_of_the_group_that_monitors_show_and_its_word_is_its_state() -> None:
    for event in JobEvent:
        group, _, word = event.value.partition("-")
        assert group == "task"
        assert word == event.name.lower()
        assert word.upper() in GUARD_STATES


def test_each_is_counted_too_under_the_same_word() -> None:
    assert {event.name.lower() for event in JobEvent} <= {count.value for count in Count}


def test_the_states_that_monitors_show() -> None:
    assert set(GUARD_STATES) == {
        "REFUSED", "HELD", "PARKED", "RELEASED", "DISCARDED", "INTERRUPTED", "KILLED",
    }  # fmt: skip
