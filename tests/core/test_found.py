"""What a window found: as text and back, strictly, without secrets, and short enough."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.configuration import DESCRIPTIONS
from guard.core.found import Consumer, Found, PlannedWindow, Row, what_fits
from guard.core.generation import Generation
from guard.core.modes import Mode, Phase
from guard.errors import StateInvalid
from tests.core.strategies import many, scalars
from tests.core.worlds import founds

PLAIN = Found(at=1.0, epoch=0, phase=Phase.INACTIVE, mode=None)


@many
@given(founds(unknown=True))
def test_as_json_and_back(found: Found) -> None:
    assert Found.from_dict(json.loads(json.dumps(found.to_dict()))) == found


@pytest.mark.parametrize("name", PLAIN.to_dict())
def test_a_missing_field(name: str) -> None:
    raw = PLAIN.to_dict()
    del raw[name]
    with pytest.raises(StateInvalid, match="missing or unknown"):
        Found.from_dict(raw)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("at", None), ("at", True), ("at", -1.0), ("at", float("nan")), ("epoch", 1.5), ("epoch", -1),
        ("phase", "open"), ("phase", None), ("mode", "off"),
        ("configuration", []), ("configuration", {"a": 1}),
        ("withheld", "abc"), ("withheld", [1]), ("consumers", {"a": []}), ("consumers", {"a": {"node": "x"}}),
        ("consumers", {"a": {"node": 1, "queues": None}}), ("consumers", {"a": {"node": "x", "queues": "q"}}),
        ("plans", {"a": 1}), ("plans", {"a": {"revision": True, "plan": ""}}),
        ("plans", {"a": {"revision": 1, "plan": None}}), ("generation", None), ("generation", {"number": 1}),
        ("settings", {"a": None}), ("beat", {"a": 1}), ("more", 1),
    ],
)  # fmt: skip
def test_a_part_of_a_wrong_type(name: str, value: Any) -> None:
    with pytest.raises(StateInvalid):
        Found.from_dict(PLAIN.to_dict() | {name: value})


@many
@given(st.dictionaries(st.sampled_from(sorted(PLAIN.to_dict())), scalars | st.lists(scalars, max_size=2)))
def test_nonsense_is_refused_and_never_crashes(changed: dict[str, Any]) -> None:
    raw = PLAIN.to_dict() | changed
    with contextlib.suppress(StateInvalid):
        assert Found.from_dict(raw).to_dict() == raw


@pytest.mark.parametrize("raw", [None, [], "x", 3])
def test_what_is_no_object(raw: Any) -> None:
    with pytest.raises(StateInvalid):
        Found.from_dict(raw)


@pytest.mark.parametrize(
    "row",
    [
        Row(key="maintenance_contact", value="x", sensitive=True),
        Row(key="maintenance_webhook_url", value="https://hooks/s3cret"),
        Row(key="SMTP_PASSWORD", value="x"),
        Row(key="long", value="x" * 24_000),
    ],
)
def test_secrets_and_what_is_too_long_is_only_named(row: Row) -> None:
    assert what_fits([row, Row(key="a", value=None)]) == ({"a": None}, (row.key,))


@pytest.mark.parametrize("char", ["x", "\u00fc", "\u7dad", "\U0001f6e0", '"', "\n"])
def test_what_is_kept_fits_its_column_whatever_its_characters(char: str) -> None:
    """JSON in ASCII: a letter that is none takes six bytes of the column, and some take twelve."""
    rows = [Row(key=f"r{number:02}", value=char * 500) for number in range(90)]
    kept, withheld = what_fits(rows)
    assert 17_000 < len(json.dumps(kept, separators=(",", ":"))) <= 24_000
    assert len(kept) + len(withheld) == 90


def test_the_guides_rows_come_first() -> None:
    others = [Row(key=f"a{number}", value="x" * 1000) for number in range(40)]
    guides = [Row(key=key, value="y" * 400) for key in DESCRIPTIONS]
    kept, withheld = what_fits([*others, *guides])
    assert DESCRIPTIONS.keys() <= kept.keys()
    assert len(kept) + len(withheld) == 45
    assert withheld


FULL = Found(
    at=2.5,
    epoch=7,
    phase=Phase.RELEASING,
    mode=Mode.TEST,
    configuration={"a": None, "b": "1"},
    withheld=("s",),
    consumers={"i": Consumer(node="w", queues=("q",)), "j": Consumer(node="x", queues=None)},
    plans={"p": PlannedWindow(revision=3, plan="{}")},
    generation=Generation(number=2, valid_after=1.5),
    settings={"s": "1"},
    beat={"e": "t"},
)
AS_JSON = {
    "at": 2.5,
    "epoch": 7,
    "phase": "releasing",
    "mode": "test",
    "configuration": {"a": None, "b": "1"},
    "withheld": ["s"],
    "consumers": {"i": {"node": "w", "queues": ["q"]}, "j": {"node": "x", "queues": None}},
    "plans": {"p": {"revision": 3, "plan": "{}"}},
    "generation": FULL.generation.to_dict(),
    "settings": {"s": "1"},
    "beat": {"e": "t"},
}


def test_every_field_as_json() -> None:
    """Windows that were opened by an older release are read by this one."""
    assert FULL.to_dict() == AS_JSON
    assert Found.from_dict(AS_JSON) == FULL


def test_what_is_not_said_is_unknown() -> None:
    nothing = dict.fromkeys(["configuration", "consumers", "plans", "settings", "beat"])
    assert PLAIN.to_dict() == {
        "at": 1.0, "epoch": 0, "phase": "inactive", "mode": None, "withheld": [], **nothing,
        "generation": Generation().to_dict(),
    }  # fmt: skip
    assert PlannedWindow(revision=1).plan == ""
    assert Row(key="a", value="b").sensitive is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("at", float("inf")), ("at", "1"), ("epoch", True), ("epoch", "1"),
        ("consumers", {"a": {"node": "x", "queues": None, "more": 1}}),
        ("consumers", {"a": {"node": "x", "queues": [1]}}),
        ("plans", {"a": {"revision": 1}}), ("plans", {"a": {"revision": 1, "plan": "", "more": 1}}),
        ("plans", {"a": {"revision": 1.0, "plan": ""}}), ("plans", {"a": {"revision": -1, "plan": ""}}),
        ("settings", {1: "a"}),
    ],
)  # fmt: skip
def test_what_is_nearly_right_is_wrong(name: str, value: Any) -> None:
    with pytest.raises(StateInvalid) as caught:
        Found.from_dict(AS_JSON | {name: value})
    assert str(caught.value) == "what the window found has a part of a wrong type"


def test_the_edges_of_numbers() -> None:
    zero = Found.from_dict(AS_JSON | {"at": 0, "epoch": 0})
    assert (zero.at, zero.epoch) == (0, 0)


@pytest.mark.parametrize(
    "name",
    ["password", "secret", "token", "webhook", "credential", "private", "api_key", "dsn", "MY_DSN_1"],
)
def test_names_that_sound_secret(name: str) -> None:
    assert what_fits([Row(key=name, value="x")]) == ({}, (name,))


def test_how_much_fits_to_the_character() -> None:
    """Each row is its key and value as JSON, with quotation marks, and three characters more."""
    first, filling = Row(key="a", value="y"), Row(key="b", value="x" * (24_000 - 9 - 8))
    assert what_fits([first, filling]) == ({"a": "y", "b": filling.value}, ())
    longer = Row(key="a", value="yy")
    assert what_fits([longer, filling]) == ({"a": "yy"}, ("b",))
    assert what_fits([longer, filling, Row(key="c", value=None)]) == ({"a": "yy", "c": None}, ("b",))
    names = [Row(key="n" * 11_991, value=None), Row(key="o" * 11_993, value="")]
    assert what_fits([*names, Row(key="p", value=None)]) == ({each.key: each.value for each in names}, ("p",))
    assert what_fits([Row(key="n" * 11_992, value=None), names[1]])[1] == (names[1].key,)


def test_what_is_withheld_is_in_order_and_other_rows_by_name() -> None:
    kept, withheld = what_fits([Row(key=key, value="") for key in ("token_b", "z", "a", "token_a")])
    assert (list(kept), withheld) == (["a", "z"], ("token_a", "token_b"))
