"""The announcer tells whoever has subscribed, and fails nobody."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from guard.core.named_events import EventName, NamedEvent
from guard.observe.announcer import Announcer

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGUN = {"routine": "morning", "run": 7}


@pytest.fixture
def lenient() -> Iterator[None]:
    """As in production."""
    Announcer.is_strict = False
    yield
    Announcer.is_strict = True


def test_subscribers_hear_at_once_and_in_their_order() -> None:
    heard: list[tuple[str, NamedEvent]] = []
    announcer = Announcer(lambda: 12.5)
    announcer.subscribe(lambda event: heard.append(("one", event)))
    announcer.subscribe(lambda event: heard.append(("two", event)))
    announcer.announce(EventName.ROUTINE_BEGUN, **BEGUN)
    event = NamedEvent(EventName.ROUTINE_BEGUN, 12.5, BEGUN)
    assert heard == [("one", event), ("two", event)]


def test_one_may_subscribe_to_a_few() -> None:
    heard: list[NamedEvent] = []
    announcer = Announcer()
    announcer.subscribe(heard.append, [EventName.TRUST_RENEWED])
    announcer.announce(EventName.ROUTINE_BEGUN, **BEGUN)
    assert heard == []
    announcer(EventName.TRUST_RENEWED, worker="w1")
    assert [event.name for event in heard] == [EventName.TRUST_RENEWED]


@pytest.mark.usefixtures("lenient")
def test_a_subscriber_that_fails_is_nobodys_trouble_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "guard")
    heard: list[NamedEvent] = []

    def fail(event: NamedEvent) -> None:
        raise RuntimeError(event.name)

    announcer = Announcer()
    announcer.subscribe(fail)
    announcer.subscribe(heard.append)
    announcer.announce(EventName.ROUTINE_BEGUN, **BEGUN)
    announcer.announce(EventName.ROUTINE_BEGUN, routine="unknown and missing fields are not looked at")
    assert len(heard) == 2
    assert [record.levelname for record in caplog.records] == ["WARNING", "DEBUG"]


@pytest.mark.parametrize(
    "fields",
    [{"routine": "morning"}, {**BEGUN, "more": 1}, {**BEGUN, "run": "seven"}],
    ids=["missing", "unknown", "of another type"],
)
def test_in_tests_the_fields_are_those_of_the_catalogue(fields: dict[str, object]) -> None:
    assert Announcer.is_strict, "tests/__init__.py sees to it"
    with pytest.raises(AssertionError, match=r"event routine\.begun"):
        Announcer().announce(EventName.ROUTINE_BEGUN, **fields)
