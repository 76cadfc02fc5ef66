"""The stopwatch of promises."""

from __future__ import annotations

import itertools
import os
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

from tests.support import stopwatch
from tests.support.eventually import eventually
from tests.support.processes import LocalProcess

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SPINS = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\nwhile True: pass"


def test_it_leaves_out_what_this_process_and_its_children_waited_for_a_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments = itertools.count(1000.0, 10.0)
    monkeypatch.setattr(stopwatch, "Queued", lambda pid: SimpleNamespace(worst=lambda: 3.0, pid=pid))
    monkeypatch.setattr(stopwatch, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    watch = stopwatch.Stopwatch()
    withheld = 3.0 * len(watch._queued)
    assert watch._queued[0].pid == os.getpid()  # type: ignore[attr-defined]
    assert watch.withheld == withheld
    assert watch.seconds == 10 - withheld


def test_two_that_spin_on_one_processor_wait_for_each_other(tmp_path: Path) -> None:
    spinning = [
        LocalProcess(f"spins{n}", [sys.executable, "-c", SPINS], workdir=tmp_path).start() for n in (1, 2)
    ]
    try:
        begun, watch = time.monotonic(), stopwatch.Stopwatch()
        eventually(lambda: watch.withheld > 0.3, within=10, what="both to wait")
        assert watch.seconds < time.monotonic() - begun - 0.3
    finally:
        for each in spinning:
            each.kill()


def test_a_process_that_is_gone_has_not_waited(tmp_path: Path) -> None:
    gone = LocalProcess("gone", [sys.executable, "-c", ""], workdir=tmp_path).start()
    queued = stopwatch.Queued(gone.pid)
    gone.wait(20)
    assert queued.worst() == 0
