"""Weak secrets and debug switches in an environment; no value is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
