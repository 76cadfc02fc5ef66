"""`python -m tasks.demo`: the books balance, and nothing outlives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from guard.core.account import Account
from guard.orchestrator.window import Running, Window
from tasks.demo.checks import all_checks
from tasks.demo.environment import demo_environment
from tasks.demo.evidence import Evidence
from tasks.demo.folder import Folder
from tasks.demo.ledger import Job, Ledger, Outcome
from tasks.demo.processes import Child, ProcessFailed
from tasks.demo.runs import Run, read_runs
from tasks.demo.scenario import Story
from tasks.demo.workload import plan
from tasks.names import BEAT_HEARTBEAT, OPTIMIZE_IMAGE
from tests.support.eventually import eventually
from tests.support.processes import is_gone

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 120
"""Twice what is promised: these tests share the machine with others."""
PROCESSES = 8
"""Valkey, beat, and two workers with two pool children each."""


class Demo:
    """One run of the demo as a process."""

    def __init__(self, folder: Path, *arguments: str, **environ: str) -> None:
        self.out, self.err = folder / "out", folder / "err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tasks.demo", *arguments],
                cwd=ROOT,
                env={**os.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def wait(self) -> int:
        return self.process.wait(MOST_SECONDS)

    def wait_until_jobs_run(self) -> list[psutil.Process]:
        """Wait until a job has ended; returns all processes of the demo."""

        def in_the_middle() -> bool:
            if self.process.poll() is not None:
                return True
            logs = [log.read_text(errors="replace") for log in self._files("worker-*.log")]
            return any(" succeeded in " in log for log in logs)

        eventually(in_the_middle, within=60, what="the first job to end")
        assert self.process.poll() is None, self.err.read_text()
        family = self.family()
        assert len(family) >= PROCESSES, family
        return family

    def family(self) -> list[psutil.Process]:
        """What lives of its processes, whoever their parent is by now; without the demo itself."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def assert_nothing_left(self) -> None:
        eventually(lambda: not self.family(), within=10, what="the demo's processes to end")

    def _owns(self, process: psutil.Process) -> bool:
        try:
            zombie = process.status() == psutil.STATUS_ZOMBIE
            # All work in the private folder. A mark in the environment is lost where Valkey sets its title.
            return not zombie and process.cwd().startswith(self._folder)
        except psutil.Error:
            return False

    def _files(self, pattern: str) -> list[Path]:
        return list(Path("/").glob(f"{self._folder[1:]}*/{pattern}"))

    @property
    def _folder(self) -> str:
        return f"/tmp/guard-demo-{self.process.pid}-"  # noqa: S108

    def folder_is_gone(self) -> bool:
        return not self._files("")


@contextmanager
def demo(folder: Path, *arguments: str, **environ: str) -> Iterator[Demo]:
    run = Demo(folder, *arguments, **environ)
    try:
        yield run
    finally:
        run.process.kill()
        run.process.wait()
        for process in run.family():
            process.kill()


def test_every_job_is_accounted_for(tmp_path: Path) -> None:
    """Also with an environment that configures another guard, or none."""
    foreign = {
        "MAINTENANCE_MODE_ENABLED": "false",
        "GUARD_MISSPELT": "1",
        "DATABASE_URL": "mysql+pymysql://nobody@nowhere/x",
        "CELERY_BROKER_URL": "amqp://nowhere",
    }
    with demo(tmp_path, "--json", **foreign) as run:
        code = run.wait()
        told = run.err.read_text()
        assert code == 0, told
        account = json.loads(run.out.read_text())
        run.assert_nothing_left()
        assert run.folder_is_gone()

    jobs, window = account["jobs"], account["window"]
    assert account["balanced"] is True
    assert [check["statement"] for check in account["checks"] if not check["holds"]] == []
    assert jobs["submitted"] == 160
    assert jobs["made_by_batches"] > 0
    assert jobs["submitted"] + jobs["made_by_batches"] == jobs["done"] + jobs["refused"] + jobs["failed"]
    assert jobs["unaccounted"] == 0
    assert jobs["failed"] == 2
    assert {failure["image"] for failure in account["failures"]} == {"broken-0040.jpg"}

    assert window["refused"] == jobs["refused"] == 16
    assert window["held"] > 16
    assert window["parked"] == window["released"] == 16
    assert window["duplicates"] == 0
    assert window["heartbeats"] > 0
    assert {name.partition("@")[0] for name in window["acknowledged"]} == {"worker-1", "worker-2"}
    assert window["unconfirmed"] == window["unguarded"] == []
    assert "\x1b" not in told  # no colour and no bar in a file
    assert "Closed" in told


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
    ids=["SIGINT", "SIGTERM", "SIGKILL"],
)
def test_nothing_outlives_it(tmp_path: Path, number: int, code: int) -> None:
    with demo(tmp_path, "--jobs", "400") as run:
        family = run.wait_until_jobs_run()
        run.process.send_signal(number)
        assert run.wait() == code, run.err.read_text()
        run.assert_nothing_left()
        assert all(map(is_gone, family))
        if number != signal.SIGKILL:
            assert run.folder_is_gone()
        assert run.out.read_text() == ""


def test_a_worker_that_dies_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    with demo(tmp_path, "--jobs", "400") as run:
        family = run.wait_until_jobs_run()
        next(process for process in family if "worker-2@demo" in process.cmdline()).kill()
        assert run.wait() == 3
        told = run.err.read_text()
        assert "worker-2 ended with SIGKILL. The end of its log:\n" in told
        assert "INFO/MainProcess" in told.rpartition("The end of its log")[2]
        run.assert_nothing_left()


def test_a_program_that_cannot_start_is_shown_with_its_reason(tmp_path: Path) -> None:
    def child(*argv: str) -> Child:
        return Child("it", argv, log=tmp_path / "log", cwd=tmp_path, environment=os.environ)

    speaking = child(sys.executable, "-c", "import sys; print('no port left'); sys.exit(7)")
    speaking.wait(until=float("inf"))
    with pytest.raises(
        ProcessFailed, match=r"it ended with exit code 7\. The end of its log:\n    no port left"
    ):
        speaking.check()


@pytest.mark.parametrize(
    "arguments", [["--jobs", "3"], ["--jobs", "many"], ["--images", "/nowhere"], ["--pool", "x"]]
)
def test_wrong_arguments(tmp_path: Path, arguments: list[str]) -> None:
    with demo(tmp_path, *arguments) as run:
        assert run.wait() == 2
        assert arguments[1] in run.err.read_text()


def test_a_folder_without_images(tmp_path: Path) -> None:
    with demo(tmp_path, "--images", str(tmp_path)) as run:
        assert run.wait() == 2
        assert run.err.read_text().startswith(f"no image file in {tmp_path}: looked for .avif, ")


def test_children_inherit_no_settings(tmp_path: Path) -> None:
    inherited = {
        "HOME": "/home/me",
        "guard_namespace": "x",
        "TASKS_CAPTIONER": "ollama",
        "REDIS_URL": "redis://x",
    }
    environment = demo_environment(Folder(tmp_path), inherited)
    assert environment["HOME"] == "/home/me"
    assert "guard_namespace" not in environment
    assert "TASKS_CAPTIONER" not in environment
    assert environment["REDIS_URL"].startswith("unix://")


def test_runs_are_read_from_celerys_log(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text(
        "[1970-01-01 00:00:10,500: INFO/MainProcess] Task a.b[one] received\n"
        "[1970-01-01 00:00:11,500: INFO/ForkPoolWorker-1] Task a.b[one] succeeded in 1.25s: {'x': 1}\n"
        "[1970-01-01 00:00:12,000: INFO/MainProcess] Task a.b[two] raised expected: Broken()\n"
        "half a li"
    )
    assert read_runs([log]) == [Run("one", "a.b", 10.25), Run("two", "a.b", 12.0)]


@pytest.mark.parametrize("count", [20, 57, 160, 1000])
def test_every_kind_of_job_meets_the_window(count: int) -> None:
    files = [Path(f"{number}.jpg") for number in range(5)]
    work = plan(files, [Path("broken.jpg")], count, _random())
    assert sum(map(len, (work.before, work.refused, work.held, work.parked))) == count
    assert all(order.hold and order.queue == "maintenance" for order in work.parked)
    assert all(order.hold and order.queue is None for order in work.held)
    for part in (work.before, work.refused, work.held):
        assert len({order.task for order in part}) >= 2
    assert {order.shape for order in work.before} == {"", "chord", "group"}


def _random() -> random.Random:
    import random

    return random.Random(1)


def _story() -> Story:
    ledger = Ledger()
    for name, outcome in {"done": Outcome.DONE, "no": Outcome.REFUSED, "ran": Outcome.DONE}.items():
        ledger.add(Job(task_id=name, task=OPTIMIZE_IMAGE, files=("a.jpg",), outcome=outcome))
    running = (Running(task_id="ran", task=OPTIMIZE_IMAGE, worker="w", since=99.0),)
    window = Window(
        window_id="w", mode="normal", reason="r", by="me", epoch=1, phase="active",
        started_at=100.0, planned_end=None, running=running,
    )  # fmt: skip
    return Story(ledger=ledger, closed=window, closed_at=100.0, opened_at=110.0, drained=True, untouched=True)


def _evidence() -> Evidence:
    counters = Account.from_fields({"refused:image_processing": 1, "parked:x": 2, "released:x": 2})
    runs = [
        Run("done", OPTIMIZE_IMAGE, 90.0),
        Run("ran", OPTIMIZE_IMAGE, 100.1),
        Run("beat", BEAT_HEARTBEAT, 105.0),
    ]
    return Evidence(
        counters=counters, still_parked=0, runs=runs, rows={"done": 1, "ran": 1}, example={}, last_seen={}
    )


def test_the_checks_hold_when_all_is_well() -> None:
    assert [check for check in all_checks(_story(), _evidence()) if not check.holds] == []


def _lost(story: Story, evidence: Evidence) -> Evidence:
    story.ledger.jobs["done"].outcome = None
    return evidence


def _unexplained(story: Story, evidence: Evidence) -> Evidence:
    story.ledger.jobs["done"].outcome, story.ledger.jobs["done"].explained = Outcome.FAILED, False
    return evidence


def _touched(story: Story, evidence: Evidence) -> Evidence:
    story.untouched = False
    return evidence


def _with(**changes: Any) -> Callable[[Story, Evidence], Evidence]:
    return lambda _, evidence: replace(evidence, **changes)


_MORE = _evidence().runs


@pytest.mark.parametrize(
    ("spoil", "statement"),
    [
        (_lost, "every accepted job has an outcome"),
        (_with(rows={"done": 1}), "every done job left its result"),
        (_with(rows={"done": 1, "ran": 2}), "no job ran twice"),
        (_with(runs=[*_MORE, Run("done", OPTIMIZE_IMAGE, 95.0)]), "no job ran twice"),
        (_with(runs=[*_MORE, Run("no", OPTIMIZE_IMAGE, 95.0)]), "no refused job ran"),
        (_with(runs=[*_MORE, Run("new", OPTIMIZE_IMAGE, 105.0)]), "no guarded job started while closed"),
        (_touched, "nothing touched the results during maintenance"),
        (_with(counters=Account()), "the guard counted the same refusals"),
        (_with(still_parked=1), "every parked job was released"),
        (_with(still_parked=None), "every parked job was released"),
        (_unexplained, "every failure lies in its image"),
    ],
)
def test_each_check_notices_what_it_is_for(
    spoil: Callable[[Story, Evidence], Evidence], statement: str
) -> None:
    story = _story()
    evidence = spoil(story, _evidence())
    assert statement in [check.statement for check in all_checks(story, evidence) if not check.holds]
