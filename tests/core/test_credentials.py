"""Tokens: their shape, what may be asked for, when they count, and that nothing shows their secret."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.access import Right
from guard.core.credentials import (
    LONGEST_TOKEN_SECONDS,
    NewToken,
    TokenRequest,
    digest_of,
    is_secret_of,
    read_token,
    rights_text,
    token_text,
)
from guard.errors import InvalidRequest
from tests.core.strategies import many

ID = "0123456789abcdef"
SECRET = "Ab0_-" + "x" * 38
NOW = 1_700_000_000.0


def request(**changed: Any) -> TokenRequest:
    given: dict[str, Any] = {"owner": "alice", "rights": ["read"], "seconds": 60, "by": "ops", **changed}
    return TokenRequest.check(**given)


VIEW = request().view(ID, NOW)


def test_what_is_written_is_read() -> None:
    assert read_token(token_text(ID, SECRET)) == (ID, SECRET)


@pytest.mark.parametrize(
    "text",
    [
        "", "gmt_", "gmt__", ID, SECRET, None, 7, b"gmt",
        f"gmt_{ID}_{SECRET}x", f"gmt_{ID}_{SECRET[:-1]}", f"gmt_{ID.upper()}_{SECRET}", f"GMT_{ID}_{SECRET}",
        f" gmt_{ID}_{SECRET}", f"gmt_{ID}_{SECRET}\n", f"gmt_{ID}_{SECRET[:-1]}é", f"gmt_{ID[:-1]}٣_{SECRET}",
    ],
)  # fmt: skip
def test_what_is_no_token(text: object) -> None:
    assert read_token(text) is None


@given(st.text(max_size=80))
@many
def test_any_text_is_a_token_or_none(text: str) -> None:
    assert read_token(text) is None
    assert not is_secret_of("0" * 64, text)


def test_only_its_own_secret_has_a_digest() -> None:
    assert is_secret_of(digest_of(SECRET), SECRET)
    assert not is_secret_of(digest_of(SECRET), SECRET[:-1] + "y")
    assert not is_secret_of("", SECRET)


@pytest.mark.parametrize(
    ("changed", "now", "counts"),
    [
        ({}, NOW, True),
        ({}, NOW + 59.9, True),
        ({}, NOW + 60, False),
        ({"revoked_at": NOW}, NOW, False),
    ],
)
def test_when_it_counts(changed: dict[str, Any], now: float, counts: bool) -> None:
    assert replace(VIEW, **changed).counts(now) is counts


def test_a_request_is_trimmed() -> None:
    made = request(owner=" alice ", label=" for the deploy ", rights=("operate", "operate"))
    assert (made.owner, made.label, made.rights) == ("alice", "for the deploy", {Right.OPERATE})


def test_all_problems_at_once() -> None:
    with pytest.raises(InvalidRequest) as error:
        request(owner="", by="a\nb", label="x" * 101, rights=["operat", "root"], seconds=0)
    said = "\n".join(error.value.problems)
    assert len(error.value.problems) == 6
    for text in ("owner ''", "by 'a\\nb'", "label", "did you mean 'operate'", "'root'", "0 seconds"):
        assert text in said


@pytest.mark.parametrize(
    "seconds", [0, -1, LONGEST_TOKEN_SECONDS + 1, 1.5, True, float("nan"), float("inf"), "60", None]
)
def test_no_token_lasts_for_ever_or_for_nothing(seconds: Any) -> None:
    with pytest.raises(InvalidRequest, match="366 days"):
        request(seconds=seconds)
    assert request(seconds=LONGEST_TOKEN_SECONDS).view(ID, 0.0).expires_at == LONGEST_TOKEN_SECONDS


@pytest.mark.parametrize("rights", [[], (), "reed"])
def test_a_token_without_a_right_is_none(rights: Any) -> None:
    with pytest.raises(InvalidRequest):
        request(rights=rights)


def test_one_right_may_be_a_word() -> None:
    assert request(rights="admin").rights == {Right.ADMIN}


def test_nothing_but_its_text_shows_a_new_token() -> None:
    made = NewToken(token_text(ID, SECRET), VIEW)
    assert made.text.endswith(SECRET)
    for shown in (repr(made), str(made), f"{made}", repr(made.view), repr([made])):
        assert SECRET not in shown
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="once"):
            take(made)
    with pytest.raises(TypeError):
        vars(made)


def test_a_view_is_plain_json() -> None:
    shown = replace(VIEW, rights=frozenset({Right.READ, Right.ADMIN})).to_dict()
    assert shown["rights"] == ["admin", "read"]
    assert rights_text({Right.READ, Right.ADMIN}) == "admin,read"
    assert not any("digest" in name or "secret" in name for name in shown)


def test_all_problems_in_these_words() -> None:
    with pytest.raises(InvalidRequest) as error:
        request(owner="x" * 101, by=None, label="x" * 101, rights=["operat", "r" * 41], seconds=0)
    assert error.value.problems == (
        f"owner '{'x' * 40}' is no name: 1 to 100 characters on one line",
        "by '' is no name: 1 to 100 characters on one line",
        "label is too long or no plain text: up to 100 characters on one line",
        "right 'operat' is unknown: use read, operate, emergency, admin (did you mean 'operate'?)",
        f"right '{'r' * 40}' is unknown: use read, operate, emergency, admin",
        "a token of 0 seconds is out of range: 1 second to 366 days",
    )
    with pytest.raises(InvalidRequest) as error:
        request(rights=[], label="a\tb")
    assert error.value.problems == (
        "label is too long or no plain text: up to 100 characters on one line",
        "a token needs a right: read, operate, emergency, admin",
    )


def test_the_longest_names_and_the_shortest_time() -> None:
    made = request(owner="o" * 100, by="b" * 100, label="l" * 100, seconds=1)
    assert (len(made.owner), len(made.by), len(made.label), made.seconds) == (100, 100, 100, 1)
    assert LONGEST_TOKEN_SECONDS == 366 * 86_400
    assert request().label == ""


def test_a_view_in_full() -> None:
    assert request(label="ci", rights=["read", "admin"]).view(ID, NOW).to_dict() == {
        "token_id": ID, "owner": "alice", "label": "ci", "rights": ["admin", "read"], "made_at": NOW,
        "made_by": "ops", "expires_at": NOW + 60, "revoked_at": None, "revoked_by": "", "used_at": None,
    }  # fmt: skip


def test_what_is_kept_of_a_secret_is_its_sha_256() -> None:
    assert digest_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert repr(NewToken("t", VIEW)) == f"NewToken('{ID}')"
    with pytest.raises(TypeError) as caught:
        copy.copy(NewToken("t", VIEW))
    assert str(caught.value) == "a new token is not to be copied anywhere: take its text, once"
