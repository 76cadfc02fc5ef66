"""The quickstart, as its reader does it: each command of the page in its order, beside `shop.py`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.eventually import eventually
from tests.support.processes import LocalProcess

if TYPE_CHECKING:
    from tests.support.valkey import Valkey

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "quickstart.md").read_text()
COMMANDS = "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)).split("\n")
SHOWN = ("a picture of cat.jpg", "Maintenance is on: normal window, epoch 1", "adds up       yes")
"""Of what the page shows: the lines in which nothing is of one machine or moment."""


@pytest.mark.slow
def test_the_quickstart(valkey: Valkey, tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples" / "plain" / "shop.py", tmp_path)
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "GUARD_LOCAL_CLOSE_FILE": str(tmp_path / "closed"),
        # Celery and the guard take these before what is written in shop.py
        "CELERY_BROKER_URL": valkey.broker_url(valkey.fresh_db()),
        "CELERY_RESULT_BACKEND": valkey.broker_url(valkey.fresh_db()),
    }
    said, worker = "", None
    try:
        for command in filter(None, COMMANDS):
            if command.startswith("pip install"):
                continue
            if " worker" in command:
                worker = started(command, environ, tmp_path)
                continue
            said += run(command, environ, tmp_path)
        assert worker is not None
        eventually(lambda: "a picture of dog.jpg" in worker.log, within=30, what="the job that was held")
    finally:
        if worker is not None:
            worker.close()
    for line in SHOWN:
        assert line in PAGE
        assert line in said, said


def started(command: str, environ: dict[str, str], folder: Path) -> LocalProcess:
    """The worker, once it is ready."""
    argv = ["sh", "-c", f"exec {command} -l INFO"]
    worker = LocalProcess("worker", argv, workdir=folder, env=environ).start()
    eventually(lambda: " ready." in worker.log, within=60, what="the worker to be ready")
    return worker


def run(command: str, environ: dict[str, str], folder: Path) -> str:
    """What a command prints; it must succeed."""
    argv = ["sh", "-c", command]
    done = subprocess.run(
        argv, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout
