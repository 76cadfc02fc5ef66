"""Names in a sentence."""

from __future__ import annotations

import pytest

from guard.core.naming import some_of


@pytest.mark.parametrize(
    ("names", "most", "said"),
    [
        ("", 2, ""),
        ("b", 2, "b"),
        ("ba", 2, "b, a"),
        ("bac", 2, "b, a and 1 more"),
        ("bacde", 2, "b, a and 3 more"),
    ],
)
def test_the_first_and_how_many_more(names: str, most: int, said: str) -> None:
    assert some_of(iter(names), most) == said
