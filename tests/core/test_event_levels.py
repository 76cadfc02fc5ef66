"""Levels of events are those of logging."""

from __future__ import annotations

import logging

from guard.core import event_levels
from guard.core.event_levels import LEVELS
from guard.core.named_events import EventName
from tests.core.event_rows import level_of


def test_levels_have_the_numbers_of_logging() -> None:
    for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        assert getattr(event_levels, name) == getattr(logging, name)


def test_each_name_has_one_as_the_page_has_it() -> None:
    assert {name: logging.getLevelName(level) for name, level in LEVELS.items()} == {
        name: level_of(name) for name in EventName
    }
    assert LEVELS[EventName.JOB_REFUSED] == logging.DEBUG
    assert LEVELS[EventName.SELF_TEST_FAILED] == logging.CRITICAL
    assert LEVELS[EventName.WORKER_READY] == logging.INFO
