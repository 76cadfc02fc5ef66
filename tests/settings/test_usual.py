"""Settings taken without pydantic are those that pydantic would have given."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import ConfigurationInvalid
from guard.settings import Settings, WhenClosed, load_settings, secret_files
from guard.settings.judge import judge
from guard.settings.usual import usual_settings
from tests.core.strategies import many

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["true", "false", "0", "1", "7", "99", "100", "7200", "604801", "0.75", "3", "60.5"]),
    st.sampled_from(["Europe/Berlin", "Europe/Berln", "24h", "1h,2h"]),
    st.sampled_from(
        ["a,b", "b", "a-secret-of-sixteen", "sqlite:///x.db", "redis://:pw@h/0", "", " ", "refuse", "UTC"]
    ),
)


@given(st.dictionaries(st.sampled_from([field.name for field in fields(Settings)]), TEXTS))
@many
def test_what_is_usual_is_right_and_the_same(values: dict[str, str]) -> None:
    quick = usual_settings(values)
    if quick is not None:
        judged = judge(Settings, values)
        assert vars(quick) == judged
        assert {name: type(value) for name, value in vars(quick).items()} == {
            name: type(value) for name, value in judged.items()
        }


@pytest.mark.parametrize(
    "values",
    [
        {},
        {
            "database_url": "mysql+pymysql://u:p@h/db",
            "redis_url": "redis://h/1",
            "guard_secret_key": "k" * 32,
            "guard_former_secret_keys": f"{'a' * 16},{'b' * 20}",
            "guard_encryption_keys": f"{'k' * 43}=,{'l' * 43}=",
        },
        {"maintenance_default_timeout": "3600", "maintenance_mode_enabled": "false"},
        {"guard_lease_seconds": "3", "guard_renew_seconds": "0.75", "guard_timeout_seconds": "0.5"},
        {"guard_hold_queues": "captions,images", "guard_mixed_queues": "celery"},
        {"guard_time_zone": "Europe/Berlin", "guard_notice_times": "72h,1h", "guard_look_ahead": "900"},
        {"guard_second_approver": "emergency,discard"},
        {"guard_second_approver": ""},
    ],
)
def test_a_production_environment_is_usual(values: dict[str, str]) -> None:
    settings = usual_settings(values)
    assert settings is not None
    assert vars(settings) == judge(Settings, values)


@pytest.mark.parametrize(
    "values",
    [
        {"maintenance_mode_enabled": "yes"},
        {"maintenance_default_timeout": "0"},
        {"guard_lease_seconds": "60"},
        {"guard_hold_queues": "a", "guard_mixed_queues": "a"},
        {"guard_secret_key": "short"},
        {"guard_encryption_keys": "short"},
        {"maintenance_webhook_url": "https://hooks.example"},
        {"guard_when_closed": "hold"},
        {"guard_time_zone": "Europe/Nowhere"},
        {"guard_notice_times": "soon"},
        {"guard_second_approver": "emergency,enable"},
    ],
)
def test_anything_else_is_left_to_the_judge(values: dict[str, str]) -> None:
    assert usual_settings(values) is None


def test_made_by_hand_they_are_judged_too() -> None:
    settings = Settings(redis_url="redis://:hunter2@h", guard_when_closed="hold")  # type: ignore[arg-type]
    assert settings.guard_when_closed is WhenClosed.HOLD
    assert "hunter2" not in repr(settings)
    with pytest.raises(ConfigurationInvalid, match="GUARD_NAMESPACE is 'Bad!'"):
        Settings(guard_namespace="Bad!")


def test_mounted_secrets_come_before_nothing_and_after_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_files, "MOUNTED", tmp_path)
    (tmp_path / "guard_secret_key").write_text("a secret in a file\n", "utf-8")
    (tmp_path / "GUARD_NAMESPACE").write_text("mounted", "utf-8")
    (tmp_path / "another").write_text("not ours", "utf-8")
    monkeypatch.setenv("GUARD_NAMESPACE", "given")
    settings = load_settings()
    assert (settings.secret, settings.guard_namespace) == (b"a secret in a file", "given")


def test_a_usual_environment_does_not_load_pydantic() -> None:
    code = (
        "import sys; from guard.settings import load_settings; load_settings({'GUARD_NAMESPACE': 'shop'});"
        "sys.exit('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
