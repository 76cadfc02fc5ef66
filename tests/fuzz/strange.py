"""Strange values, and right ones that were damaged: what the targets make their inputs of."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["any_json", "as_text", "damaged", "damaged_bytes", "odd_texts", "odd_values", "one_of_lists"]

_KNOWN_TROUBLE = (
    "", " ", "0", "-1", "true", "null", "NaN", "None", "\x00", "\n", "\r\n", "\ud800", "\u202e", "\u2028",
    "²", "٣", "１", "1_0", "1e400", "9" * 30, "🚚", "é", "e\u0301", "%s", "{0}", "{{7*7}}", "../../etc/passwd",
    "'; DROP TABLE guard_state; --", "<script>", "=1+1", "-", "--", ":", ",", "*", "[", "(", "\\", "//", "@", "#",
    "inactive", "releasing", "open", "normal", "test", "emergency", "admin", "ADMIN", "2026-12-01T02:00:00+00:00",
    "9999-12-31T23:59:59", "0001-01-01T00:00:00+23:59", "24:00", "2026-02-30", "P1D",
)  # fmt: skip
_NUMBERS = (
    0, 1, -1, 2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30, 10**400, 0.0, -0.0, 1e-320, 1e308,
    float("nan"), float("inf"), float("-inf"), 1.5, 253_402_300_799, 253_402_300_800, 1_700_000_000, True, False,
)  # fmt: skip


def _nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


_LONG = {"a": 300, "9": 5000, "[": 3000, '{"a":': 3000, "é": 300}
odd_texts = st.one_of(
    st.sampled_from(sorted(_LONG)).map(lambda piece: piece * _LONG[piece]),
    st.sampled_from(_KNOWN_TROUBLE),
    st.text(max_size=12),
    st.text(st.characters(categories=["Cs", "Cc", "Nd", "Nl", "No", "Zs", "Cf", "L"]), max_size=12),
    st.binary(max_size=8).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
)
_scalars = st.one_of(
    st.none(), st.sampled_from(_NUMBERS), odd_texts, st.integers(), st.floats(allow_nan=True)
)
any_json = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(odd_texts, inner, max_size=4),
    max_leaves=6,
)
odd_values = st.one_of(_scalars, st.sampled_from([50, 200]).map(_nested), any_json)
"""Anything that JSON can say, and some that it can not quite."""


@st.composite
def damaged(
    draw: st.DrawFn, right: Mapping[str, Any], *, also: st.SearchStrategy[Any] = odd_values
) -> dict[str, Any]:
    """A mapping with one to three of its values, at any depth, changed, left out, added or exchanged.

    Args:
        also: what is put in.
    """
    made: dict[str, Any] = copy.deepcopy(dict(right))
    for _ in range(draw(st.integers(1, 3))):
        place: Any = made
        while True:
            inner = [key for key in place if isinstance(place[key], dict) and place[key]]
            if not inner or draw(st.booleans()):
                break
            place = place[draw(st.sampled_from(inner))]
        names = list(place)
        how = draw(st.sampled_from(["change", "change", "change", "drop", "add", "exchange", "wrap"]))
        if how == "add" or not names:
            place[draw(odd_texts)] = draw(also)
            continue
        name = draw(st.sampled_from(names))
        if how == "change":
            place[name] = draw(also)
        elif how == "drop":
            del place[name]
        elif how == "wrap":
            place[name] = draw(st.sampled_from([[place[name]], {"": place[name]}, str(place[name])]))
        else:
            other = draw(st.sampled_from(names))
            place[name], place[other] = place[other], place[name]
    return made


@st.composite
def as_text(draw: st.DrawFn, value: Any) -> str:
    """JSON text of a value, in one of its spellings; sometimes with a field twice."""
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]))
    text = json.dumps(
        value, sort_keys=draw(st.booleans()), separators=separators, ensure_ascii=draw(st.booleans())
    )
    if isinstance(value, dict) and value and draw(st.integers(0, 9)) == 0:
        name = draw(st.sampled_from(sorted(value, key=str)))
        again = json.dumps({str(name): draw(odd_values)})
        text = text[:-1] + "," + again[1:]
    return text


@st.composite
def damaged_bytes(draw: st.DrawFn, right: bytes, *, pieces: Sequence[bytes] = ()) -> bytes:
    """Bytes with one to four places cut, doubled, flipped, overwritten or filled with something else.

    Args:
        pieces: what is put in, beside noise.
    """
    made = right
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(made)))
        end = min(len(made), start + draw(st.sampled_from([0, 1, 1, 2, 4, 16, 64])))
        how = draw(st.sampled_from(["cut", "double", "flip", "put", "put"]))
        if how == "cut":
            made = made[:start] + made[end:]
        elif how == "double":
            made = made[:end] + made[start:]
        elif how == "flip":
            made = (
                made[:start]
                + bytes(byte ^ (1 << draw(st.integers(0, 7))) for byte in made[start:end])
                + made[end:]
            )
        else:
            noise = st.binary(max_size=6) | st.sampled_from(_NOISE)
            piece = draw(st.one_of(st.sampled_from(list(pieces)), noise) if pieces else noise)
            made = made[:start] + piece + made[end:]
    return made


_NOISE = (
    b"null",
    b"true",
    b'""',
    b"[]",
    b"{}",
    b"-1",
    b"1e999",
    b"NaN",
    b"9" * 40,
    b'"open"',
    b'"inactive"',
    b"\xff",
    b"\x00",
)


def one_of_lists(items: st.SearchStrategy[Any], most: int = 4) -> st.SearchStrategy[list[Any]]:
    """A short list."""
    return st.lists(items, max_size=most)
