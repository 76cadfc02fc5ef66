"""The keys that a webhook is signed with."""

from __future__ import annotations

import pytest

from guard.core.signing_keys import SHORTEST_KEY, signing_key_problems, signing_keys

NEW, OLD = "n" * SHORTEST_KEY, "o" * SHORTEST_KEY


@pytest.mark.parametrize(
    ("text", "keys"),
    [("", ()), (NEW, (NEW,)), (f"{NEW}, {OLD}", (NEW, OLD)), (f" {NEW} ,", (NEW,))],
)
def test_what_may_be(text: str, keys: tuple[str, ...]) -> None:
    assert signing_keys(text) == tuple(key.encode() for key in keys)
    assert signing_key_problems(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (",", "has nothing between its commas"),
        (NEW[1:], "has one of less than 24 characters"),
        (f"{NEW},{OLD},{'p' * SHORTEST_KEY}", "has more than two"),
    ],
)
def test_what_may_not_be_is_said_without_it(text: str, said: str) -> None:
    (problem,) = signing_key_problems(text)
    assert said in problem
    assert "nnn" not in problem


def test_it_is_said_in_these_words() -> None:
    assert SHORTEST_KEY == 24
    assert signing_key_problems(" , ") == ["has nothing between its commas"]
    assert signing_key_problems("a,b,c") == [
        "has more than two: give the new one and the old one",
        "has one of less than 24 characters: use more",
    ]
