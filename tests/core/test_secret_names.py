"""Which secrets may be kept, and with what."""

from __future__ import annotations

from dataclasses import fields

import pytest

from guard.core.secret_names import LONGEST_SECRET, SECRETS, check_secret
from guard.errors import InvalidRequest
from guard.settings import Settings

RIGHT = {
    "maintenance_webhook_url": "https://hooks.example.com/services/T0/B0",
    "guard_webhook_secrets": f"{'n' * 24}, {'o' * 24}",
    "guard_smtp_url": "smtps://guard:hunter2@mail.example.com",
}


@pytest.mark.parametrize("name", SECRETS)
def test_each_may_be_kept_and_has_the_name_of_a_setting(name: str) -> None:
    assert name in {field.name for field in fields(Settings)}
    check_secret(name)
    check_secret(name, RIGHT[name])


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("text", ["", "x" * (LONGEST_SECRET + 1), "a\nb", "a\x00b"])
def test_what_is_wrong_with_a_text_is_said_without_it(name: str, text: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        check_secret(name, text)
    assert len(text) < 2 or text not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("maintenance_webhook_url", "http://hunter2.example.com", "must begin with https://"),
        ("maintenance_webhook_url", "https://127.0.0.1/hunter2", "leads to a loopback address"),
        ("guard_webhook_secrets", "hunter2", "has one of less than 24 characters"),
        ("guard_webhook_secrets", ",".join(["hunter2" * 4] * 3), "has more than two"),
        ("guard_webhook_secrets", " , ", "has nothing between its commas"),
        ("guard_smtp_url", "smtp://guard:hunter2@mail.example.com", "would send in the clear"),
        ("guard_smtp_url", "smtps://hunter2@mail.example.com", "has a user without a password"),
    ],
)
def test_a_text_is_judged_as_the_setting_is(name: str, text: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        check_secret(name, text)
    assert f"{name} {said}" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_name_that_is_none_gets_the_nearest() -> None:
    with pytest.raises(InvalidRequest, match="did you mean 'guard_webhook_secrets'"):
        check_secret("webhook_secrets")


def problems_of(name: str, text: str | None = None) -> tuple[str, ...]:
    with pytest.raises(InvalidRequest) as raised:
        check_secret(name, text)
    return tuple(raised.value.problems)


def test_what_each_is_for() -> None:
    assert SECRETS == {
        "maintenance_webhook_url": "where alerts are posted: the URL, whose path or query is the proof",
        "guard_webhook_secrets": "the key that posts to the webhook are signed with, or the new one, "
        "the old one",
        "guard_smtp_url": "the mail server, as smtp+starttls://user:password@host:587",
    }


def test_the_sentences_about_a_text() -> None:
    assert problems_of("guard_smtp_url", "") == (
        "the secret is empty: `maintenance secrets remove` drops one",
    )
    assert problems_of("guard_smtp_url", "a\nb") == (
        "the secret has characters that are not printable, such as a line break",
    )
    assert problems_of("guard_smtp_url", "x" * 4097) == ("the secret is longer than 4096 characters",)


def test_a_secret_of_the_greatest_length_is_kept() -> None:
    check_secret("guard_webhook_secrets", "k" * 4096)
    assert LONGEST_SECRET == 4096


def test_a_name_that_is_none_is_cut_and_the_others_are_listed() -> None:
    there = "there are: maintenance_webhook_url, guard_webhook_secrets, guard_smtp_url"
    assert problems_of("x" * 60, "") == (f"there is no secret {'x' * 50!r}; {there}",)
    near = "maintenance_webhook_ur" + "y" * 28
    hint = " (did you mean 'maintenance_webhook_url'?)"
    assert problems_of(near + "y") == (f"there is no secret {near!r}{hint}; {there}",), "fifty are compared"


def test_every_problem_of_a_text_is_said() -> None:
    problems = problems_of("guard_webhook_secrets", "a,b,c")
    assert len(problems) > 1
    assert all(problem.startswith("guard_webhook_secrets has ") for problem in problems)
