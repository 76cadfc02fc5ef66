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


@pytest.mark.parametrize("raw", [{}, {"text": 7, "at": 1.0}, {"text": "a", "at": None}, []])
def test_what_is_said_of_it(raw: object) -> None:
    with pytest.raises(ValueError, match=r"\Anot a Note\Z"):
        read_flat(Note, raw)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Two:
    """A text after a number."""

    at: float
    text: str
    last: str


def test_every_field_is_looked_at() -> None:
    assert read_flat(Two, {"at": "1.5", "text": "a", "last": "b"}) == Two(at=1.5, text="a", last="b")
    with pytest.raises(ValueError, match="not a Two"):
        read_flat(Two, {"at": 1, "text": 2, "last": "b"})
    with pytest.raises(ValueError, match="not a Two"):
        read_flat(Two, {"at": 1, "text": "a", "last": 2})
