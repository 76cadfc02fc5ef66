"""`celery -A tasks maintenance routines …` as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from guard.cli.exits import Exit
from tests.automation.conftest import SECRET

if TYPE_CHECKING:
    from tests.support.valkey import Valkey

ROOT = Path(__file__).parents[2]


class Console:
    """A shell with an environment."""

    def __init__(self, **environ: str) -> None:
        self.environ = {**os.environ, "PYTHONPATH": str(ROOT), "GUARD_SECRET_KEY": SECRET, **environ}

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, output, errors."""
        argv = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "celery",
            "-A",
            "tasks",
            "maintenance",
            "routines",
            *words,
        ]
        done = subprocess.run(
            argv, env=self.environ, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    def json(self, *words: str) -> tuple[int, Any]:
        """Exit code, and the one document on standard output."""
        code, out, _ = self.run(*words, "--json")
        return code, json.loads(out)


@pytest.fixture
def console(sqlite_url: str, valkey: Valkey) -> Console:
    redis = valkey.url(valkey.fresh_db())
    broker = valkey.broker_url(valkey.fresh_db())
    return Console(DATABASE_URL=sqlite_url, REDIS_URL=redis, CELERY_BROKER_URL=broker)


def test_list_run_show(console: Console) -> None:
    console.environ["GUARD_TIME_ZONE"] = "America/New_York"
    console.environ["GUARD_EVENING_REVIEW"] = "off"
    code, listed = console.json()
    assert (code, listed["zone"]) == (Exit.DONE, "America/New_York")
    rows = {row["name"]: row for row in listed["routines"]}
    assert rows["security-audit"]["when"] == "mon#1 10:00"
    assert rows["weekly-optimization"]["in_window"] == "skip"
    assert rows["evening-review"]["next"] is None
    assert rows["morning-check"]["last_due"] is None

    code, ran = console.json("run", "weekly-review", "--by", "me")
    assert (code, ran["outcome"]) == (Exit.DONE, "done")
    unknown = {figure["name"]: figure["why"] for figure in ran["figures"] if figure["value"] is None}
    assert unknown["table growth since the last result"] == "there is no earlier result to compare with"

    code, shown = console.json("show", "weekly-review")
    assert (code, shown["results"]) == (Exit.DONE, [ran])

    code, out, _ = console.run("list")
    assert code == Exit.DONE
    assert "local times of America/New_York" in out
    (line,) = [line for line in out.splitlines() if line.startswith("  weekly-review")]
    assert " done " in line
    assert line.endswith("afterwards")
    code, out, _ = console.run("show", "weekly-review")
    assert "unknown: there is no earlier result to compare with" in out


def test_findings_and_wrong_names(console: Console) -> None:
    code, out, err = console.run("run", "security-audit")
    assert code in {Exit.DONE, Exit.UNCONFIRMED}
    assert "unknown: GUARD_TLS_HOST names no host" in out
    code, document = console.json("run", "security-adit")
    assert code == Exit.INVALID
    assert "did you mean 'security-audit'?" in document["message"]
    code, out, err = console.run("show", "nothing")
    assert code == Exit.INVALID
    assert err.startswith("Error: there is no routine 'nothing'")


def test_without_a_database(console: Console) -> None:
    console.environ["DATABASE_URL"] = "mysql+pymysql://root:hunter2@127.0.0.1:1/x"
    code, out, err = console.run()
    assert code == Exit.AWAY
    assert "nobody can say what ran" in out
    assert "unknown" in out
    code, _, err = console.run("run", "morning-check")
    assert code == Exit.AWAY
    assert "hunter2" not in out + err
