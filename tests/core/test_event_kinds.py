"""What the fields of an event may hold."""

from __future__ import annotations

import pytest

from guard.core import event_kinds
from guard.core.event_kinds import DECIDED, JOB, RESERVED, STATE, EventKind, Field, Type, Where, kind

VALUES = {
    Type.TEXT: "a",
    Type.INTEGER: 1,
    Type.NUMBER: 1.5,
    Type.BOOLEAN: True,
    Type.TEXTS: ["a", "b"],
}


@pytest.mark.parametrize("wanted", Type)
def test_a_type_holds_its_own_values_alone(wanted: Type) -> None:
    held = {of for of, value in VALUES.items() if wanted.holds(value)}
    also = {Type.INTEGER} if wanted is Type.NUMBER else set()
    assert held == {wanted} | also
    assert not wanted.holds(None)


def test_a_list_holds_texts_alone() -> None:
    assert Type.TEXTS.holds([])
    assert not Type.TEXTS.holds(["a", 1])
    assert not Type.TEXTS.holds(("a",))


def test_words_of_the_docs() -> None:
    assert [one.value for one in Type] == ["text", "integer", "number", "yes or no", "list of texts"]
    assert [one.value for one in Where] == [
        "who conducts", "worker", "publisher", "publisher, worker", "pool child", "web", "any",
    ]  # fmt: skip


def test_a_kind_has_its_fields_in_order() -> None:
    one, other = Field("a", Type.TEXT, "first"), Field("b", Type.NUMBER, "second", optional=True)
    assert kind("It was.", Where.WEB, one, other) == EventKind(
        meaning="It was.", where=Where.WEB, fields=(one, other)
    )
    assert kind("It was.", Where.ANY).fields == ()
    assert (one.optional, other.optional) == (False, True)


def test_names_that_a_line_of_json_has_already() -> None:
    assert {
        "timestamp", "level", "logger", "message", "event", "process_id", "exception", "stack",
    } == RESERVED  # fmt: skip


COMMON = [
    ("WINDOW", "window_id", Type.TEXT, "id of the window; empty when it is not known", False),
    ("EPOCH", "epoch", Type.INTEGER, "number of the guard state", False),
    ("EPOCH_HERE", "epoch", Type.INTEGER, "number of the guard state, if known here", True),
    ("MODE", "mode", Type.TEXT, "`normal`, `emergency` or `test`", False),
    ("MODE_HERE", "mode", Type.TEXT, "of the window; null when it is not known here", True),
    (
        "PHASE", "phase", Type.TEXT,
        "`inactive`, `closing`, `draining`, `active`, `verifying` or `releasing`", False,
    ),
    ("REASON", "reason", Type.TEXT, "why, as the administrator wrote it", False),
    ("BY", "by", Type.TEXT, "who", False),
    ("DURATION", "duration", Type.INTEGER, "planned length in seconds", True),
    ("END", "planned_end", Type.NUMBER, "when it should end, UTC seconds", True),
    ("TASK_ID", "task_id", Type.TEXT, "id of the job; empty when it has none yet", False),
    ("TASK", "task", Type.TEXT, "name of the task", False),
    ("OPERATION", "operation", Type.TEXT, "kind of work", False),
    ("QUEUE", "queue", Type.TEXT, "its own queue", True),
    ("RETRIES", "retries", Type.INTEGER, "how often it was tried again", True),
    ("WORKER", "worker", Type.TEXT, "name of the worker's node", False),
    ("WHY", "why", Type.TEXT, "one sentence", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("common", "name", "of", "meaning", "optional"), COMMON, ids=[row[0] for row in COMMON]
)
def test_fields_that_several_have(common: str, name: str, of: Type, meaning: str, optional: bool) -> None:
    assert getattr(event_kinds, common) == Field(name, of, meaning, optional)


def test_fields_that_several_have_together() -> None:
    assert [one.name for one in STATE] == ["window_id", "epoch"]
    assert [one.name for one in JOB] == ["window_id", "task_id", "task", "operation"]
    assert [one.name for one in DECIDED] == ["window_id", "epoch", "task_id", "task", "operation"]
    assert [one.optional for one in (*STATE, *DECIDED)].count(True) == 1
    assert [*Type] == [
        event_kinds.TEXT,
        event_kinds.INTEGER,
        event_kinds.NUMBER,
        event_kinds.BOOLEAN,
        event_kinds.TEXTS,
    ]
