"""`maintenance audit` and `maintenance secrets` as people and scripts use them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery
from celery.bin.celery import celery
from click.testing import CliRunner
from cryptography.fernet import Fernet
from sqlalchemy import create_engine, text

import guard
from guard.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.valkey import Valkey

APP = "audit_commands_app"


@dataclass
class Desk:
    """Commands, run in this process on an app of its own."""

    folder: Path
    environ: dict[str, str]
    last: guard.Guard | None = None

    def run(self, *args: str, stdin: str | None = None, **environ: str) -> Any:
        """What a command printed (`stdout`, `stderr`) and its exit code."""
        self.close()
        app = Celery("desk", broker="memory://", set_as_current=False)
        self.last = guard.install(app, guard.load_settings({**self.environ, **environ}))
        module: Any = types.ModuleType(APP)
        module.app = app
        sys.modules[APP] = module
        done = CliRunner().invoke(celery, ["-A", APP, "maintenance", *args], input=stdin)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def told(self, *args: str, **options: Any) -> Any:
        """The JSON of a command that must end well."""
        done = self.run(*args, "--json", **options)
        assert done.exit_code == Exit.DONE, done.output
        return json.loads(done.stdout)

    def close(self) -> None:
        if self.last is not None:
            self.last.close()


@pytest.fixture
def desk(valkey: Valkey, tmp_path: Path) -> Iterator[Desk]:
    """An app whose journal has two rows."""
    environ = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'guard.db'}",
        "REDIS_URL": valkey.url(valkey.fresh_db()),
        "GUARD_SECRET_KEY": "a secret for the commands",
    }
    made = Desk(tmp_path, environ)
    for name in ("alice", "bob"):
        made.told("access", "token", "make", name, "--right", "read", "--for", "1h", "--by", name)
    yield made
    made.close()
    sys.modules.pop(APP, None)


def test_the_journal_is_shown_by_actor_action_and_time(desk: Desk) -> None:
    done = desk.run("audit", "show", "--actor", "alice")
    assert done.exit_code == Exit.DONE, done
    assert "make token" in done.stdout
    assert "bob" not in done.stdout
    (row,) = desk.told("audit", "show", "--action", "make token", "--actor", "bob", "--since", "1h")
    assert row["detail"]["owner"] == "bob"
    assert desk.told("audit", "show", "--until", "2020-01-01") == []
    wrong = desk.run("audit", "show", "--since", "soon")
    assert (wrong.exit_code, "'soon' is no time" in wrong.stderr) == (Exit.INVALID, True)


def test_what_is_wrong_is_named_exported_and_accepted(desk: Desk) -> None:
    intact = desk.run("audit", "verify")
    assert (intact.exit_code, "Chain intact: 2 rows" in intact.stdout) == (Exit.DONE, True), intact
    for name in ("journal.jsonl", "journal.csv"):
        made = desk.told("audit", "export", str(desk.folder / name))
        assert made["rows"] == 2
        assert desk.told("audit", "verify", "--file", str(desk.folder / name))["intact"] is True
    again = desk.run("audit", "export", str(desk.folder / "journal.csv"))
    assert (again.exit_code, "is there already" in again.stderr) == (Exit.INVALID, True)
    for words in (["export", ""], ["verify", "--file", "/"]):
        no_file = desk.run("audit", *words)
        assert (no_file.exit_code, "give a file's name" in no_file.stderr) == (Exit.INVALID, True), no_file

    engine = create_engine(f"sqlite:///{desk.folder / 'guard.db'}")
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER guard_audit_no_update"))
        connection.execute(text("UPDATE guard_audit SET actor = 'mallory' WHERE number = 1"))
    engine.dispose()
    broken = desk.run("audit", "verify")
    assert broken.exit_code == Exit.BROKEN, broken
    assert "changed" in broken.stdout
    assert "row 1 (number 1): it does not say any more what it said" in broken.stdout
    assert "the database lets rows be changed by hand" in broken.stdout
    said = desk.run("audit", "verify", "--json")
    assert (said.exit_code, json.loads(said.stdout)["breaks"][0]["number"]) == (Exit.BROKEN, 1)
    copy = desk.folder / "journal.jsonl"
    copy.write_text(copy.read_text().replace("alice", "mallory"))
    assert desk.run("audit", "verify", "--file", str(copy)).exit_code == Exit.BROKEN
    asked = desk.run("audit", "accept", "--reason", "looked into", stdin="n\n")
    assert asked.exit_code == Exit.NOT_NOW, asked
    done = desk.told("audit", "accept", "--reason", "looked into", "--yes", "--by", "ann")
    assert (done["intact"], done["passed_over"], done["began"]) == (True, 3, "accepted: looked into")
    assert desk.told("audit", "show", "--actor", "ann")[0]["detail"]["breaks"][0]["kind"] == "changed"


def test_secrets_are_read_from_standard_input_and_never_shown(desk: Desk) -> None:
    kept = desk.run("secrets", "set", "guard_smtp_url", "--by", "ann", stdin="smtps://u:tHe-pAssword@m.example\n")
    assert (kept.exit_code, "tHe-pAssword" in kept.stdout + kept.stderr) == (Exit.DONE, False), kept
    assert desk.run("secrets", "set", "guard_webhook_secrets", stdin="mAiler" * 5).exit_code == Exit.DONE
    listed = desk.run("secrets", "list")
    assert "guard_smtp_url" in listed.stdout
    assert "tHe-pAssword" not in listed.stdout
    empty = desk.run("secrets", "set", "guard_webhook_secrets", stdin="")
    assert (empty.exit_code, "is empty" in empty.stderr) == (Exit.INVALID, True), empty
    wrong = desk.run("secrets", "set", "guard_smtp_ulr", stdin="x")
    assert "did you mean 'guard_smtp_url'" in wrong.stderr

    key = desk.run("secrets", "new-key").stdout.strip()
    Fernet(key)
    done = desk.told("secrets", "rotate", GUARD_ENCRYPTION_KEYS=key)
    assert done == {"renewed": 2, "newest": 0, "unreadable": []}
    lost = desk.run("secrets", "rotate", "--json")
    assert (lost.exit_code, len(json.loads(lost.stdout)["unreadable"])) == (Exit.UNCONFIRMED, 2)
    assert [one["opens"] for one in desk.told("secrets", "list")] == [False, False]
    gone = desk.told("secrets", "remove", "guard_webhook_secrets")
    assert gone == {"name": "guard_webhook_secrets", "kept": False}
    again = desk.run("secrets", "remove", "guard_webhook_secrets")
    assert again.exit_code == Exit.INVALID
    assert "no secret 'guard_webhook_secrets' is kept" in again.stderr


@pytest.mark.slow
def test_on_a_terminal_a_secret_is_asked_for_twice_and_not_echoed(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "from celery import Celery\nimport guard\napp = Celery('shop', broker='memory://')\nguard.install(app)\n"
    )
    environ = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path}:{Path.cwd()}",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'guard.db'}",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "GUARD_SECRET_KEY": "a secret for the commands",
    }
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "shop",
         "maintenance", "secrets", "set", "guard_webhook_secrets"],
        cwd=tmp_path, env=environ, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    seen = b""
    for _ in range(2):  # what is typed before the question is thrown away, as with every password
        while not seen.endswith(b": "):
            one = os.read(process.stderr.fileno(), 4096)
            assert one, seen
            seen += one
        seen += b"\n"
        os.write(master, b"tYped-on-a-terminal-by-hand\n")
    out, err = process.communicate(timeout=60)
    os.set_blocking(master, False)
    try:
        echoed = os.read(master, 4096)
    except BlockingIOError:
        echoed = b""
    os.close(terminal)
    os.close(master)
    assert process.returncode == 0, err
    assert b"is kept" in out
    assert b"tYped" not in out + err + seen + echoed
