"""A fleet: servers, workers of three pools, the orchestrator, beat, a producer, and who opens windows.

It stays up from run to run. What a fault has ended is started again under a new label, so that journals can
be read without guessing which process wrote a line.
"""

from __future__ import annotations

import itertools
import json
import shutil
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.stress.journal import Journal, Tail
from tests.stress.servers import Servers
from tests.support.eventually import eventually
from tests.support.processes import LocalProcess
from tests.support.shortdirs import remove_dir, short_dir

__all__ = ["POOLS", "Fleet", "Member"]

POOLS = ("prefork", "threads", "solo")
ROLES = (*POOLS, "orchestrator", "beat", "producer", "opener")
READY_WITHIN = 240.0
ENDS_WITHIN = 120.0


class Member:
    """One process of the fleet. `role` says what it does; its label is its own for ever."""

    def __init__(self, role: str, process: LocalProcess) -> None:
        self.role = role
        self.process = process

    @property
    def label(self) -> str:
        """How journals and the guard call it."""
        return self.process.name

    @property
    def runs_jobs(self) -> bool:
        """Whether it is a worker."""
        return self.role in {*POOLS, "orchestrator"}


class Fleet:
    """The processes of one session.

    Args:
        broker: ``redis`` or ``rabbitmq``.
        ledger: whether the guard keeps one.
        mistake: see `tests.stress.mistakes`.
    """

    def __init__(self, broker: str, *, seed: int, mount: bool, ledger: bool, mistake: str = "") -> None:
        self.folder = short_dir("stress")
        self.servers = Servers(broker, mount=mount)
        self.members: dict[str, Member] = {}
        self.faults = Journal(self.folder / "faults")
        self._leaving: list[Member] = []
        self._broker, self._seed = broker, seed
        self._mistake, self._ledger = mistake, ledger
        self._numbers = itertools.count(1)
        self._commands = itertools.count(1)
        self._done: set[int] = set()
        self._ready: set[str] = set()
        self._tails = {name: Tail(self.folder / name) for name in ("windows", "processes")}
        self._windows: list[dict[str, Any]] = []

    def start(self) -> None:
        """Start everything and wait until all of it works."""
        self.servers.start()
        for role in ROLES:
            self.launch(role)
        self.wait_until_ready()

    def launch(self, role: str) -> Member:
        """Start a process in this role; one that has the role already goes on beside it."""
        label = f"{role}-{next(self._numbers)}"
        environ = {
            **self.servers.environ,
            "STRESS_FOLDER": str(self.folder),
            "STRESS_PROCESS": label,
            "STRESS_MISTAKE": self._mistake,
            "GUARD_SECRET_KEY": "a secret of the kill harness",
            "GUARD_LEDGER": str(self._ledger).lower(),
            "GUARD_LEASE_SECONDS": "2",
            "GUARD_RENEW_SECONDS": "0.5",
            "GUARD_TIMEOUT_SECONDS": "0.4",
            "GUARD_LOCAL_CLOSE_FILE": str(self.folder / "close-local"),
            "EMERGENCY_MODE_JOB_GRACE_PERIOD": "1",
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        }
        argv = [sys.executable, "-W", "ignore", "-m", *self._command(role, label)]
        process = LocalProcess(label, argv, workdir=self.folder, env=environ).start()
        self.members[role] = member = Member(role, process)
        return member

    def _command(self, role: str, label: str) -> list[str]:
        if role == "producer":
            return ["tests.stress.producer", f"{self._seed}:{label}"]
        if role == "opener":
            return ["tests.stress.opener", str(self.folder / f"{label}.s")]
        celery = ["celery", "-A", "tests.stress.shop"]
        if role == "beat":
            return [*celery, "beat", "-l", "WARNING"]
        pool, queues, size = (
            ("solo", "maintenance", 1)
            if role == "orchestrator"
            else (role, "guarded,mixed,open", 1 if role == "solo" else 2)
        )
        quiet = ["--without-gossip", "--without-mingle", "-l", "INFO"]
        return [*celery, "worker", "-P", pool, "-c", str(size), "-Q", queues, "-n", f"{label}@stress", *quiet]

    # -- processes -----------------------------------------------------------------------------------

    def is_ready(self, member: Member) -> bool:
        """Whether it has said so."""
        self._ready |= {line["process"] for line in self._tails["processes"].new()}
        return member.label in self._ready

    def wait_until_ready(self) -> None:
        """Wait until every role is filled by a process that works; starts what has ended. A worker that was
        started while its broker refused writes ends by itself, sooner or later."""
        for role in ROLES:
            try:
                eventually(lambda role=role: self._is_filled(role), within=READY_WITHIN, what=f"{role} ready")
            except AssertionError as error:
                raise AssertionError(f"{error}: {self.members[role].process.log_tail}") from error

    def _is_filled(self, role: str) -> bool:
        member = self.members[role]
        if not member.process.alive:
            member = self.launch(role)
        return self.is_ready(member)

    def retire(self, member: Member) -> None:
        """Ask it to end in order; `bury` sees to it later."""
        if member.process.alive:
            member.process.signal(15)
        self._leaving.append(member)

    def bury(self) -> list[Member]:
        """Wait for those that were asked to end. Gives those that did not, and are killed now."""
        stubborn = []
        for member in self._leaving:
            try:
                eventually(lambda member=member: not member.process.alive, within=ENDS_WITHIN)
            except AssertionError:
                stubborn.append(member)
                self._say_where(member)
            member.process.kill()
        self._leaving.clear()
        return stubborn

    @staticmethod
    def _say_where(member: Member) -> None:
        """Have the stacks of all its threads written into its log (`tests/stress/shop.py`)."""
        before = member.process.log_tail
        member.process.signal(signal.SIGUSR2)
        with suppress(AssertionError):
            eventually(lambda: member.process.log_tail != before, within=5, what="its stacks")

    # -- windows -------------------------------------------------------------------------------------

    def tell(self, do: str, **more: Any) -> int:
        """Send a command to the opener; gives its number. Nothing happens when the opener is not there."""
        number = next(self._commands)
        address = str(self.folder / f"{self.members['opener'].label}.s")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mouth:
            mouth.settimeout(5)
            try:
                mouth.sendto(json.dumps({"do": do, "number": number, **more}).encode(), address)
            except OSError as error:
                self.faults.note("not told", command=do, why=type(error).__name__)
        return number

    def ask(self, do: str, within: float = 60.0, **more: Any) -> bool:
        """Send a command and wait until it was done; whether it succeeded."""
        number = self.tell(do, **more)
        eventually(lambda: self.is_done(number), within=within, what=f"the opener to {do}")
        return not any(line["event"] == "failed" and line["number"] == number for line in self._windows)

    def is_done(self, number: int) -> bool:
        """Whether a command is over."""
        self.windows()
        return number in self._done

    def windows(self) -> list[dict[str, Any]]:
        """All lines about windows so far."""
        new = self._tails["windows"].new()
        self._windows += new
        self._done |= {line["number"] for line in new if line["event"] == "done"}
        return self._windows

    # -- publishing ----------------------------------------------------------------------------------

    def publish(self, on: bool) -> None:
        """Have the producer publish, or not."""
        flag = self.folder / "publish"
        flag.touch() if on else flag.unlink(missing_ok=True)

    def keep(self) -> Path:
        """Copy journals and logs to where they stay; gives that folder."""
        kept = Path.cwd() / ".artifacts" / f"stress-{self._broker}-{self._seed}-{time.strftime('%H%M%S')}"
        kept.mkdir(parents=True)
        for path in self.folder.iterdir():
            if path.is_file():
                shutil.copy(path, kept)
        return kept

    def close(self) -> None:
        """End everything, and remove what is in its folder."""
        for member in [*self.members.values(), *self._leaving]:
            if member.process.alive:
                member.process.kill()
        self.servers.close()
        remove_dir(self.folder)
