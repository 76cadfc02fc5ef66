"""A fork waits for work in another thread that it would cut in two, but not for ever.

A log file has a lock in C: a child that was forked while a thread wrote to it waited for ever when it logged
something itself. Here the file is a pipe that is full, so that the write lasts as long as the test likes.
"""

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


LOGS = """
import logging, os, sys, threading, time
import guard.worker.forking

reads, writes = os.pipe()
logging.basicConfig(stream=open(writes, "w"), level=logging.INFO)
log = logging.getLogger("shop")
thread = threading.Thread(target=lambda: log.info("x" * 200_000))
thread.start()
os.read(reads, 1)  # it has begun to write
seconds = {seconds}

def drain():
    time.sleep(seconds)
    while os.read(reads, 65536):
        pass

threading.Thread(target=drain, daemon=True).start()
started = time.monotonic()
pid = os.fork()
if not pid:
    log.info("how the first job went")
    os._exit(0)
waited = time.monotonic() - started
thread.join()
log.info("the parent goes on")
give_up = time.monotonic() + 5
while not (ended := os.waitpid(pid, os.WNOHANG))[0] and time.monotonic() < give_up:
    time.sleep(0.01)
print(waited, "ended" if ended[0] and not ended[1] else "hangs", flush=True)
if not ended[0]:
    os.kill(pid, 9)
os._exit(0)
"""


@pytest.mark.parametrize(
    ("seconds", "least", "most", "child"), [(0.15, 0.05, 1.0, "ended"), (3.0, 0.9, 1.8, "hangs")]
)
def test_a_fork_waits_for_a_line_on_its_way_to_a_log_file(
    seconds: float, least: float, most: float, child: str
) -> None:
    """The second case is what is not cured: a disk that stands still for longer."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOGS.format(seconds=seconds)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    waited, how = done.stdout.split() or pytest.fail(done.stderr)
    assert (how, least <= float(waited) <= most) == (child, True), waited


OWN_LOCK = """
import logging, os, threading
import guard.worker.forking

class Own(logging.StreamHandler):
    def createLock(self):
        self.lock = threading.RLock()  # which `logging` knows nothing of, and does not renew

logging.basicConfig(handlers=[Own()], level=logging.INFO)
pid = os.fork()
thread = threading.Thread(target=lambda: logging.info("from a thread"), daemon=True)
thread.start()
thread.join(5)
if not pid:
    os._exit(thread.is_alive())
assert not thread.is_alive()
assert os.waitpid(pid, 0)[1] == 0
"""


def test_a_child_may_log_from_a_thread_by_a_handler_with_a_lock_of_its_own() -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", OWN_LOCK], check=True, timeout=30)


@pytest.mark.parametrize(("seconds", "least", "most"), [(0.4, 0.3, 0.9), (3.0, 0.9, 1.8)])
def test_a_fork_waits(seconds: float, least: float, most: float) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT.format(seconds=seconds)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert least <= float(done.stdout) <= most
