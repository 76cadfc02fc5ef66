"""Regular expressions from people: what could be slow is refused, what is accepted is fast."""

from __future__ import annotations

import re
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.patterns import beginning, check_pattern, specificity
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


@pytest.mark.parametrize(
    ("pattern", "start"),
    [
        ("tasks", "tasks"),
        (r"tasks\.images\..*", "tasks.images."),
        ("abc|abd", "ab"),
        ("ab?c", "a"),
        ("a.b", "a"),
        (".*a", ""),
        ("(ab)c", ""),
        ("(?i)tasks", ""),
        ("", ""),
    ],
)
def test_what_every_match_begins_with(pattern: str, start: str) -> None:
    assert beginning(re.compile(pattern)) == start


@pytest.mark.parametrize(
    ("pattern", "contents"),
    [
        ("", (0, 0, 0)),
        ("abc", (3, 0, 0)),
        (".", (0, 0, 0)),
        ("^a$", (1, 0, 0)),
        ("[ab]c", (1, 1, 0)),
        ("[^a]", (0, 1, 0)),
        (r"\d", (0, 1, 0)),
        ("a{2}", (2, 0, 0)),
        ("a{2,5}", (2, 0, -1)),
        ("a*", (0, 0, -1)),
        ("a*?", (0, 0, -1)),
        ("a*+", (0, 0, -1)),
        ("[ab]{3}", (0, 3, 0)),
        ("(?:ab[cd]x*){3}", (6, 3, -3)),
        ("(?:ab[cd]x*){3,4}", (6, 3, -4)),
        ("ab|cde", (2, 0, 0)),
        ("cde|ab", (2, 0, 0)),
        ("(ab)", (2, 0, 0)),
        ("(?>ab)", (2, 0, 0)),
        ("ab[cd][ef]x*y*", (2, 2, -2)),
    ],
)
def test_how_specific_an_expression_is(pattern: str, contents: tuple[int, int, int]) -> None:
    assert specificity(re.compile(pattern)) == contents


def test_spaces_of_a_verbose_expression_are_no_characters() -> None:
    verbose = re.compile("a b  # c", re.VERBOSE)
    assert (beginning(verbose), specificity(verbose)) == ("ab", (2, 0, 0))


_LONG = "x" * 100
_TOO_MANY = "too many repetitions or alternatives: at most 2 repetitions and 4 choices, to keep it fast"


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        (r"(a)\1", "a back-reference: not allowed, to keep it fast"),
        ("(a)?(?(1)b|c)", "a conditional group: not allowed, to keep it fast"),
        ("(?=a)a", "a look-around: not allowed, to keep it fast"),
        ("(?!a)b", "a look-around: not allowed, to keep it fast"),
        ("(?:ab|(?=a)cd)", "a look-around: not allowed, to keep it fast"),
        ("((?=a)a)", "a look-around: not allowed, to keep it fast"),
        ("(?>(?=a)a)", "a look-around: not allowed, to keep it fast"),
        ("(?:(?=a)a){2}", "a look-around: not allowed, to keep it fast"),
        ("a+b+c+", _TOO_MANY),
        ("a?" * 5, _TOO_MANY),
        ("a{0,2}" * 3, _TOO_MANY),
        ("(?:a?b?c?d?|xy)", _TOO_MANY),
        ("(?:ab|cd)" * 5, _TOO_MANY),
        ("(a?)(a?)(a?)(a?)(a?)", _TOO_MANY),
        ("(?>a?)(?>a?)(?>a?)(?>a?)(?>a?)", _TOO_MANY),
    ],
)
def test_what_is_refused_is_named_with_its_beginning(pattern: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_pattern(pattern + _LONG)
    assert caught.value.problems == (f"regular expression {(pattern + _LONG)[:80]!r} has {problem}",)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(a+)+", "a repetition"),
        ("(a+?)+", "a repetition"),
        ("(?:(?>a+))+", "a repetition"),
        ("(?:a++)+", "a repetition"),
        ("(?:a+){2}", "a repetition"),
        ("(?:(?:a{2,3}){2})", "a repetition"),
        ("(?:ab|cd){2}", "alternatives"),
        ("((ab|cd))+", "alternatives"),
        ("(?>ab|cd)+", "alternatives"),
    ],
)
def test_what_must_not_be_repeated(pattern: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_pattern(pattern + _LONG)
    begins = (pattern + _LONG)[:80]
    assert caught.value.problems == (
        f"regular expression {begins!r} repeats {problem}: not allowed, to keep it fast",
    )


@pytest.mark.parametrize(
    "pattern",
    [
        *("a?" * 4, "a+b+", "(?:ab+)?", "(?:ab|cd)?", "(?:ab|cd)" * 4, "a" * 500, "(?:ab){9}"),
        *("a{2}b{2}c{2}", "(?:a{2}b){3}"),  # of one length: nothing to try
    ],
)
def test_as_much_as_may_be(pattern: str) -> None:
    assert check_pattern(pattern).pattern == pattern


def test_what_is_too_long_or_no_expression_is_named() -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_pattern("a" * 501)
    assert caught.value.problems == ("regular expression of 501 characters: at most 500",)
    with pytest.raises(InvalidRequest) as caught:
        check_pattern("(" + _LONG)
    (problem,) = caught.value.problems
    assert problem.startswith(f"regular expression {('(' + _LONG)[:80]!r} is not valid: missing )")


@pytest.mark.parametrize("text", ["[[a]", "[a--b]", "[[:alpha:]]"])
def test_what_python_warns_of_is_refused_each_time(text: str) -> None:
    for _ in range(2):
        with pytest.raises(InvalidRequest, match="is not valid: Possible"):
            check_pattern(text)


def test_an_expression_that_is_nested_too_deep_for_the_stack_is_refused() -> None:
    frame, depth = sys._getframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1  # type: ignore[assignment]

    def descend(steps: int) -> re.Pattern[str]:
        return descend(steps - 1) if steps else check_pattern("(" * 200 + "a" + ")" * 200)

    with pytest.raises(InvalidRequest, match="is not valid"):
        check_pattern("(")  # the same refusal, also where a tracer has no room left below
    with pytest.raises(InvalidRequest, match="is not valid"):
        descend(sys.getrecursionlimit() - depth - 200)
