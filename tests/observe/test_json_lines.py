"""JSON lines: one object for each record of the guard's loggers, wherever the application's log goes."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.named_events import EventName
from guard.observe.announcer import Announcer
from guard.observe.json_lines import JsonFormatter, write_json, write_text
from guard.observe.lines import LogLines

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENED: dict[str, Any] = {
    "window_id": "w-1",
    "epoch": 3,
    "mode": "normal",
    "reason": 'Say "hi"\n[MAINTENANCE] forged \u2028 Umzug 🚚',
    "by": "alice",
    "duration": None,
    "planned_end": None,
}


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a handler writes that the application has put on root, with its own format."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("APP %(message)s"))
    logging.getLogger().addHandler(handler)
    yield stream
    write_text()
    logging.getLogger().removeHandler(handler)


def announce(name: EventName, **fields: Any) -> None:
    announcer = Announcer()
    announcer.subscribe(LogLines())
    announcer.announce(name, **fields)


def lines_in(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_an_event_has_its_name_and_fields_and_the_guides_text(written: io.StringIO) -> None:
    write_json()
    announce(EventName.WINDOW_OPENED, **OPENED)
    (line,) = lines_in(written)
    told = json.loads(line)
    assert list(told)[:5] == ["timestamp", "level", "logger", "message", "event"]
    assert (told["level"], told["logger"], told["event"]) == ("warning", "guard.maintenance", "window.opened")
    assert {name: told[name] for name in OPENED} == OPENED, "values are whole"
    assert told["message"].startswith('[MAINTENANCE] Maintenance mode activated: reason="Say \\"hi\\"\\u000a')
    assert told["timestamp"].endswith("+00:00")


def test_other_loggers_write_as_before_and_so_do_ours_afterwards(written: io.StringIO) -> None:
    write_json()
    write_json()
    logging.getLogger("theirs").warning("plain")
    logging.getLogger("guardian").warning("no relation")
    logging.getLogger("guard.worker").warning("the %s is closed", "gate")
    write_text()
    logging.getLogger("guard.worker").warning("text again")
    first, second, third, fourth = lines_in(written)
    assert (first, second, fourth) == ("APP plain", "APP no relation", "APP text again")
    told = json.loads(third)
    assert (told["message"], told["logger"]) == ("the gate is closed", "guard.worker")
    assert "event" not in told


def test_a_handler_that_comes_later_is_taken_too(written: io.StringIO) -> None:
    write_json()
    stream = io.StringIO()
    late = logging.StreamHandler(stream)
    logging.getLogger().addHandler(late)
    try:
        logging.getLogger("guard.worker").warning("hi")
    finally:
        logging.getLogger().removeHandler(late)
    assert json.loads(stream.getvalue())["message"] == "hi"


def test_where_nothing_is_set_up_warnings_go_to_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    write_json()
    try:
        logging.getLogger("guard.worker").warning("hi")
        logging.getLogger("guard.worker").info("not as loud")
    finally:
        write_text()
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "hi"


def test_a_traceback_is_in_the_line(written: io.StringIO) -> None:
    write_json()

    def away() -> None:
        raise RuntimeError("away: redis://:hunter2@cache:6379/1")

    try:
        away()
    except RuntimeError:
        logging.getLogger("guard.worker").exception("no luck with amqp://me:hunter2@mq//")
    (line,) = lines_in(written)
    told = json.loads(line)
    assert "RuntimeError: away: redis://***@cache" in told["exception"]
    assert told["message"] == "no luck with amqp://***@mq//"
    assert "hunter2" not in line


def test_credentials_are_masked_in_lists_too(written: io.StringIO) -> None:
    write_json()
    stuck = {"window_id": "w", "epoch": 1, "blockers": ["x at redis://:hunter2@cache/1"], "unknown": []}
    announce(EventName.DRAIN_STUCK, **stuck)
    (line,) = lines_in(written)
    assert json.loads(line)["blockers"] == ["x at redis://***@cache/1"]
    assert "hunter2" not in line


@given(st.text(max_size=60), st.text(max_size=20))
def test_whatever_people_write_is_one_line_and_comes_back(reason: str, by: str) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("guard.maintenance")
    logger.addHandler(handler)
    try:
        announce(EventName.WINDOW_OPENED, **{**OPENED, "reason": reason, "by": by})
    finally:
        logger.removeHandler(handler)
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert len(text.splitlines()) == 1
    told = json.loads(text)
    if "://" not in reason + by:
        assert (told["reason"], told["by"]) == (reason, by)
