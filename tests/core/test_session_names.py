"""Prefixes and patterns that would touch what is not the sessions' are refused."""

from __future__ import annotations

import pytest

from guard.core.session_names import index_names, name_problems, patterns_of, sign_in_flags
from tests.core.wording import is_worded

FINE = ("user_platforms:*", "platform:*")


@pytest.mark.parametrize("prefix", ["", "vedfolnir:session:", "session:", "django.sessions/", "app-sess_"])
def test_a_prefix_of_its_own(prefix: str) -> None:
    assert name_problems(prefix, FINE) == []


@pytest.mark.parametrize(
    "prefix",
    ["*", "a:", "session*:", "{guard}:", "session", "c?:", "celery-", "celery-task-meta-", "_kombu.",
     "unacked:", "rq:", "vedfolnir:session:\n", " session:", "x" * 101],
)  # fmt: skip
def test_a_prefix_that_is_refused(prefix: str) -> None:
    (problem,) = name_problems(prefix, FINE)
    assert problem.startswith("GUARD_SESSION_PREFIX is ")


@pytest.mark.parametrize(
    "pattern", ["*", "ab*", "?latform:*", "[pq]latform:*", "celery*", "cel*", "unacked*", "{guard}:*"]
)
def test_a_pattern_that_is_refused(pattern: str) -> None:
    (problem,) = name_problems("session:", (*FINE, pattern))
    assert problem.startswith("GUARD_SESSION_TOKEN_PATTERNS has ")


def test_all_problems_at_once() -> None:
    assert len(name_problems("*", ("*", "celery*"))) == 3


def test_patterns() -> None:
    assert patterns_of(" platform:* ,user_platforms:*,,platform:*") == ("platform:*", "user_platforms:*")
    assert patterns_of("") == ()


def test_the_older_layouts_sets() -> None:
    assert index_names("vedfolnir:session:") == ("vedfolnir:user_sessions:", "vedfolnir:session_index:all")
    assert index_names("django.sessions/") is None


def test_flags_that_bar_people_from_signing_in() -> None:
    assert sign_in_flags("vedfolnir:session:") == ("vedfolnir:maintenance:login_prevention",)
    assert sign_in_flags("other:") == ("maintenance:login_prevention",)


@pytest.mark.parametrize(
    ("prefix", "patterns"),
    [
        ("a:", ()),
        ("x" * 70, ()),
        ("celery-", ()),
        ("unacked:", ()),
        ("", ("ab*",)),
        ("", ("[" * 70,)),
        ("", ("celery*",)),
        ("", ("rq:" + "x" * 70,)),
        ("", ("abc" + "*" * 198,)),
    ],
)
def test_it_is_said_in_these_words(prefix: str, patterns: tuple[str, ...]) -> None:
    (problem,) = name_problems(prefix, patterns)
    is_worded("session_names", problem)


def test_the_longest_and_the_shortest() -> None:
    assert name_problems("ab:", ("abc" + "*" * 197, "a" + "b" * 98)) == []
    assert name_problems("a" + "b" * 98 + ":", ()) == []
    assert len(name_problems("", ("abc" + "*" * 198, "a" + "b" * 99))) == 2


@pytest.mark.parametrize("wild", ["*", "?", "[", "\\"])
def test_what_stands_before_the_first_wild_sign_counts(wild: str) -> None:
    assert name_problems("", (f"abc{wild}x*y",)) == []
    assert len(name_problems("", (f"ab{wild}cde",))) == 1


@pytest.mark.parametrize("own", ["_kombu", "celery", "rq:", "unacked"])
def test_keys_that_others_own(own: str) -> None:
    assert len(name_problems(f"{own}.x:", ())) == 1
    assert len(name_problems("", (own[:3] + "*",))) == 1


def test_a_prefix_that_is_the_older_layouts_word_alone() -> None:
    assert index_names("session:") == ("user_sessions:", "session_index:all")
    assert sign_in_flags("session:") == ("maintenance:login_prevention",)
