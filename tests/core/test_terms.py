"""Terms are read strictly: half understood is not understood."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given

from guard.core.terms import Terms
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
