"""The catalogue of named events is whole, and says what is wrong with fields."""

from __future__ import annotations

import pytest

from guard.core.event_catalogue import CATALOGUE, problems_of
from guard.core.event_kinds import RESERVED, Type
from guard.core.named_events import EventName
from tests.core.event_rows import documented

ROUTINE = {"routine": "morning", "run": 7}


def test_each_name_is_in_it_once() -> None:
    assert set(CATALOGUE) == set(EventName)
    assert documented("") == CATALOGUE
    assert len({name.value for name in EventName}) == len(EventName)


@pytest.mark.parametrize("name", EventName)
def test_each_kind_says_what_it_means(name: EventName) -> None:
    kind = CATALOGUE[name]
    assert kind.meaning.endswith(".")
    names = [field.name for field in kind.fields]
    assert len(set(names)) == len(names)
    assert not RESERVED & set(names), "a line of JSON has these already"
    assert all(field.meaning and not field.meaning.endswith(".") for field in kind.fields)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        pytest.param({"routine": "morning"}, "run is missing", id="missing"),
        pytest.param({**ROUTINE, "more": 1}, "more is unknown", id="unknown"),
        pytest.param({**ROUTINE, "run": "7"}, "run='7' is no integer", id="a text for a number"),
        pytest.param({**ROUTINE, "run": True}, "run=True is no integer", id="a truth for a number"),
        pytest.param({**ROUTINE, "run": None}, "run=None is no integer", id="null where it may not be"),
    ],
)
def test_it_says_what_is_wrong(fields: dict[str, object], problem: str) -> None:
    assert problems_of(EventName.ROUTINE_BEGUN, ROUTINE) == []
    assert problems_of(EventName.ROUTINE_BEGUN, fields) == [problem]


def test_it_says_all_that_is_wrong_what_is_missing_first() -> None:
    assert problems_of(EventName.ROUTINE_BEGUN, {"b": 1, "a": None}) == [
        "routine is missing", "run is missing", "b is unknown", "a is unknown",
    ]  # fmt: skip
    assert problems_of(EventName.ROUTINE_BEGUN, {"new": 1, "run": "7"}) == [
        "routine is missing", "new is unknown", "run='7' is no integer",
    ]  # fmt: skip


def test_null_is_allowed_where_something_may_be_unknown() -> None:
    turned = {"gate": "open", "epoch": None}
    assert problems_of(EventName.GATE_TURNED, turned) == []
    assert problems_of(EventName.GATE_TURNED, {**turned, "epoch": "x"}) == ["epoch='x' is no integer"]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Type.TEXT, "x", EventName.JOB_HELD),
        (Type.INTEGER, 1, 1.0),
        (Type.NUMBER, 1.5, "1.5"),
        (Type.BOOLEAN, False, 0),
        (Type.TEXTS, ["x"], ("x",)),
        (Type.TEXTS, [], [1]),
    ],
)
def test_types_are_plain_ones_of_json(kind: Type, good: object, bad: object) -> None:
    assert kind.holds(good)
    assert not kind.holds(bad)
