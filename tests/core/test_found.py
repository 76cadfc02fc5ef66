"""What a window found: as text and back, strictly, without secrets, and short enough."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.configuration import DESCRIPTIONS
from guard.core.found import Found, Row, what_fits
from guard.core.modes import Phase
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


def test_the_guides_rows_come_first() -> None:
    others = [Row(key=f"a{number}", value="x" * 1000) for number in range(40)]
    guides = [Row(key=key, value="y" * 400) for key in DESCRIPTIONS]
    kept, withheld = what_fits([*others, *guides])
    assert DESCRIPTIONS.keys() <= kept.keys()
    assert len(kept) + len(withheld) == 45
    assert withheld
