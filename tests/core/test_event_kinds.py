"""Levels of events are those of the log."""

from __future__ import annotations

import logging

from guard.core.event_kinds import Level


def test_levels_are_those_of_logging() -> None:
    assert {level.name: level.value for level in Level} == {
        name: number for name, number in logging.getLevelNamesMapping().items() if name in Level.__members__
    }
