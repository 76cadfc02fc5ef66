"""Regular expressions from people: what could be slow is refused, what is accepted is fast."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.patterns import check_pattern
from guard.core.registry import OperationRegistry
from guard.errors import InvalidRequest
from tests.core.strategies import many, slow_when_failing
from tests.core.within import within

LIMIT = 0.3
STRAINING = [
    text
    for end in ("", "!", "ab!", "\n")
    for text in (
        "a" * (255 - len(end)) + end,
        ("ab" * 127)[: 255 - len(end)] + end,
        "a." * 100 + end,
        "x" * 200 + end,
    )
]

REFUSED = {
    "a repeated repetition": "(a+)+",
    "a repeated repetition, starred": "(a*)*b",
    "a repeated class": "([a-zA-Z]+)*",
    "a nested group": "((a+))+",
    "a lazy repetition inside": "(a+?)+",
    "a repetition in a large bound": "(a+){20}",
    "a repetition in a small bound": "(a+){5}",
    "three unbounded": ".*.*.*",
    "three unbounded, far apart": "a.*b.*c.*d",
    "a large bound counts as unbounded": "a{0,200}a{0,200}a{0,200}",
    "a back-reference": r"(a)\1",
    "a named back-reference": "(?P<x>a)(?P=x)",
    "a conditional": "(a)?(?(1)b|c)",
    "a look-ahead": "(?=a)a",
    "a negative look-ahead": "(?!a)b",
    "a look-behind": "(?<=a)b",
    "a negative look-behind": "(?<!a)b",
    "not an expression": "(",
    "nothing to repeat": "*",
    "a bad escape": r"\q",
    "a bad range": "[z-a]",
    "a huge bound": "a{99999999999}",
    "too long": "a" * 501,
}

# Once a bug: all of these are accepted, and each takes exponential time on a name of 255 characters:
# alternatives and optional parts inside a repetition, and rows of optional parts.
EXPONENTIAL = {
    "overlapping alternatives": "(a|aa)*",
    "the same alternative twice": "(a|a)*",
    "alternatives of classes": "(?:ab|a|b)*",
    "a class beside a letter": r"(.|a)*b",
    "nested alternatives": "((a|aa)|b)*",
    "optional parts in a repetition": "(a?a?)*",
    "a small bound in a repetition": "(a{1,16})*",
    "small bounds in small bounds": "(a{1,16}){1,16}",
    "small bounds three deep": "((a{1,9}){1,9}){1,9}b",
    "a row of optional parts": "a?" * 60 + "a" * 60,
    "a row of small bounds": "a{0,16}" * 20,
    "an optional group, often": "(?:a?){16}" * 20,
    "an alternative with nothing": "(a|ab|)*c",
}

ACCEPTED = {
    "one word": ("tasks", "tasks", "tasks.images"),
    "a prefix": (r"tasks\.images\..*", "tasks.images.optimize", "tasks.captions.generate"),
    "alternatives": (r"tasks\.(images|captions)\.\w+", "tasks.captions.generate", "tasks.batch.process"),
    "two unbounded": (r".*\.images\..*", "a.images.b", "a.captions.b"),
    "a class": (r"[\w.]+", "tasks.images", "tasks images"),
    "an optional part": (r"tasks\.images?\.x", "tasks.image.x", "tasks.imagess.x"),
    "a small bound": (r"v\d{1,3}", "v12", "v1234"),
    "any case": (r"(?i)tasks\..*", "TASKS.X", "jobs.x"),
    "a repeated word": (r"(?:ab)*", "ababab", "aba"),
}


@pytest.mark.parametrize("pattern", REFUSED.values(), ids=REFUSED)
def test_refused(pattern: str) -> None:
    with pytest.raises(InvalidRequest, match="regular expression"):
        check_pattern(pattern)


@pytest.mark.parametrize("pattern", EXPONENTIAL.values(), ids=EXPONENTIAL)
def test_exponential_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidRequest):
        check_pattern(pattern)


@pytest.mark.parametrize(("pattern", "yes", "no"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepted_matches_from_end_to_end_and_is_fast(pattern: str, yes: str, no: str) -> None:
    compiled = check_pattern(pattern)
    assert compiled.fullmatch(yes)
    assert not compiled.fullmatch(no)
    with within(LIMIT):
        for text in STRAINING:
            compiled.fullmatch(text)


atoms = st.sampled_from(["a", "b", ".", r"\.", r"\w", "[ab]", "x"])
pieces = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{0,9}", "{3}", "{2,40}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=10,
)


# Once a bug: found by chance.
@given(pieces)
@slow_when_failing
def test_whatever_is_accepted_is_fast(pattern: str) -> None:
    try:
        compiled = check_pattern(pattern)
    except InvalidRequest:
        return
    for text in STRAINING:
        with within(LIMIT):
            compiled.fullmatch(text)


# Once a bug: `re` raises ValueError itself for "(?a)(?u)x".
@pytest.mark.parametrize("pattern", ["(?a)(?u)x", "(?L)x"])
def test_flags_that_contradict_each_other_are_refused(pattern: str) -> None:
    with pytest.raises(InvalidRequest):
        check_pattern(pattern)


@given(st.text("ab(|)*+?{}[]\\.^$123,:=!<>P-", max_size=20) | st.text(max_size=20))
@many
@pytest.mark.filterwarnings("ignore:Possible (nested set|set)")
def test_any_text_is_a_pattern_or_invalid(text: str) -> None:
    with suppress(InvalidRequest):
        assert isinstance(check_pattern(text), re.Pattern)


@pytest.mark.parametrize(
    "glob", ["*a*a*a*a*a*b", "*" * 50 + "b", "a*" * 60 + "!", "[!b]*[!b]*[!b]*c", "?" * 200]
)
def test_globs_are_fast(glob: str) -> None:
    registry = OperationRegistry()
    registry.add("read_operations", glob=glob)
    with within(LIMIT):
        for text in STRAINING:
            registry.of_task(text)
