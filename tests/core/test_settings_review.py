"""Weak secrets and debug switches in an environment; no value is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.alerts import Severity
from guard.core.settings_review import review_environment
from tests.core.strategies import many

KEY = {"GUARD_SECRET_KEY": "m3Zk!qP0-vTx7Yb2"}


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("FLASK_SECRET_KEY", "your-secret-key-here", "weak secret"),
        ("FLASK_SECRET_KEY", "short", "weak secret"),
        ("PLATFORM_ENCRYPTION_KEY", "aaaaaaaaaaaaaaaaaaaaaaaa", "weak secret"),
        ("REDIS_PASSWORD", "Changeme", "weak secret"),
        ("MYSQL_PASSWORD", "password", "weak secret"),
        ("DATABASE_URL", "mysql+pymysql://root:root@db/app", "weak secret"),
        ("REDIS_URL", "redis://:changeme@cache/0", "weak secret"),
        ("FLASK_DEBUG", "1", "debug switch"),
        ("DEBUG", "True", "debug switch"),
        ("FLASK_ENV", "development", "debug switch"),
    ],
)
def test_what_should_be_changed(name: str, value: str, kind: str) -> None:
    (found,) = review_environment({**KEY, name: value})
    assert (found.kind, found.subject) == (kind, name)
    assert name in found.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLASK_SECRET_KEY", "4hV!x-92kfPqLmZw8e"),
        ("REDIS_PASSWORD", "horse battery"),
        ("DATABASE_URL", "mysql+pymysql://app:4hV!x-92kfPq@db/app"),
        ("DATABASE_URL", "sqlite:///guard.db"),
        ("REDIS_URL", "redis://[broken"),
        ("DEBUG", "false"),
        ("FLASK_ENV", "production"),
        ("KEYBOARD", "dev"),
        ("EMPTY_PASSWORD", ""),
        ("DATABASE_TOKENIZER", "test"),
    ],
)
def test_what_may_stay(name: str, value: str) -> None:
    assert review_environment({**KEY, name: value}) == ()


def test_no_signing_key() -> None:
    (found,) = review_environment({})
    assert found.kind == "no signing key"


@given(st.dictionaries(st.sampled_from(["A_SECRET", "MY_PASSWORD", "REDIS_URL"]), st.text(max_size=30)))
@many
def test_no_value_is_told(environ: dict[str, str]) -> None:
    for found in review_environment({**KEY, **environ}):
        rest = found.message.replace(found.subject, "")
        value = environ[found.subject]
        assert len(value) < 6 or value not in rest


SHORT = "{} is shorter than 16 characters: replace it"
KNOWN = "the password in {} is a well-known one: replace it"
WEAK = """
    admin administrator changeme change-me change_me default demo dev development example guest
    insecure letmein pass passw0rd password password1 placeholder root secret secretkey secret-key
    secret_key test testing todo xxx your-secret-key your_secret_key your-secret-key-here
    your_secret_key_here your-password your_password vedfolnir vedfolnir_password qwerty 12345678
    123456
""".split()  # noqa: SIM905 - a list of one a line is a page long


@pytest.mark.parametrize("value", [*WEAK, "change me"])
def test_values_that_everybody_knows(value: str) -> None:
    for name in ("MAIL_PASSWORD", "A_SECRET"):
        (found,) = review_environment({**KEY, name: f" {value.upper()} "})
        assert found.message == f"{name} has a well-known value: replace it"
    if " " not in value:
        (found,) = review_environment({**KEY, "REDIS_URL": f"redis://:{value.upper()}@cache/0"})
        assert found.message == "the password in REDIS_URL is a well-known one: replace it"


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"GUARD_SECRET_KEY": ""},
            "GUARD_SECRET_KEY is not set: whoever can write to Redis can open the gate",
        ),
        (
            {**KEY, "A_SECRET_KEY": "abcdefghijklmno"},
            SHORT.format("A_SECRET_KEY"),
        ),
        (
            {**KEY, "ENCRYPTION_KEY": "abcdefghijklmno"},
            SHORT.format("ENCRYPTION_KEY"),
        ),
        ({**KEY, "A_TOKEN": "abcdabcd"}, "A_TOKEN repeats a few characters: replace it"),
        ({**KEY, "A_SECRET_KEY": "abcdabcdabcdabcd"}, "A_SECRET_KEY repeats a few characters: replace it"),
        (
            {**KEY, "DATABASE_URL": "mysql://a:@b/c"},
            "the password in DATABASE_URL is a well-known one: replace it",
        ),
        ({**KEY, "FLASK_DEBUG": " ON "}, "FLASK_DEBUG is on"),
        ({**KEY, "APP_ENV": " Dev "}, "APP_ENV says development"),
    ],
)
def test_what_is_said(environ: dict[str, str], said: str) -> None:
    (found,) = review_environment(environ)
    assert found.message == said
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize(
    "name", ["SECRET", "A_PASSWORD", "PASSWD", "X_TOKEN_Y", "ENCRYPTION_KEY", "SECRET_KEY", "MY_API_KEY"]
)
def test_names_of_secrets(name: str) -> None:
    assert [found.subject for found in review_environment({**KEY, name: "xxx"})] == [name]


@pytest.mark.parametrize(
    "name", ["DEBUG", "FLASK_DEBUG", "SQLALCHEMY_ECHO", "PYTHONASYNCIODEBUG", "WERKZEUG_DEBUG_PIN"]
)
@pytest.mark.parametrize("value", ["1", "true", "yes", "on"])
def test_debug_switches(name: str, value: str) -> None:
    assert [(found.kind, found.message) for found in review_environment({**KEY, name: value})] == [
        ("debug switch", f"{name} is on")
    ]


@pytest.mark.parametrize("name", ["FLASK_ENV", "APP_ENV", "ENVIRONMENT"])
@pytest.mark.parametrize("value", ["development", "dev", "debug"])
def test_places_of_development(name: str, value: str) -> None:
    assert [(found.kind, found.message) for found in review_environment({**KEY, name: value})] == [
        ("debug switch", f"{name} says development")
    ]


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND"])
def test_addresses_with_passwords(name: str) -> None:
    assert [(found.kind, found.subject) for found in review_environment({**KEY, name: "x://a:root@b/c"})] == [
        ("weak secret", name)
    ]
    assert review_environment({**KEY, name: "x://a@b/c"}) == ()


def test_what_just_passes_and_the_order_of_findings() -> None:
    assert review_environment({**KEY, "A_SECRET_KEY": "abcdeabcdeabcdea", "B_TOKEN": "abcde"}) == ()
    found = review_environment({
        "FLASK_ENV": "dev", "DEBUG": "1", "REDIS_URL": "x://:root@b", "Z_TOKEN": "xxx", "A_TOKEN": "xxx",
    })  # fmt: skip
    assert [one.subject for one in found] == [
        "GUARD_SECRET_KEY", "A_TOKEN", "Z_TOKEN", "REDIS_URL", "DEBUG", "FLASK_ENV",
    ]  # fmt: skip
    assert [one.kind for one in found] == [
        "no signing key", "weak secret", "weak secret", "weak secret", "debug switch", "debug switch",
    ]  # fmt: skip
