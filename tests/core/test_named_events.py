"""Named events are values."""

from __future__ import annotations

import pytest

from guard.core.named_events import EventName, NamedEvent, not_announced


def test_an_event_does_not_change() -> None:
    event = NamedEvent(EventName.WINDOW_ENDED, 1.0, {})
    with pytest.raises(AttributeError):
        event.at = 2.0  # type: ignore[misc]


def test_who_tells_nobody_takes_whatever_there_is_to_tell() -> None:
    not_announced(EventName.WINDOW_ENDED, anything="at all")
