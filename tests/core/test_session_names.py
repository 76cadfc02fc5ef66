"""Prefixes and patterns that would touch what is not the sessions' are refused."""

from __future__ import annotations

import pytest

from guard.core.session_names import index_names, name_problems, patterns_of, sign_in_flags

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
