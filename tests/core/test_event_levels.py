"""Levels of events are those of logging."""

from __future__ import annotations

import logging

from guard.core import event_levels
from guard.core.event_levels import LEVELS
from guard.core.named_events import EventName


def test_levels_have_the_numbers_of_logging() -> None:
    for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        assert getattr(event_levels, name) == getattr(logging, name)


def test_each_name_has_one() -> None:
    assert LEVELS.keys() == set(EventName)
    assert LEVELS[EventName.JOB_REFUSED] == logging.DEBUG
    assert LEVELS[EventName.SELF_TEST_FAILED] == logging.CRITICAL
    assert LEVELS[EventName.WORKER_READY] == logging.INFO
