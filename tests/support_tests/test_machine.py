"""The shared page is found through any process that has it, and only while one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from guard.fleet import machine
from guard.fleet.machine import HiddenProcesses, machine_name, new_page_name, page_file
from guard.gates.page import SharedPage, SlotState, slots_of
from tests.support.eventually import eventually

ORPHAN = """
import os, sys, time
from guard.gates.page import SharedPage
page = SharedPage()
slot = page.slot(3)
if os.fork():
    print(page.name, flush=True)
    os._exit(0)
os.close(1), os.close(2)
slot.occupy(os.getpid())
slot.words[slot.base] = 2
time.sleep(600)
"""


def test_a_child_that_outlived_its_parent_shows_what_it_does() -> None:
    parent = subprocess.run(
        [sys.executable, "-c", ORPHAN], capture_output=True, text=True, check=True, timeout=30
    )
    name = parent.stdout.strip()
    path = page_file(name)
    assert path is not None
    (slot,) = eventually(
        lambda: [slot for slot in slots_of(path) if slot.state is SlotState.RUNNING], what="the child's slot"
    )
    assert slot.index == 3
    assert machine_name()
    os.kill(slot.pid, signal.SIGKILL)
    eventually(lambda: page_file(name) is None, what="the page to be gone with its last process")


def test_ones_own_page_is_found() -> None:
    page = SharedPage()
    assert page_file(page.name) is not None
    assert page_file(new_page_name("another")) is None


def test_a_process_that_hides_its_files_makes_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    name = new_page_name("hidden")
    real = machine.Path.iterdir

    def hiding(path: machine.Path) -> object:
        if str(path) == f"/proc/{os.getpid()}/fd":
            raise PermissionError
        return real(path)

    monkeypatch.setattr(machine.Path, "iterdir", hiding)
    with pytest.raises(HiddenProcesses):
        page_file(name)
