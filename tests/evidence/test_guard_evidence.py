"""`Guard.evidence` and `maintenance evidence` on real stores."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.evidence import Verdict
from guard.errors import InvalidRequest
from tests.evidence.conftest import SECRET
from tests.support.eventually import eventually
from tests.support.processes import LocalProcess
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard import Guard

MORE = {"state-durable", "state-live", "status", "journal", "windows", "settings", "processes", "machine"}


def test_everything_is_collected_journaled_and_verified(
    make_guard: Callable[..., Guard], tmp_path: Path, out: Path
) -> None:
    log = tmp_path / "web.log"
    log.write_text("the end\n")
    guard = make_guard(guard_evidence_logs=str(log))
    guard.enable(reason="incident", by="alice", mode="test")
    collected = guard.evidence.collect(out, by="alice")
    parts = {part.name: part for part in collected.manifest.parts}
    assert {name: part.why for name, part in parts.items() if part.status.value != "collected"} == {}
    assert {f"log {log}", "database", "redis-info", "redis-clients", "redis-snapshot"} | MORE <= set(parts)
    assert collected.journaled
    assert json.loads((out / "state-live.json").read_text())["mode"] == "test"
    assert json.loads((out / "state-durable.json").read_text())["reason"] == "incident"
    journal = [json.loads(line) for line in (out / "journal.jsonl").read_text().splitlines()]
    assert (journal[0]["action"], journal[0]["outcome"]) == ("evidence", "begun")
    assert "enable" in {line["action"] for line in journal}
    assert any(
        json.loads(line)["pid"] == os.getpid() for line in (out / "processes.jsonl").read_text().splitlines()
    )
    snapshot = json.loads((out / "redis-snapshot.json").read_text())
    assert snapshot["persistence"]["rdb_last_bgsave_status"] == "ok"
    done, begun = guard.records.journal(10, action="evidence")
    assert (begun.record.outcome, done.record.outcome) == ("begun", "done")
    assert done.record.detail["manifest_sha256"] == collected.manifest_sha256
    found = guard.evidence.verify(out)
    assert found.intact
    assert found.journaled is True


def test_no_secret_is_in_the_evidence_but_in_the_dump(make_guard: Callable[..., Guard], out: Path) -> None:
    guard = make_guard(guard_app_database_url="mysql+pymysql://root:s3cret@127.0.0.1:1/app")
    guard.evidence.collect(out, by="alice")
    for path in out.iterdir():
        text = path.read_bytes()
        assert SECRET.encode() not in text, path
        assert b"s3cret" not in text, path
    assert json.loads((out / "settings.json").read_text())["GUARD_SECRET_KEY"] == "***"


def test_a_change_in_the_folder_is_found(make_guard: Callable[..., Guard], out: Path, tmp_path: Path) -> None:
    guard = make_guard()
    guard.evidence.collect(out, by="alice")
    (out / "status.json").write_text("{}")
    (out / "windows.jsonl").unlink()
    (out / "settings.json").unlink()
    (out / "settings.json").symlink_to(tmp_path / "elsewhere")
    (out / "planted").write_text("x")
    found = guard.evidence.verify(out)
    assert not found.intact
    wrong = {one.file: one.verdict for one in found.findings if one.verdict is not Verdict.INTACT}
    assert wrong == {
        "status.json": Verdict.CHANGED,
        "windows.jsonl": Verdict.GONE,
        "settings.json": Verdict.UNKNOWN,
        "planted": Verdict.UNEXPECTED,
    }


def test_a_forged_manifest_does_not_fit_the_journal(make_guard: Callable[..., Guard], out: Path) -> None:
    guard = make_guard()
    guard.evidence.collect(out, by="alice")
    manifest = out / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"by": "alice"', '"by": "mallory"'))
    found = guard.evidence.verify(out)
    assert found.journaled is False
    assert not found.intact
    assert [one.file for one in found.findings if one.verdict is Verdict.CHANGED] == ["SHA256SUMS"]


def test_with_both_stores_away_the_rest_is_collected(make_guard: Callable[..., Guard], out: Path) -> None:
    guard = make_guard(
        redis_url="redis://:s3cret@127.0.0.1:1/0", database_url="mysql+pymysql://g:s3cret@127.0.0.1:1/guard"
    )
    collected = guard.evidence.collect(out, by="alice")
    parts = {part.name: part for part in collected.manifest.parts}
    assert collected.manifest.complete
    assert not collected.journaled
    assert parts["processes"].status.value == "collected"
    assert parts["settings"].status.value == "collected"
    for name in ("state-durable", "state-live", "journal", "redis-info", "redis-snapshot", "workers"):
        assert parts[name].status.value == "missing", name
        assert parts[name].why
    assert parts["database"].status.value == "failed"
    assert "s3cret" not in str(collected)
    found = guard.evidence.verify(out)
    assert found.intact
    assert found.journaled is None


def test_commands_that_the_server_does_not_let_us_are_named(
    make_guard: Callable[..., Guard], out: Path
) -> None:
    with Valkey(extra=("--rename-command", "BGSAVE", "")) as server:
        guard = make_guard(redis_url=server.url(0))
        collected = guard.evidence.collect(out, by="alice")
        guard.close()
    parts = {part.name: part for part in collected.manifest.parts}
    assert parts["redis-info"].status.value == "collected"
    assert parts["redis-snapshot"].status.value == "missing"
    assert "does not let us" in parts["redis-snapshot"].why


@pytest.mark.parametrize(
    ("folder", "options", "problem"),
    [
        ("x", {"by": ""}, "by"),
        ("x", {"by": "a", "limit": 0.0}, "limit"),
        ("x/y", {"by": "a"}, "No such file"),
    ],
)
def test_wrong_requests_write_nothing(
    make_guard: Callable[..., Guard], tmp_path: Path, folder: str, options: dict[str, Any], problem: str
) -> None:
    guard = make_guard()
    with pytest.raises(InvalidRequest, match=problem):
        guard.evidence.collect(tmp_path / folder, **options)
    assert not (tmp_path / "x").exists()
    with pytest.raises(InvalidRequest, match="no evidence"):
        guard.evidence.verify(tmp_path / folder)


APP = """
import os
from celery import Celery
import guard
app = Celery("cli", broker=os.environ["CELERY_BROKER_URL"])
guard.install(app)
"""


@pytest.fixture
def cli(tmp_path: Path, valkey: Valkey) -> tuple[list[str], dict[str, str]]:
    """How the command is run, and its environment."""
    (tmp_path / "evidence_cli_app.py").write_text(APP)
    number = valkey.fresh_db()
    environment = {
        **os.environ,
        "PYTHONPATH": f"{Path.cwd()}:{tmp_path}",
        "CELERY_BROKER_URL": valkey.broker_url(number),
        "REDIS_URL": valkey.url(number),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'guard.db'}",
        "GUARD_SECRET_KEY": SECRET,
    }
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "celery",
        "-A",
        "evidence_cli_app",
        "maintenance",
        "evidence",
    ]
    return command, environment


def test_the_command_collects_and_verifies(
    cli: tuple[list[str], dict[str, str]], tmp_path: Path, out: Path, make_guard: Callable[..., Guard]
) -> None:
    command, environment = cli
    log = tmp_path / "web.log"
    log.write_text("x")
    # Until somebody has opened a window or started a worker the control plane holds no state.
    make_guard(redis_url=environment["REDIS_URL"]).enable(reason="incident", by="alice", mode="test")

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *args], env=environment, capture_output=True, text=True, timeout=60)

    done = run(str(out), "--log", str(log), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert said["whole"]
    assert said["journaled"]
    (out / "status.json").write_text("{}")
    found = run(str(out), "--verify", "--json")
    assert found.returncode == 4
    assert json.loads(found.stdout)["intact"] is False


def test_a_command_that_is_interrupted_says_so(
    cli: tuple[list[str], dict[str, str]], tmp_path: Path, out: Path, make_guard: Callable[..., Guard]
) -> None:
    """By SIGTERM, in the middle of a part: a tool that never ends."""
    command, environment = cli
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "pg_dump").write_text("#!/bin/sh\necho begun\nexec sleep 600\n")
    (tools / "pg_dump").chmod(0o755)
    environment |= {
        "PATH": f"{tools}:{environment['PATH']}",
        "GUARD_APP_DATABASE_URL": "postgresql+psycopg://u@127.0.0.1:1/app",
    }
    process = LocalProcess("evidence", [*command, str(out)], workdir=tmp_path, env=environment).start()
    try:
        dump = out / "application-database.sql"
        eventually(lambda: dump.read_text() == "begun\n", within=30, what="the dump to begin")
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(20) == 1
        assert "not complete" in process.log
    finally:
        process.kill()
        process.close()
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["complete"] is False
    cut = next(part for part in manifest["parts"] if part["name"] == "application-database")
    assert (cut["status"], cut["size"]) == ("failed", 6)
    found = make_guard().evidence.verify(out)
    assert not found.intact
    assert {one.verdict for one in found.findings} == {Verdict.INTACT}
