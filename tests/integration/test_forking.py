"""A fork waits for work in another thread that it would cut in two, but not for ever."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import os, threading, time
from guard.worker.forking import not_cut_by_a_fork

begun = threading.Event()

def work():
    with not_cut_by_a_fork():
        begun.set()
        time.sleep({seconds})

thread = threading.Thread(target=work)
thread.start()
begun.wait()
started = time.monotonic()
pid = os.fork()
if not pid:
    with not_cut_by_a_fork():  # the child's own lock is free
        os._exit(0)
print(time.monotonic() - started)
assert os.waitpid(pid, 0)[1] == 0
thread.join()
with not_cut_by_a_fork():
    pass
"""


@pytest.mark.parametrize(("seconds", "least", "most"), [(0.4, 0.3, 0.9), (3.0, 0.9, 1.8)])
def test_a_fork_waits(seconds: float, least: float, most: float) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT.format(seconds=seconds)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert least <= float(done.stdout) <= most
