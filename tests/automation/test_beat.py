"""Two beats and a worker of the app `tasks`, as processes: routines run once, also over a window."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from guard.core.routines import Outcome
from tests.automation.conftest import SECRET, House, house
from tests.support.eventually import eventually, throughout
from tests.support.processes import LocalProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.valkey import Valkey

ROOT = Path(__file__).parents[2]
FOLLOWED = ("morning-check", "weekly-review", "weekly-optimization")


@pytest.fixture
def environ(mariadb_url: str, valkey: Valkey) -> dict[str, str]:
    """Short intervals; three routines were due an hour ago, the last one within its grace."""
    an_hour_ago = (datetime.now(UTC) - timedelta(hours=1)).strftime("%H:%M")
    return {
        "DATABASE_URL": mariadb_url,
        "REDIS_URL": valkey.url(valkey.fresh_db()),
        "CELERY_BROKER_URL": valkey.broker_url(valkey.fresh_db()),
        "GUARD_LEASE_SECONDS": "3",
        "GUARD_RENEW_SECONDS": "0.75",
        "GUARD_SWEEP_INTERVAL": "5",
        "GUARD_MORNING_CHECK": an_hour_ago,
        "GUARD_WEEKLY_REVIEW": an_hour_ago,
        "GUARD_WEEKLY_OPTIMIZATION": an_hour_ago,
    }


@pytest.fixture
def start(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., LocalProcess]]:
    """`start(name, *arguments)`: a process of `celery -A tasks`."""
    processes: list[LocalProcess] = []

    def started(name: str, *arguments: str) -> LocalProcess:
        argv = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "tasks", *arguments, "-l", "INFO"]
        ours = {
            **environ,
            "GUARD_SECRET_KEY": SECRET,
            "CELERY_RESULT_BACKEND": environ["CELERY_BROKER_URL"],
            "PYTHONPATH": str(ROOT),
            "TASKS_TICK_SECONDS": "1",
            "TASKS_DATABASE_URL": f"sqlite:///{tmp_path / 'jobs.db'}",
        }
        processes.append(LocalProcess(name, argv, workdir=tmp_path, env=ours).start())
        return processes[-1]

    yield started
    for process in processes:
        process.kill()
        process.close()


def outcomes(home: House, name: str) -> list[Outcome]:
    return [run.outcome for run in home.routines.store.runs(name, 50)]


def test_two_beats_and_a_worker(
    environ: dict[str, str], start: Callable[..., LocalProcess], tmp_path: Path
) -> None:
    with house(**environ) as home:
        store, now = home.routines.store, datetime.now(UTC).timestamp()
        for name in FOLLOWED:  # as if they had been followed for long
            hold = store.take(name, holder=name, now=now, seconds=5)
            assert store.note(hold, due_at=now - 2 * 86_400, outcome=Outcome.FIRST, why="", now=now)
            store.give_back(hold)
        worker = start(
            "worker", "worker", "-Q", "maintenance", "-c", "2", "-n", "w1@here", "--without-mingle"
        )
        eventually(lambda: "w1@here ready." in worker.log, within=40, what=f"a worker: {worker.log_tail}")
        home.guard.enable(reason="r", by="tests", duration=3600)
        for number in (1, 2):
            start(f"beat{number}", "beat", "--schedule", str(tmp_path / f"schedule{number}"), "--pidfile=")

        eventually(
            lambda: outcomes(home, "morning-check")[0] is Outcome.DONE, within=40, what="a morning check"
        )
        eventually(
            lambda: outcomes(home, "weekly-optimization")[0] is Outcome.SKIPPED, within=20, what="a note"
        )
        (check, _first) = store.runs("morning-check", 9)
        assert check.result.value("maintenance")["reason"] == "r"
        assert check.result.value("workers")["registered"] == 1
        throughout(lambda: len(outcomes(home, "weekly-review")) == 1, during=3, what="the review to wait")

        home.guard.disable(by="tests")
        eventually(
            lambda: outcomes(home, "weekly-review")[0] is Outcome.DONE, within=20, what="the weekly review"
        )
        eventually(lambda: outcomes(home, "expiry-sweep").count(Outcome.DONE) >= 3, within=40, what="sweeps")
        sweeps = sorted(run.began_at for run in store.runs("expiry-sweep", 50))
        assert all(later - earlier >= 3.7 for earlier, later in pairwise(sweeps)), sweeps
        assert [outcomes(home, name).count(Outcome.DONE) for name in FOLLOWED] == [1, 1, 0]
        assert "Traceback" not in worker.log, worker.log_tail
