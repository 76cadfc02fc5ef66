"""A pool child as the ladder handles it: stopped for a look, signalled or let go, proven gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from guard.worker.processes import Child
from tests.support.eventually import eventually, throughout

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = "import itertools\nfor n in itertools.count(): print(n, flush=True)"


@pytest.fixture(params=["pidfd", "no pidfd"])
def child(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    """A process that is busy, held in the way that the system offers."""
    if request.param == "no pidfd":
        monkeypatch.delattr(os, "pidfd_open")
    process = subprocess.Popen([sys.executable, "-c", COUNT], stdout=subprocess.DEVNULL)
    held = Child(process.pid)
    yield held
    held.close()
    process.kill()
    process.wait()


def status(child: Child) -> str:
    return str(psutil.Process(child.pid).status())


def test_one_that_is_meant_is_signalled_after_it_was_asked_standing_still(child: Child) -> None:
    seen = []

    def is_meant() -> bool:
        seen.append(status(child))
        return True

    assert not child.is_gone()
    assert child.signal_if(signal.SIGTERM, is_meant) is True
    assert seen == [psutil.STATUS_STOPPED]
    eventually(child.is_gone, within=2, what="it to be gone, though nobody has collected it")


def test_one_that_is_not_meant_goes_on(child: Child) -> None:
    assert child.signal_if(signal.SIGKILL, lambda: False) is False
    throughout(lambda: not child.is_gone() and status(child) != psutil.STATUS_STOPPED, during=0.3)


def test_one_that_somebody_else_has_stopped_stays_so_unless_it_is_ended(child: Child) -> None:
    os.kill(child.pid, signal.SIGSTOP)
    eventually(lambda: status(child) == psutil.STATUS_STOPPED)
    assert child.signal_if(signal.SIGTERM, lambda: False) is False
    throughout(lambda: status(child) == psutil.STATUS_STOPPED, during=0.2)
    assert child.signal_if(signal.SIGTERM, lambda: True) is True
    eventually(child.is_gone, within=2)


def test_an_error_of_the_question_lets_it_go_on(child: Child) -> None:
    with pytest.raises(ZeroDivisionError):
        child.signal_if(signal.SIGKILL, lambda: bool(1 / 0))
    throughout(lambda: not child.is_gone() and status(child) != psutil.STATUS_STOPPED, during=0.2)


def test_one_that_is_gone_cannot_be_signalled(child: Child) -> None:
    os.kill(child.pid, signal.SIGKILL)
    eventually(child.is_gone, within=2)
    assert not child.signal_if(signal.SIGTERM, lambda: True)


def test_what_is_not_our_child_is_refused() -> None:
    for pid in (os.getpid(), os.getppid(), 2**22 - 1):
        with pytest.raises(ProcessLookupError):
            Child(pid)
