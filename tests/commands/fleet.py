"""A small fleet for the commands: a Redis, a database file, an app named as in the documents, workers.

`celery` on the PATH of its commands is a client of `forking.py`, which starts one in a fiftieth of the time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.eventually import PATIENCE, eventually
from tests.support.processes import LocalProcess
from tests.support.shortdirs import remove_dir, short_dir

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.valkey import Valkey

__all__ = ["Done", "Fleet", "ForkServer"]

ROOT = Path(__file__).parents[2]
APPS = Path(__file__).parent / "apps"
CLIENT = Path(__file__).parent / "celery_client.py"
DROPPED = (
    "NO_COLOR",
    "APP",
    "GUARD_",
    "MAINTENANCE_",
    "EMERGENCY_",
    "REDIS_",
    "DATABASE_URL",
    "CELERY_",
    "TASKS_",
)


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str


class ForkServer:
    """The process that runs `celery` commands, and the folder with `celery` to put on the PATH."""

    def __init__(self) -> None:
        self.folder = short_dir("commands")
        self.socket = self.folder / "s"
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        celery = self.bin / "celery"
        celery.write_text(f'#!/bin/sh\nexec "{sys.executable}" -SE "{CLIENT}" "$@"\n')
        celery.chmod(0o755)
        python = self.bin / "python"  # no link: beside a link it would not find what is installed
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        argv = [sys.executable, "-m", "tests.commands.forking", str(self.socket)]
        self.process = LocalProcess("forking", argv, workdir=self.folder, env={"PYTHONPATH": str(ROOT)})

    def __enter__(self) -> ForkServer:
        self.process.start()
        eventually(self._listens, within=30, what="the fork server")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        remove_dir(self.folder)

    def _listens(self) -> bool:
        assert self.process.alive, self.process.log_tail
        return self.socket.exists()


class Fleet:
    """Its commands are run in `folder`, by a real shell."""

    def __init__(self, server: ForkServer, valkey: Valkey, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder, self.valkey = folder, valkey
        self.redis_db = valkey.fresh_db()
        broker, backend = (valkey.broker_url(valkey.fresh_db()) for _ in range(2))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(DROPPED)}
        self.environ = {
            **kept,
            "PATH": f"{server.bin}{os.pathsep}{kept.get('PATH', os.defpath)}",
            "COMMANDS_SERVER": str(server.socket),
            "PYTHONPATH": f"{APPS}{os.pathsep}{ROOT}",
            "CELERY_BROKER_URL": broker,
            "CELERY_RESULT_BACKEND": backend,
            "REDIS_URL": valkey.url(self.redis_db),
            "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
            "GUARD_SECRET_KEY": "a secret for the documents' commands",
            "GUARD_LOCAL_CLOSE_FILE": str(folder / "closed"),
            # a shorter lease than the default 5 s: the first enable of a young fleet waits for one
            "GUARD_LEASE_SECONDS": "3",
            "GUARD_RENEW_SECONDS": "0.75",
            "FLEET": str(folder),
            **environ,
        }
        self.notes: dict[str, str] = {}
        self._running: list[_Running] = []

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *_: object) -> None:
        # jobs that wait for the file end, so that the workers do
        (self.folder / "go").touch()
        for running in reversed(self._running):
            running.end(signal.SIGTERM)

    def run(self, command: str, *, stdin: str = "", environ: Mapping[str, str] | None = None) -> Done:
        """Run it to its end. Standard output and standard error are one."""
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.folder, env={**self.environ, **(environ or {})}, input=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=40 * PATIENCE,
        )  # fmt: skip
        return Done(done.returncode, done.stdout)

    def until(
        self, command: str, text: str, *, stays: bool, environ: Mapping[str, str] | None = None
    ) -> Done:
        """Run it until it has said `text`; then interrupt it, unless it stays until the fleet ends."""
        running = _Running(command, self.folder, {**self.environ, **(environ or {})})
        self._running.append(running)
        running.wait_for(text)
        return Done(0, running.out) if stays else Done(running.end(signal.SIGINT), running.out)

    def worker(self, name: str = "w1", *, queues: str = "celery,images,captions,batch,maintenance") -> None:
        """A worker of two processes that is ready."""
        command = f"celery -A shop worker -n {name}@shop -c 2 -Q {queues} --without-gossip --without-mingle"
        self.until(command + " -l INFO", f"{name}@shop ready.", stays=True)

    def python(self, code: str) -> str:
        """What a line of Python prints, in a process of its own that has the app as `shop`."""
        done = self.run(f"celery --python 'import shop; {code}'")
        assert done.code == 0, done.out
        return done.out.strip()


class _Running:
    """A command that goes on by itself."""

    def __init__(self, command: str, folder: Path, environ: Mapping[str, str]) -> None:
        self.command, self.out = command, ""
        self._popen = subprocess.Popen(
            ["sh", "-c", f"exec {command}"], cwd=folder, env=environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, text: str) -> None:
        def said() -> bool:
            return text in self.out or self._popen.poll() is not None

        eventually(said, within=30, what=f"{self.command} to say {text!r}; it said {self.out[-2000:]!r}")
        if text not in self.out:
            self._reader.join(5)
        assert text in self.out, f"{self.command} ended with {self._popen.returncode}:\n{self.out[-3000:]}"

    def end(self, number: int) -> int:
        with contextlib.suppress(ProcessLookupError):
            if self._popen.poll() is None:
                self._popen.send_signal(number)
        try:
            self._popen.wait(15 * PATIENCE)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            raise AssertionError(f"{self.command} does not end:\n{self.out[-3000:]}") from None
        self._reader.join(5)
        return self._popen.returncode

    def _read(self) -> None:
        stream = self._popen.stdout
        assert stream is not None
        for line in stream:
            self.out += line
        stream.close()
