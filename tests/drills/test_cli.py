"""`maintenance drill`, as people and scripts use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from celery import Celery

import guard
from guard.cli.drill_screen import plot
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.valkey import Valkey

_OURS = ("REDIS_URL", "DATABASE_URL", "GUARD_SECRET_KEY")
APP = """
import os
from celery import Celery
import guard
app = Celery("drilled", broker=os.environ["CELERY_BROKER_URL"])
guard.install(app)
"""


class Command:
    """`celery -A drilled_app maintenance drill …`."""

    def __init__(self, folder: Path, valkey: Valkey) -> None:
        (folder / "drilled_app.py").write_text(APP)
        number = valkey.fresh_db()
        self.folder = folder
        self.environment = {
            **os.environ,
            "PYTHONPATH": f"{Path.cwd()}:{folder}",
            "CELERY_BROKER_URL": valkey.broker_url(number),
            "REDIS_URL": valkey.url(number),
            "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
            "GUARD_SECRET_KEY": "a secret of the tests",
        }
        self.argv = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "celery",
            "-A",
            "drilled_app",
            "maintenance",
            "drill",
        ]

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.argv, *args], env=self.environment, capture_output=True, text=True, timeout=60
        )

    def guard(self) -> guard.Guard:
        """The same, from Python; the caller closes it."""
        settings = guard.load_settings(
            {name: value for name, value in self.environment.items() if name in _OURS}
        )
        app = Celery("drilled", broker=self.environment["CELERY_BROKER_URL"], set_as_current=False)
        return guard.install(app, settings)


@pytest.fixture
def drill(tmp_path: Path, valkey: Valkey) -> Command:
    return Command(tmp_path, valkey)


@pytest.fixture
def api(drill: Command) -> Iterator[guard.Guard]:
    made = drill.guard()
    yield made
    made.close()


def test_people_acknowledge_here_and_from_another_terminal_and_ctrl_c_ends_it(
    drill: Command, api: guard.Guard
) -> None:
    log = drill.folder / "drill.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*drill.argv, "team", "--acknowledge", "--by", "trainer"],
            env=drill.environment, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    assert process.stdin is not None
    try:
        eventually(
            lambda: "lead, system administrator" in log.read_text(), within=30, what="the first question"
        )
        process.stdin.write("älice\n".encode())
        process.stdin.flush()
        eventually(lambda: "operations, operations team" in log.read_text(), what="the second question")
        assert "by älice" in log.read_text()
        (running,) = api.drills.list()
        assert (running.state, running.waiting_for, running.by) == ("running", "operations", "trainer")
        same = drill.run("acknowledge", running.drill_id[:8], "--by", "älice", "--json")
        assert same.returncode == 2
        assert "takes somebody else" in json.loads(same.stdout)["message"]
        api.drills.acknowledge(running.drill_id[:8], by="bob")
        eventually(lambda: "support, support staff" in log.read_text(), what="the third question")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 1
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
    assert "kept as aborted" in log.read_text()
    shown = api.drills.show(running.drill_id[:8])
    assert (shown.state, shown.percent, shown.card["aborted"]) == ("aborted", None, "interrupted")
    assert [line["by"] for line in shown.card["lines"]][1:3] == ["älice", "bob"]
    text = drill.run("show", running.drill_id).stdout
    assert "aborted, no score" in text
    assert "not reached" in text


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("nonsense",), 2, "there is no scenario 'nonsense'"),
        pytest.param(
            ("team", "--unattended", "--acknowledge"), 2, "exclude each other", marks=pytest.mark.slow
        ),
        pytest.param(("team", "--demo"), 2, "has no demo fleet", marks=pytest.mark.slow),
        pytest.param(("show", "5f0c7ad2"), 6, "there is no drill", marks=pytest.mark.slow),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_begun(
    drill: Command, args: tuple[str, ...], code: int, said: str
) -> None:
    done = drill.run(*args)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_the_plot_shows_the_target() -> None:
    assert plot(15.0, 30.0).startswith("##########          |         ")
    assert plot(30.0, 30.0)[:20] == "#" * 20
    assert plot(100.0, 30.0)[29] == ">"
    assert plot(None, 30.0)[:30].strip() == "|"
    assert "? of 30.0 s" in plot(None, 30.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "scenario", ["system-failure", "performance-crisis", "security-incident", "planned-window"]
)
def test_on_the_demo_fleet_the_guard_does_its_part_in_earnest(scenario: str, tmp_path: Path) -> None:
    celery = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "tasks"]
    done = subprocess.run(
        [*celery, "maintenance", "drill", scenario, "--demo", "--json"],
        env={
            **os.environ,
            "PYTHONPATH": str(Path.cwd()),
            "DATABASE_URL": f"sqlite:///{tmp_path / 'guard.db'}",
            "TASKS_DATABASE_URL": f"sqlite:///{tmp_path / 'results.db'}",
            "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
            "REDIS_URL": "redis://127.0.0.1:1/0",
        },
        capture_output=True,
        text=True,
        timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["state"], record["place"]) == ("finished", "demo")
    lines = {line["key"]: line for line in record["card"]["lines"]}
    of_guard = {key: line["outcome"] for key, line in lines.items() if line["who"] == "guard"}
    assert set(of_guard.values()) <= {"in time", "late"}, of_guard
    assert {line["outcome"] for line in lines.values() if line["who"] != "guard"} == {"skipped"}
    assert record["percent"] < 60
    if scenario == "system-failure":
        assert lines["detect"]["seconds"] > 1
        assert lines["close"]["why"].startswith("2 workers")
