"""Page sessions: when one counts, whose rights it has, and what its forms send along."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.core.access import Actor, Right
from guard.core.credentials import TokenView
from guard.core.page_session import (
    IDLE_SECONDS,
    LONGEST_SECONDS,
    PageSession,
    SignedIn,
    csrf_text,
    is_cookie,
    is_csrf_text,
    page_actor,
)

NOW = 1_700_000_000.0
COOKIE = "A" * 42 + "-"
TOKEN = TokenView(
    token_id="t",
    owner="alice",
    label="",
    rights=frozenset({Right.EMERGENCY}),
    made_at=NOW,
    made_by="ops",
    expires_at=NOW + LONGEST_SECONDS * 2,
)
SESSION = PageSession(
    session_id="s",
    token_id="t",
    address="192.0.2.1",
    began_at=NOW,
    seen_at=NOW,
    expires_at=NOW + LONGEST_SECONDS,
    stepped_up_at=NOW + 5,
)


@pytest.mark.parametrize(
    ("session", "token", "at", "known"),
    [
        ({}, {}, 0, True),
        ({}, {}, IDLE_SECONDS - 0.1, True),
        ({}, {}, IDLE_SECONDS, False),
        ({"seen_at": NOW + LONGEST_SECONDS - 1}, {}, LONGEST_SECONDS - 0.1, True),
        ({"seen_at": NOW + LONGEST_SECONDS - 1}, {}, LONGEST_SECONDS, False),
        ({}, {"revoked_at": NOW}, 0, False),
        ({}, {"expires_at": NOW + 10}, 9.9, True),
        ({}, {"expires_at": NOW + 10}, 10, False),
    ],
)
def test_when_it_counts(session: dict[str, Any], token: dict[str, Any], at: float, known: bool) -> None:
    actor = page_actor(replace(SESSION, **session), replace(TOKEN, **token), address="a", now=NOW + at)
    assert (actor is not None) is known


def test_its_rights_are_the_tokens_of_now() -> None:
    assert page_actor(SESSION, TOKEN, address="203.0.113.9", now=NOW) == Actor(
        name="alice",
        rights=frozenset({Right.EMERGENCY}),
        address="203.0.113.9",
        via="page",
        credential="s",
        stepped_up_at=NOW + 5,
    )
    less = page_actor(SESSION, replace(TOKEN, rights=frozenset({Right.READ})), address="", now=NOW)
    assert less is not None
    assert not less.may(Right.EMERGENCY)


def test_a_form_belongs_to_one_cookie() -> None:
    text = csrf_text(COOKIE)
    assert is_csrf_text(COOKIE, text)
    assert COOKIE not in text
    other = "B" * 43
    for cookie, shown in ((other, text), (COOKIE, csrf_text(other)), (COOKIE, text[:-1]), (COOKIE, "")):
        assert not is_csrf_text(cookie, shown)
    for shown in (None, 7, text.encode(), text + "é", COOKIE):
        assert not is_csrf_text(COOKIE, shown)
    assert not is_csrf_text("", csrf_text(""))  # no cookie, no form


@pytest.mark.parametrize("text", ["", None, 7, COOKIE + "x", COOKIE[:-1], COOKIE[:-1] + " ", COOKIE + "\n"])
def test_what_is_no_cookie(text: object) -> None:
    assert not is_cookie(text)
    assert is_cookie(COOKIE)


def test_a_sign_in_does_not_show_its_cookie() -> None:
    actor = Actor(name="alice", rights=frozenset())
    assert COOKIE not in repr(SignedIn(cookie=COOKIE, actor=actor, seconds=1))


def test_half_an_hour_idle_and_eight_hours_in_all() -> None:
    assert (IDLE_SECONDS, LONGEST_SECONDS) == (1800, 28_800)


def test_what_a_form_sends_is_the_same_in_another_release() -> None:
    assert csrf_text(COOKIE) == "df79a4208fd103d1f5f0d6e4dcab2508ff38560fa1c91015357e9906ed5e5a3c", (
        "HMAC-SHA-256 of a fixed text"
    )


def test_a_session_without_a_step_up() -> None:
    made = PageSession(
        session_id="s", token_id="t", address="a", began_at=NOW, seen_at=NOW, expires_at=NOW + 9
    )
    assert made.stepped_up_at is None
    assert is_csrf_text(COOKIE + "x", csrf_text(COOKIE + "x")) is False
