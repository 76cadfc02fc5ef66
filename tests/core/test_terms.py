"""Terms are read strictly: half understood is not understood."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given

from guard.core.generation import SessionPolicy
from guard.core.scope import EVERYTHING, Scope
from guard.core.terms import LONGEST_DRAIN, LONGEST_GRACE, AtDeadline, Terms
from guard.errors import StateInvalid
from tests.core.strategies import json_values, many
from tests.core.strategies import terms as any_terms

PLAIN = Terms().to_dict()


@given(any_terms)
@many
def test_written_and_read_they_are_the_same(terms: Terms) -> None:
    assert Terms.from_dict(terms.to_dict()) == terms


@pytest.mark.parametrize(
    "changed",
    [
        {"grace": -1},
        {"grace": 301},
        {"grace": 1.5},
        {"grace": True},
        {"grace": "30"},
        {"drain_within": 0},
        {"drain_within": 604_801},
        {"at_deadline": "panic"},
        {"at_deadline": None},
        {"at_deadline": ["wait"]},
        {"verify": 1},
        {"verify": None},
        {"extended": -1},
        {"extended": None},
        {"extended": True},
        {"extra": 1},
    ],
)
def test_anything_else_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(StateInvalid):
        Terms.from_dict({**PLAIN, **changed})


@given(json_values)
@many
def test_any_json_is_terms_or_refused(raw: object) -> None:
    with suppress(StateInvalid):
        assert isinstance(Terms.from_dict(raw), Terms)  # type: ignore[arg-type]


def test_every_field_as_json() -> None:
    assert Terms().to_dict() == {
        "grace": None, "drain_within": None, "at_deadline": "wait", "verify": False, "extended": 0,
        "sessions": None, "scope": EVERYTHING.to_dict(),
    }  # fmt: skip
    full = Terms(
        grace=3, drain_within=40, at_deadline=AtDeadline.ESCALATE, verify=True, extended=2,
        sessions=SessionPolicy.INVALIDATE, scope=Scope(queues=("q",)), notify=False,
    )  # fmt: skip
    raw = {
        "grace": 3, "drain_within": 40, "at_deadline": "escalate", "verify": True, "extended": 2,
        "sessions": "invalidate", "scope": full.scope.to_dict(), "notify": False,
    }  # fmt: skip
    assert full.to_dict() == raw
    assert Terms.from_dict(raw) == full
    assert Terms.from_dict(PLAIN).notify is True
    assert Terms() == Terms(
        grace=None, drain_within=None, at_deadline=AtDeadline.WAIT, verify=False, extended=0, sessions=None,
        scope=EVERYTHING, notify=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"grace": 0},
        {"grace": 300},
        {"drain_within": 1},
        {"drain_within": 604_800},
        {"extended": 0},
        {"extended": 2_147_483_648},
    ],
)
def test_the_edges_are_terms(changed: dict[str, object]) -> None:
    assert Terms.from_dict({**PLAIN, **changed}).to_dict() == {**PLAIN, **changed}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({}, "have missing or unknown fields"),
        (None, "have missing or unknown fields"),
        ({**PLAIN, "extra": 1}, "have missing or unknown fields"),
        ({**PLAIN, "grace": 301}, "are out of range"),
        ({**PLAIN, "drain_within": 0}, "are out of range"),
        ({**PLAIN, "extended": -1}, "are out of range"),
        ({**PLAIN, "extended": 2_147_483_649}, "are out of range"),
        ({**PLAIN, "at_deadline": "panic"}, "are not understood"),
        ({**PLAIN, "sessions": "kep"}, "are not understood"),
        ({**PLAIN, "verify": 1}, "are not understood"),
        ({**PLAIN, "notify": 0}, "are not understood"),
        ({**PLAIN, "notify": None}, "are not understood"),
    ],
)
def test_what_is_said_of_terms_that_are_refused(raw: object, said: str) -> None:
    with pytest.raises(StateInvalid) as caught:
        Terms.from_dict(raw)  # type: ignore[arg-type]
    assert str(caught.value) == f"the guard record's terms {said}"


def test_words_and_limits() -> None:
    assert [each.value for each in AtDeadline] == ["wait", "extend", "escalate", "abort"]
    assert (LONGEST_GRACE, LONGEST_DRAIN) == (300, 604_800)
