"""What the judge excuses, on Celery without the guard: a dead worker takes a job off its Redis queue."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import psutil
import pytest
from celery import Celery

from tests.support.eventually import eventually
from tests.support.processes import LocalProcess
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

_APP = """
import os
from celery import Celery
app = Celery("plain", broker=os.environ["BROKER"])
@app.task
def nothing(): pass
"""


def test_a_dead_worker_whose_children_live_takes_what_is_published(tmp_path: Path) -> None:
    """Its connection is open in children that were forked after it was made, and its BRPOP waits there."""
    (tmp_path / "plain.py").write_text(_APP, "utf-8")
    with Valkey() as server, server.client() as client, Celery("plain", broker=server.broker_url()) as app:
        argv = [sys.executable, "-m", "celery", "-A", "plain", "worker", "-c", "1"]
        worker = LocalProcess("plain", argv, workdir=tmp_path, env={"BROKER": server.broker_url()}).start()
        try:
            (first,) = eventually(lambda: psutil.Process(worker.pid).children(), within=20, what="a child")
            app.send_task("plain.nothing")
            eventually(lambda: not client.llen("celery"), within=20, what="a worker that takes jobs")
            first.kill()
            (second,) = eventually(
                lambda: [one for one in psutil.Process(worker.pid).children() if one != first],
                within=20,
                what="another child",
            )
            os.kill(worker.pid, signal.SIGKILL)
            eventually(lambda: not worker.alive, what="the worker to be dead")
            assert second.is_running()
            app.send_task("plain.nothing")
            eventually(lambda: not client.llen("celery"), what="the job to be taken")
            assert not client.hlen("unacked")
        finally:
            worker.kill()
        app.send_task("plain.nothing")
        assert client.llen("celery") == 1
