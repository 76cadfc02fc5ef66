"""What the fork server runs is what a process of its own would be: same output, same exit code."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from tests.commands.fleet import Fleet, ForkServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.valkey import Valkey

COMMANDS = (
    "-A shop maintenance schedule add -r Upgrade --at 2031-01-01 -d 1h --json",
    "-A shop maintenance disable",
    "-A nowhere status",
)
"""One that writes, one that is refused, one that Celery itself refuses."""


@pytest.fixture(scope="module")
def server() -> ForkServer:
    with ForkServer() as made:
        yield made


@pytest.mark.parametrize("command", COMMANDS)
def test_a_fork_is_like_a_process(command: str, server: ForkServer, valkey: Valkey, tmp_path: Path) -> None:
    seen = []
    for name, program in (("fork", "celery"), ("process", f"{sys.executable} -m celery")):
        folder = tmp_path / name
        folder.mkdir()
        with Fleet(server, valkey, folder, {}) as fleet:
            done = fleet.run(f"{program} {command}")
        text = done.out.replace(str(folder), "FOLDER").replace("python -m celery", "celery")
        seen.append((done.code, re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+\.\d+|db=\d+", "#", text)))
    assert seen[0] == seen[1]


def test_signals_exit_codes_and_streams_go_through(
    server: ForkServer, valkey: Valkey, tmp_path: Path
) -> None:
    with Fleet(server, valkey, tmp_path, {}) as fleet:
        assert fleet.run("celery --python 'raise SystemExit(7)'").code == 7
        assert fleet.run("celery --python 'import os; os.kill(os.getpid(), 9)'").code == 137
        assert fleet.run("celery --python 'print(input())'", stdin="hello\n").out == "hello\n"
        assert fleet.run("celery --python 'print(1)' > one; cat one | tr 1 2").out == "2\n"
        assert fleet.run("WHO=me celery --python 'import os; print(os.environ[\"WHO\"])'").out == "me\n"
        waiting = "celery --python 'import time; print(1, flush=True); time.sleep(60)'"
        assert fleet.until(waiting, "1", stays=False).code == 1  # interrupted
