"""`python -m tests.stress.opener`: opens, changes and ends windows as it is told, one command after the
other.

Commands come as JSON over a unix datagram socket, so that a process which has loaded everything waits to be
used, and to be killed in the middle. What it did is in the journal `windows`: `closed` after `enable` or a
stricter `change` has returned, with what that claimed; `opening` before `disable` is called. In between no
guarded job may start.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

import guard
from guard.core.modes import CLOSED_PHASES, Phase
from tests.stress.journal import Journal, boot
from tests.support.eventually import let_pass

LONGEST = 4096
SUMS_WITHIN = 20.0
"""Workers send their sums with each renewal, and a silent one counts as silent after five seconds."""


def main(address: str) -> None:
    """Wait for commands."""
    from tests.stress.shop import maintenance

    folder = Path(os.environ["STRESS_FOLDER"])
    windows = Journal(folder / "windows")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(address)
        Journal(folder / "processes").note("ready", process=os.environ["STRESS_PROCESS"], pid=os.getpid())
        while True:
            command = json.loads(ear.recv(LONGEST))
            try:
                obey(maintenance, windows, command)
            except Exception as error:  # noqa: BLE001 - it is told, and the next command may do
                problem = f"{type(error).__name__}: {error}"[:300]
                windows.note("failed", number=command["number"], command=command["do"], why=problem)
            windows.note("done", number=command["number"])


def obey(maintenance: guard.Guard, windows: Journal, command: dict[str, Any]) -> None:
    """Do one command. Whatever goes wrong is raised."""
    match command["do"]:
        case "enable":
            enable(maintenance, windows, command["request"])
        case "change":
            windows.note("changing", process=os.environ["STRESS_PROCESS"])
            began = boot()
            window = maintenance.change(by="stress", **command["request"])
            windows.note("changed", took=boot() - began, window=window.window_id, mode=window.mode)
        case "disable":
            disable(maintenance, windows)
        case "conduct":
            conduct(command["request"])
        case "account":
            account(maintenance, windows, command["window"])
        case "rest":
            rest(maintenance, windows)
        case unknown:
            raise ValueError(unknown)


def enable(maintenance: guard.Guard, windows: Journal, request: dict[str, Any]) -> None:
    """Open a window, and write down what `enable` claims when it returns."""
    windows.note("closing", process=os.environ["STRESS_PROCESS"])
    began = boot()
    window = maintenance.enable(by="stress", reason="stress", duration=600, **request)
    returned = boot()
    windows.note(
        "closed",
        began=began,
        returned=returned,
        window=window.window_id,
        mode=window.mode,
        epoch=window.epoch,
        proof=window.proof,
        barrier=window.took,
        acknowledged=[name.partition("@")[0] for name in window.acknowledged or ()],
        unconfirmed=[name.partition("@")[0] for name in window.unconfirmed or ()],
    )


def disable(maintenance: guard.Guard, windows: Journal) -> None:
    """End the window; from when on that may have been done, and until when, is written down."""
    process = os.environ["STRESS_PROCESS"]
    windows.note("opening", durable=True, process=process)
    try:
        window = maintenance.disable(by="stress")
    except guard.GuardError as error:
        windows.note("not opened", process=process, why=str(error)[:300])
        raise
    windows.note("opened", process=process, window=window.window_id, released=window.released)


def conduct(request: dict[str, Any]) -> None:
    """Have the orchestrator open a window."""
    from tests.stress.shop import app

    jobs = Journal(os.environ["STRESS_FOLDER"] + "/jobs")
    jobs.note("offer", id=request["window_id"], task="stress.conduct")
    app.tasks["stress.conduct"].apply_async((request,), task_id=request["window_id"], retry=False)
    jobs.note("accepted", durable=True, id=request["window_id"])


def rest(maintenance: guard.Guard, windows: Journal) -> None:
    """End the window that is open. Returns when the gate is open; raises while it is not."""
    state = maintenance.durable.read()
    if state.phase in CLOSED_PHASES:
        disable(maintenance, windows)
    status = maintenance.status()
    lost = (
        [job.entry.task_id for job in maintenance.ledger.lost()] if maintenance.settings.guard_ledger else []
    )
    windows.note("rest", phase=status.phase, parked=status.parked, lost=lost, window=state.window_id)
    if status.phase not in {Phase.INACTIVE.value, Phase.RELEASING.value}:
        raise RuntimeError(f"{status.phase}; {'; '.join(status.warnings)}")


def account(maintenance: guard.Guard, windows: Journal, window_id: str) -> None:
    """Write down what the guard says of a window that is over."""
    until = boot() + SUMS_WITHIN
    while (report := maintenance.report(window_id)).books.unaccounted and boot() < until:
        let_pass(0.2)
    windows.note(
        "account",
        window=window_id,
        began=boot() - time.time() + report.window.started_at,
        unaccounted=report.books.unaccounted,
        books=report.books.to_dict(),
        totals={name: count for name, count in report.to_dict()["totals"].items() if count},
        workers=[f"{entry.node}: {entry.fate}" for entry in report.workers],
        problems=report.problems,
        outcomes=None if report.outcomes is None else [one.to_dict() for one in report.outcomes],
    )


if __name__ == "__main__":
    main(sys.argv[1])
