"""Log lines: the guides' word for word, values escaped."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.event_catalogue import CATALOGUE
from guard.core.event_kinds import Type
from guard.core.named_events import EventName, NamedEvent
from guard.observe.lines import LogLines, masked
from guard.observe.wording import text_of

WINDOW: dict[str, Any] = {"window_id": "w-1", "epoch": 3, "mode": "normal", "by": "admin"}
OPENED = {**WINDOW, "reason": "Database optimization", "duration": 60, "planned_end": None}
JOB = {"window_id": "w-1", "task_id": "job123", "task": "shop.job", "operation": "job_creation"}
ENDED = {**JOB, "worker": "w1", "went": "parked", "reason": "Fire"}
# the guides' log lines, by hand: administrator and user guide
GUIDES = [
    (
        EventName.WINDOW_OPENED,
        OPENED,
        '[MAINTENANCE] Maintenance mode activated: reason="Database optimization" admin="admin"',
    ),
    (
        EventName.WINDOW_OPENED,
        {**OPENED, "mode": "emergency", "reason": "Security incident"},
        '[EMERGENCY] Emergency maintenance activated: reason="Security incident" admin="admin"',
    ),
    (
        EventName.WINDOW_CHANGED,
        {**OPENED, "mode": "emergency", "mode_before": "normal", "changed": ["mode"]},
        '[EMERGENCY] Emergency maintenance activated: reason="Database optimization" admin="admin"',
    ),
    (
        EventName.WINDOW_ENDED,
        {**WINDOW, "seconds": 2700.0},
        '[MAINTENANCE] Maintenance mode deactivated: duration="45 minutes" admin="admin"',
    ),
    (
        EventName.REQUEST_REFUSED,
        {
            "endpoint": "/start_caption_generation",
            "user": "user123",
            "operation": "caption_generation",
            "why": "maintenance_active",
        },
        (
            '[MAINTENANCE] Operation blocked: endpoint="/start_caption_generation" user="user123" '
            'reason="maintenance_active"'
        ),
    ),
    (
        EventName.SESSION_ENDED,
        {"session": "sha256:6ca13d52ca70", "user": "user456", "why": "maintenance_activation"},
        (
            '[MAINTENANCE] Session invalidated: session_id="sha256:6ca13d52ca70" user="user456" '
            'reason="maintenance_activation"'
        ),
    ),
    (EventName.JOB_KILLED, ENDED, '[EMERGENCY] Job terminated: job_id="job123" reason="emergency_mode"'),
    (EventName.JOB_INTERRUPTED, ENDED, '[EMERGENCY] Job terminated: job_id="job123" reason="emergency_mode"'),
    (
        EventName.PHASE_CHANGED,
        {**WINDOW, "phase": "inactive", "phase_before": "releasing", "mode": None},
        (
            '[MAINTENANCE] phase.changed: window_id="w-1" epoch="3" by="admin" phase="inactive" '
            'phase_before="releasing"'
        ),
    ),
]


@pytest.mark.parametrize(("name", "fields", "line"), GUIDES, ids=[name.value for name, *_ in GUIDES])
def test_the_guides_lines(name: EventName, fields: dict[str, Any], line: str) -> None:
    assert text_of(NamedEvent(name, 0.0, fields)) == line


_VALUES = {
    Type.TEXT: st.text(max_size=40),
    Type.INTEGER: st.integers(),
    Type.NUMBER: st.floats(min_value=0, max_value=1e9),
    Type.BOOLEAN: st.booleans(),
    Type.TEXTS: st.lists(st.text(max_size=20), max_size=3),
}


@given(st.data())
def test_whatever_the_fields_hold_a_line_is_one_printable_line(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(EventName))
    fields = {
        field.name: data.draw(st.none() | _VALUES[field.type] if field.optional else _VALUES[field.type])
        for field in CATALOGUE[name].fields
    }
    line = text_of(NamedEvent(name, 0.0, fields))
    assert line.isprintable()
    assert re.sub(r"\\.", "", line).count('"') % 2 == 0, "no value ends its quotes"


def test_a_value_cannot_forge_a_field() -> None:
    told = {**OPENED, "reason": 'x" admin="root', "by": "eve\n[EMERGENCY] y"}
    line = text_of(NamedEvent(EventName.WINDOW_OPENED, 0.0, told))
    assert line == (
        '[MAINTENANCE] Maintenance mode activated: reason="x\\" admin=\\"root" '
        'admin="eve\\u000a[EMERGENCY] y"'
    )


def test_an_event_has_one_record_of_its_level_that_carries_it(caplog: pytest.LogCaptureFixture) -> None:
    event = NamedEvent(EventName.WINDOW_OPENED, 1.0, OPENED)
    with caplog.at_level(logging.INFO):
        LogLines()(event)
        LogLines()(NamedEvent(EventName.JOB_REHEARSED, 1.0, {}))
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("guard.maintenance", "WARNING")
    assert record.guard_event is event  # type: ignore[attr-defined]


def test_a_rehearsal_speaks_at_the_level_that_was_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    fields = {**JOB, "epoch": 3, "would": "refuse"}
    with caplog.at_level(logging.DEBUG):
        LogLines(rehearsed="ERROR")(NamedEvent(EventName.JOB_REHEARSED, 1.0, fields))
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert 'would="refuse"' in record.getMessage()


def test_a_session_id_is_masked_and_can_be_brought_together() -> None:
    assert masked("abc123") == masked("abc123") == "sha256:6ca13d52ca70"
    assert "abc123" not in masked("abc123")
