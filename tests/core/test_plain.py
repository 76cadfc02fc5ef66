"""Flat dataclasses are read back whole, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from guard.core.plain import read_flat


@dataclass(frozen=True)
class Note:
    """As the real ones."""

    text: str
    at: float


def test_it_is_read_back_without_what_a_newer_release_adds() -> None:
    assert read_flat(Note, {"text": "a", "at": 1, "newer": []}) == Note(text="a", at=1.0)


@pytest.mark.parametrize(
    "raw",
    [{}, {"text": "a"}, {"text": 7, "at": 1.0}, {"text": "a", "at": "soon"}, {"text": "a", "at": None}, []],
)
def test_anything_else_is_a_value_error(raw: object) -> None:
    with pytest.raises(ValueError, match=r"not a Note|could not convert"):
        read_flat(Note, raw)  # type: ignore[arg-type]
