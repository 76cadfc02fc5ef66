"""The JSON that pages show has the keys of what is really written, in their order where there is one."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

from guard.core import changes
from guard.core.changes import WindowRequest
from guard.core.named_events import EventName
from guard.core.notifications import Receivers, deliveries_of, messages_of_change
from guard.core.state import GuardState
from guard.notify.writing import body_of
from guard.observe.announcer import Announcer
from guard.observe.json_lines import JsonFormatter
from guard.observe.lines import LogLines

DOCS = Path(__file__).parents[2] / "docs"
NOW = 1767225600.0


def shown(page: str) -> Any:
    """The one block of JSON of a page."""
    (block,) = re.findall(r"^```json\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    return json.loads(block)


def test_a_line_of_the_log() -> None:
    block, lines = shown("events.md"), list[str]()

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(JsonFormatter().format(record))

    announcer, handler, logger = Announcer(), Keeping(), logging.getLogger("guard.maintenance")
    announcer.subscribe(LogLines())
    names = ("window_id", "epoch", "mode", "reason", "by", "duration", "planned_end")
    logger.addHandler(handler)
    try:
        announcer.announce(EventName.WINDOW_OPENED, **{name: block[name] for name in names})
    finally:
        logger.removeHandler(handler)
    told = json.loads(lines[0])
    assert list(told) == list(block)
    own = {"timestamp", "process_id"}
    assert {name: told[name] for name in told.keys() - own} == {
        name: block[name] for name in block.keys() - own
    }


def test_what_a_webhook_gets() -> None:
    block, first = shown("notifications.md"), GuardState.first("s", NOW)
    request = WindowRequest.check(mode="normal", reason="Upgrade", duration=3600, by="alice")
    (message,) = messages_of_change(first, changes.close(first, request, window_id="…", now=NOW))
    (delivery,) = deliveries_of(message, Receivers(webhook=True), now=NOW)
    body = json.loads(body_of(delivery))
    assert {**body, "id": block["id"], "about": {**body["about"], "epoch": 7}} == block
