"""`JobSettings`: the documented defaults, which variable wins, and that no password is ever shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.settings import JobSettings

PASSWORD = "geheim"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("OLLAMA_", "RETRY_", "STORAGE_", "TASKS_", "DATABASE_")):
            monkeypatch.delenv(name)


def test_defaults() -> None:
    settings = JobSettings()
    assert settings.tasks_captioner == "palette"
    assert settings.tasks_database_url.get_secret_value() == "sqlite:///storage/jobs.db"
    assert settings.storage_images_dir == Path("storage/images")
    assert (settings.ollama_model, settings.ollama_timeout, settings.ollama_model_context) == (
        "llava:7b",
        60,
        4096,
    )
    assert (settings.retry_max_attempts, settings.retry_base_delay, settings.retry_max_delay) == (3, 1, 30)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"DATABASE_URL": "sqlite:///a"}, "sqlite:///a"),
        ({"TASKS_DATABASE_URL": "sqlite:///b"}, "sqlite:///b"),
        ({"DATABASE_URL": "sqlite:///a", "TASKS_DATABASE_URL": "sqlite:///b"}, "sqlite:///b"),
        ({"DATABASE_URL": "sqlite:///a", "TASKS_DATABASE_URL": ""}, "sqlite:///a"),
        ({"DATABASE_URL": ""}, "sqlite:///storage/jobs.db"),
    ],
)
def test_which_database(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert JobSettings().tasks_database_url.get_secret_value() == expected


def test_all_problems_at_once_without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "TASKS_CAPTIONER": PASSWORD,
        "OLLAMA_TIMEOUT": "-1",
        "RETRY_MAX_ATTEMPTS": "many",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        JobSettings()
    assert {error["loc"][0] for error in caught.value.errors()} == {
        "tasks_captioner",
        "ollama_timeout",
        "retry_max_attempts",
    }
    assert PASSWORD not in str(caught.value)


def test_no_password_in_repr() -> None:
    settings = JobSettings(
        tasks_database_url=f"mysql+pymysql://u:{PASSWORD}@db/x", ollama_url=f"http://u:{PASSWORD}@gpu"
    )
    assert PASSWORD not in repr(settings) + str(settings) + settings.model_dump_json()
