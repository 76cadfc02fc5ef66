"""Settings as files: `NAME_FILE=/run/secrets/name`."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_type_hints

import pytest

from guard.errors import ConfigurationInvalid
from guard.settings import Settings, load_settings, secret_files
from guard.settings.masking import Secret, Url, Webhook
from guard.settings.read import SECRETS
from guard.settings.secret_files import secret

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN = "a secret nobody may see"
USUAL = {
    "GUARD_SECRET_KEY": HIDDEN,
    "GUARD_FORMER_SECRET_KEYS": f"{HIDDEN},{HIDDEN[::-1]}",
    "GUARD_ENCRYPTION_KEYS": "A" * 43 + "=",
    "GUARD_WEBHOOK_SECRETS": "w" * 24,
    "MAINTENANCE_WEBHOOK_URL": "https://hooks.example.com/T0/abcdefghijklmnop",
    "GUARD_SMTP_URL": "smtps://user:hunter2@mail.example.com:465",
}


def wrong(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(ConfigurationInvalid) as caught:
        load_settings(environ)
    assert HIDDEN not in str(caught.value)
    return tuple(caught.value.problems)


def test_every_setting_that_may_hold_a_secret_may_be_a_file() -> None:
    hints = get_type_hints(Settings, include_extras=True)
    assert {name.upper() for name, kind in hints.items() if kind in {Url, Webhook, Secret | None}} == SECRETS


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_file_counts_as_the_variable_would(name: str, tmp_path: Path) -> None:
    value = USUAL.get(name, "redis://:hunter2@server:6379/0")
    path = tmp_path / "anything"
    path.write_text(f"{value}\n", "utf-8")
    extra = {"GUARD_MAIL_FROM": "guard@example.com"} if name == "GUARD_SMTP_URL" else {}
    assert load_settings({f"{name}_FILE": str(path), **extra}) == load_settings({name: value, **extra})


MODES = {
    "private": (0o600, ""),
    "as engines mount it": (0o444, ""),
    "writable by others": (0o666, "chmod go-w"),
}


@pytest.mark.parametrize(("mode", "warned"), MODES.values(), ids=MODES)
def test_who_else_may_write_the_file_is_at_most_a_warning(
    mode: int, warned: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "key"
    path.write_text(HIDDEN, "utf-8")
    path.chmod(mode)
    with caplog.at_level(logging.WARNING):
        assert load_settings({"GUARD_SECRET_KEY_FILE": str(path)}).secret == HIDDEN.encode()
    assert (warned in caplog.text) if warned else not caplog.text
    assert HIDDEN not in caplog.text


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.absolute, "is not there"),
    "a folder": (Path.mkdir, "cannot be read (Is a directory)"),
    "a pipe, which would block": (os.mkfifo, "is not a file"),
    "empty": (lambda path: path.write_text("", "utf-8"), "is empty"),
    "blank": (lambda path: path.write_text(" \n\n", "utf-8"), "is empty"),
    "two lines": (lambda path: path.write_text(f"{HIDDEN}\n{HIDDEN}\n", "utf-8"), "more than one line"),
    "a NUL": (lambda path: path.write_text(f"{HIDDEN}\0x", "utf-8"), "control characters"),
    "not text": (lambda path: path.write_bytes(HIDDEN.encode("utf-16")), "is not UTF-8 text"),
    "a disk image": (lambda path: path.write_text("x" * 70_000, "utf-8"), "is larger than 64 KiB"),
}


@pytest.mark.parametrize(("make", "said"), BAD.values(), ids=BAD)
def test_a_file_that_cannot_be_used_is_named(
    make: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    make(path)
    (problem,) = wrong({"GUARD_SECRET_KEY_FILE": str(path)})
    assert problem.startswith(f"GUARD_SECRET_KEY_FILE: {path} ")
    assert said in problem


def test_one_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_args: object) -> int:
        raise PermissionError(13, "Permission denied")  # root, who runs the tests in CI, may read everything

    monkeypatch.setattr("guard.settings.secret_files.os.open", refused)
    (problem,) = wrong({"GUARD_SECRET_KEY_FILE": str(tmp_path)})
    assert problem.endswith("cannot be read (Permission denied)")


def test_both_ways_at_once_name_both(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(HIDDEN, "utf-8")
    both = {"GUARD_SECRET_KEY": HIDDEN, "GUARD_SECRET_KEY_FILE": str(path)}
    assert wrong(both) == ("GUARD_SECRET_KEY and GUARD_SECRET_KEY_FILE are both set: keep one of them",)


def test_an_empty_one_of_the_two_is_not_given(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(HIDDEN, "utf-8")
    assert load_settings({"REDIS_URL": "", "REDIS_URL_FILE": str(path)}).redis_url == HIDDEN
    assert load_settings({"REDIS_URL": "redis://h", "REDIS_URL_FILE": ""}).redis_url == "redis://h"


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    problems = wrong(
        {
            "GUARD_SECRET_KEY_FILE": str(tmp_path / "none"),
            "DATABASE_URL_FILE": str(tmp_path / "neither"),
            "MAINTENANCE_DEFAULT_TIMEOUT": "-1",
            "GUARD_SECRETT_KEY_FILE": "/x",
        }
    )
    assert [problem.split()[0].rstrip(":") for problem in problems] == [
        "DATABASE_URL_FILE", "GUARD_SECRET_KEY_FILE", "GUARD_SECRETT_KEY_FILE", "MAINTENANCE_DEFAULT_TIMEOUT",
    ]  # fmt: skip
    assert "GUARD_SECRET_KEY_FILE" in problems[2]


def test_what_is_wrong_in_a_file_is_told_without_its_contents(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("short", "utf-8")
    (problem,) = wrong({"GUARD_SECRET_KEY_FILE": str(path)})
    assert problem == "GUARD_SECRET_KEY is too short: use 16 characters or more"


def test_a_mounted_file_is_not_asked_where_another_way_was_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_files, "MOUNTED", tmp_path)
    (tmp_path / "guard_secret_key").write_text("", "utf-8")
    with pytest.raises(ConfigurationInvalid, match=r"guard_secret_key is empty"):
        load_settings()
    monkeypatch.setenv("GUARD_SECRET_KEY", HIDDEN)
    assert load_settings().secret == HIDDEN.encode()


def test_one_by_itself_for_an_application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_files, "MOUNTED", tmp_path / "run")
    assert secret("SHOP_BROKER_URL") == ""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "shop_broker_url").write_text("mounted", "utf-8")
    assert secret("SHOP_BROKER_URL") == "mounted"
    (tmp_path / "broker").write_text("amqp://in-a-file\n", "utf-8")
    monkeypatch.setenv("SHOP_BROKER_URL_FILE", str(tmp_path / "broker"))
    assert secret("SHOP_BROKER_URL") == "amqp://in-a-file"
    monkeypatch.setenv("SHOP_BROKER_URL", "amqp://given")
    with pytest.raises(ConfigurationInvalid, match="are both set"):
        secret("SHOP_BROKER_URL")
    monkeypatch.delenv("SHOP_BROKER_URL_FILE")
    assert secret("SHOP_BROKER_URL") == "amqp://given"


@pytest.mark.parametrize("given", ["file", "variable"])
def test_celery_itself_takes_broker_and_results_of_the_jobs_from_files(given: str, tmp_path: Path) -> None:
    addresses = {
        "CELERY_BROKER_URL": "amqp://guard:hunter2@broker//",
        "CELERY_RESULT_BACKEND": "redis://results:hunter2@redis/1",
        "DATABASE_URL": "mysql+pymysql://guard:hunter2@mariadb/guard",
    }
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    for name, value in addresses.items():
        (tmp_path / name.lower()).write_text(f"{value}\n", "utf-8")
        environ |= {f"{name}_FILE": str(tmp_path / name.lower())} if given == "file" else {name: value}
    code = (
        "from tasks.app import app, maintenance; from tasks.settings import JobSettings; c = app.conf;"
        "print(c.broker_url, c.broker_write_url, c.result_backend, str(maintenance.settings.database_url),"
        "JobSettings().tasks_database_url.get_secret_value(), app.connection_for_read().hostname, sep='\\n')"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    broker, results, database = addresses.values()
    assert said.stdout.split() == [broker, broker, results, database, database, "broker"]
