"""Flat dataclasses are read back whole, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from guard.core.plain import read_flat, read_json, require_plain


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


@pytest.mark.parametrize(
    "raw", [{}, {"text": 7, "at": 1.0}, {"text": "a", "at": None}, {"text": "a", "at": 10**400}, []]
)
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


def test_json_of_others() -> None:
    assert read_json('{"a": [1, null]}') == read_json(b'{"a": [1, null]}') == {"a": [1, None]}
    for text in ("", "{", b"\xff"):
        with pytest.raises(ValueError, match=r"\A(?!JSON)"):
            read_json(text)
    with pytest.raises(ValueError, match=r"\AJSON that is nested too deeply\Z"):
        read_json("[" * 100_000)


@dataclass(frozen=True)
class Declared:
    """A field of each type that is looked at, and one of another."""

    text: str = "a"
    whole: int = 1
    yes: bool = True
    number: float = 1.5
    perhaps: float | None = None
    names: tuple[str, ...] = ("a", "b")
    known: tuple[str, ...] | None = None
    other: list[int] | None = None
    last: str = "z"


@pytest.mark.parametrize(
    "given",
    [
        {}, {"number": 2}, {"perhaps": 3}, {"perhaps": 3.5}, {"names": ()}, {"known": ("c",)}, {"yes": False},
        {"other": True}, {"other": "x"},
    ],
)  # fmt: skip
def test_what_is_as_it_is_declared(given: dict[str, Any]) -> None:
    made = Declared(**given)
    assert require_plain(made) is made


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("text", None), ("text", b"a"), ("text", 1), ("whole", 1.0), ("whole", True), ("whole", None),
        ("whole", "1"), ("yes", 1), ("yes", None), ("number", "1"), ("number", None), ("number", False),
        ("perhaps", "1"), ("perhaps", True), ("names", ["a"]), ("names", None), ("names", "ab"),
        ("names", ("a", 1)), ("names", (None, "a")), ("known", ["a"]), ("known", (1,)), ("known", 1),
        ("last", 1),
    ],
)  # fmt: skip
def test_what_is_not_as_it_is_declared_is_named(name: str, wrong: object) -> None:
    with pytest.raises(ValueError, match=rf"\Anot a Declared: {name}\Z"):
        require_plain(Declared(**{name: wrong}))  # type: ignore[arg-type]
