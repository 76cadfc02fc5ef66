"""Did you mean: only what is near."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.suggest import did_you_mean
from tests.core.strategies import many

MODES = ["normal", "emergency", "test"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("norml", " (did you mean 'normal'?)"),
        ("emergancy", " (did you mean 'emergency'?)"),
        ("tset", " (did you mean 'test'?)"),
        ("banana", ""),
        ("", ""),
    ],
)
def test_nearest(wrong: str, said: str) -> None:
    assert did_you_mean(wrong, MODES) == said


def test_of_several_that_are_near_the_nearest() -> None:
    assert did_you_mean("norma", ["normals", "norm", "normal"]) == " (did you mean 'normal'?)"


def test_how_near_it_must_be() -> None:
    assert did_you_mean("ab", ["ac"], nearness=0.5) == " (did you mean 'ac'?)"
    assert did_you_mean("ab", ["ac"], nearness=0.51) == ""
    assert did_you_mean("abcde", ["abcxy"]) == " (did you mean 'abcxy'?)", "six tenths are near"
    assert did_you_mean("normal", ["normal"], nearness=1.0) == " (did you mean 'normal'?)"


def test_nothing_is_near_to_nothing() -> None:
    assert did_you_mean("normal", []) == ""


@given(st.text(max_size=50), st.lists(st.text(max_size=20)))
@many
def test_it_suggests_only_what_is_allowed(wrong: str, allowed: list[str]) -> None:
    said = did_you_mean(wrong, allowed)
    assert said == "" or said in [f" (did you mean {one!r}?)" for one in allowed]
