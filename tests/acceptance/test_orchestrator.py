"""The orchestrator: on its own queue, never blocked, and not needed for a window to end right."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from guard.errors import IllegalMove, InvalidRequest
from tests.support.eventually import eventually, throughout
from tests.support.processes import LocalProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.shop import Shop
    from tests.support.valkey import Valkey

PRELUDE = """
import json, os, sys, time
import guard
from tasks.app import app
maintenance = guard.install(app)
"""


class Project:
    """The project's own app `tasks`, with a worker of its queue `maintenance`."""

    def __init__(self, folder: Path, valkey: Valkey) -> None:
        self.folder = folder
        self.env = {
            "CELERY_BROKER_URL": valkey.broker_url(valkey.fresh_db()),
            "CELERY_RESULT_BACKEND": valkey.broker_url(valkey.fresh_db()),
            "REDIS_URL": valkey.url(valkey.fresh_db()),
            "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
            "TASKS_DATABASE_URL": f"sqlite:///{folder / 'results.db'}",
            "GUARD_SECRET_KEY": "acceptance-tests-secret",
            "GUARD_LEASE_SECONDS": "3",
            "GUARD_RENEW_SECONDS": "0.75",
            "GUARD_LOCAL_CLOSE_FILE": str(folder / "closed"),
            "PYTHONPATH": str(Path.cwd()),
        }
        self._processes: list[LocalProcess] = []

    def celery(self, name: str, *args: str) -> LocalProcess:
        """`celery -A tasks …`."""
        return self._start(name, [sys.executable, "-W", "ignore", "-m", "celery", "-A", "tasks", *args])

    def worker(self, name: str, queues: str) -> LocalProcess:
        """A worker, ready."""
        process = self.celery(
            name, "worker", "-l", "INFO", "-c", "1", "-Q", queues, "-n", f"{name}@project", "--without-mingle"
        )
        try:
            eventually(lambda: f"{name}@project ready." in process.log, within=30, what=f"worker {name}")
        except AssertionError:
            raise AssertionError(process.log) from None
        return process

    def run(self, code: str) -> str:
        """Run code beside the app; what it printed."""
        process = self._start("python", [sys.executable, "-W", "ignore", "-c", PRELUDE + code])
        assert process.wait(60) == 0, process.log
        return process.log

    def phase(self) -> str:
        """Of the window, by the durable store alone."""
        return (
            self.run("print('phase', maintenance.durable.read().phase.value)").rpartition("phase ")[2].strip()
        )

    def _start(self, name: str, argv: list[str]) -> LocalProcess:
        process = LocalProcess(f"{name}-{len(self._processes)}", argv, workdir=self.folder, env=self.env)
        self._processes.append(process)
        return process.start()

    def close(self) -> None:
        """End everything."""
        for process in self._processes:
            process.kill()
            process.close()


@pytest.fixture
def project(tmp_path: Path, valkey: Valkey) -> Iterator[Project]:
    made = Project(tmp_path, valkey)
    yield made
    made.close()


def test_a_window_opened_through_the_queue_is_drained_and_its_tasks_are_never_blocked(
    project: Project,
) -> None:
    project.worker("orchestrator", "maintenance")
    project.worker("jobs", "images,captions")
    window_id = (
        project.run(
            "result = app.tasks['tasks.maintenance.conduct_window'].delay(reason='move', by='web')\n"
            "print('id', result.id)"
        )
        .rpartition("id ")[2]
        .strip()
    )
    eventually(lambda: project.phase() == "active", within=30, what="the window to be drained")
    assert (
        window_id
        == project.run("print('id', maintenance.durable.read().window_id)").rpartition("id ")[2].strip()
    )
    # A second delivery of the same task changes nothing; another window is refused.
    epoch = project.run("print('e', maintenance.durable.read().epoch)").rpartition("e ")[2]
    project.run(
        f"maintenance.enable(reason='move', by='web', window_id={window_id!r})\n"
        "try: maintenance.enable(reason='other', by='web')\n"
        "except guard.IllegalMove: print('refused')"
    )
    assert project.run("print('e', maintenance.durable.read().epoch)").rpartition("e ")[2] == epoch
    project.run("maintenance.disable(by='web')")
    eventually(lambda: project.phase() == "inactive", within=20, what="the window to be over")


def test_beat_takes_over_an_orphaned_window(project: Project) -> None:
    orchestrator = project.worker("orchestrator", "maintenance")
    project.run("app.tasks['tasks.maintenance.advance_window'].delay()")
    eventually(
        lambda: "advance_window" in orchestrator.log and "succeeded" in orchestrator.log, what="a round"
    )
    # It dies as soon as all are told, and is asked as it dies. Where the registry is young it would wait for
    # seconds first, and two seconds after a change the worker's housekeeping takes a window over.
    orphaned = project.run(
        "def die(*_waited_for, **_options):\n"
        "    print('phase', maintenance.durable.read().phase.value, flush=True)\n"
        "    os._exit(0)\n"
        "maintenance._parts.conducting.conductor._closing._wait = die\n"
        "maintenance.enable(reason='orphaned', by='tests')"
    )
    assert orphaned.rpartition("phase ")[2].strip() == "closing"
    project.run("app.tasks['tasks.maintenance.advance_window'].delay()")
    eventually(lambda: project.phase() == "active", within=25, what="the orphan to be brought on")


STEPS = [
    "guard.orchestrator.changes:Changes.make:before",
    "guard.orchestrator.changes:Changes.make:after",
    "guard.orchestrator.changes:Changes.announce:before",
    "guard.orchestrator.changes:Changes.announce:after",
    "guard.orchestrator.closing:Closing.announce_and_wait:before",
    "guard.orchestrator.closing:Closing.announce_and_wait:after",
    "guard.orchestrator.draining:Draining.view:before",
    "guard.orchestrator.draining:Draining.view:after",
]


# The others run with the slow tests.
QUICK = {STEPS[1], STEPS[5], STEPS[7]}
CASES = [pytest.param(step, marks=[] if step in QUICK else [pytest.mark.slow]) for step in STEPS]


@pytest.mark.parametrize("step", CASES)
def test_the_orchestrator_is_killed_at_each_step_of_a_drain(shop: Shop, step: str) -> None:
    """SIGKILL; the window ends right all the same, nothing is lost and the account adds up."""
    shop.worker("w1", GUARD_WHEN_CLOSED="hold")
    results = [shop.send("job", n, 0.5) for n in range(4)]
    conductor = shop.python(
        "conductor",
        "guard.enable(reason='killed', by='tests', duration=600)\nguard.drain(within=30)\n",
        SHOP_DIE_AT=step,
    )
    conductor.wait(60)
    assert conductor.returncode == -9
    if shop.guard.durable.read().window_id:
        eventually(lambda: shop.guard.status().phase == "active", within=40, what="the window to be drained")
        shop.guard.disable(by="tests")
    assert [result.get(timeout=30) for result in results] == [0, 1, 2, 3]
    eventually(lambda: shop.guard.status().phase == "inactive", within=20, what="the window to be over")
    assert set(shop.runs().values()) == {1}
    assert shop.guard.account(shop.guard.durable.read().window_id or None).still_parked == 0


@pytest.mark.parametrize("step", CASES)
def test_the_orchestrator_is_killed_at_each_step_of_an_emergency(shop: Shop, step: str) -> None:
    """SIGKILL. Who walks the ladder is each worker: what was asked to stop is ended in time, runs again after
    the release, and the books balance."""
    shop.worker("w1")
    results = [shop.send("long", 60, n) for n in range(2)]
    eventually(lambda: len(shop.events()) == 2, what="both jobs to run")
    conductor = shop.python(
        "conductor",
        "guard.enable(reason='killed', by='tests', mode='emergency', grace=1, duration=600)\n"
        "guard.drain(within=30)\n",
        SHOP_DIE_AT=step,
    )
    conductor.wait(60)
    assert conductor.returncode == -9
    window_id = shop.guard.durable.read().window_id
    if not window_id:  # it died before there was a window: nobody may be hurt
        throughout(lambda: not shop.guard.status().is_active, during=2, what="no window")
        assert set(shop.runs().values()) == {1}
        return
    eventually(lambda: shop.guard.status().phase == "active", within=40, what="the window to be drained")
    outcomes = shop.guard._parts.stores.outcomes.of(window_id)
    assert [one.outcome.value for one in outcomes] == ["killed", "killed"]
    shop.guard.disable(by="tests")
    assert [result.get(timeout=30) for result in results] == [0, 1]
    eventually(lambda: shop.guard.report(window_id).books.adds_up, within=15, what="the books to balance")
    assert set(shop.runs().values()) == {2}


def test_an_id_of_the_callers_makes_a_call_repeatable(shop: Shop) -> None:
    shop.worker("w1")
    window_id = str(uuid.uuid4())
    first, _ = shop.enable(window_id=window_id)
    again, _ = shop.enable(window_id=window_id)
    assert (first.window_id, again.window_id) == (window_id, window_id)
    assert again.acknowledged
    with pytest.raises(IllegalMove):
        shop.enable(window_id=str(uuid.uuid4()))
    shop.guard.disable(by="tests")
    with pytest.raises(InvalidRequest, match="is over"):
        shop.enable(window_id=window_id)
    wrong: Any = "not-a-uuid"
    with pytest.raises(InvalidRequest, match="no UUID"):
        shop.enable(window_id=wrong)


def test_operations_that_do_not_exist_are_named_with_all_other_problems(shop: Shop) -> None:
    nowhere = {"operations": ["captoin_generation"]}
    with pytest.raises(InvalidRequest, match="did you mean 'caption_generation'") as caught:
        shop.guard.enable(reason="", by="ops", scope=nowhere)
    assert len(caught.value.problems) == 2
    shop.guard.enable(reason="upgrade", by="ops")
    opened = shop.guard.status()
    with pytest.raises(InvalidRequest, match="captoin_generation"):
        shop.guard.change(by="ops", scope=nowhere)
    assert (shop.guard.status().epoch, shop.guard.status().scope) == (opened.epoch, opened.scope)
    shop.guard.disable(by="ops")
