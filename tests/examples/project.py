"""A copy of an example in a folder of its own, with its real processes: worker, web server, command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.processes import LocalProcess

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EXAMPLES", "Answer", "Browser", "Project"]

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body, which is JSON."""
        return json.loads(self.body)


class Browser:
    """Somebody who asks a web server, and keeps its cookies."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies)).open

    def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return self._ask(urllib.request.Request(self.address + path, headers=headers))  # noqa: S310 - ours

    def post(self, path: str, **form: str) -> Answer:
        """POST of a form."""
        data = urllib.parse.urlencode(form).encode()
        return self._ask(urllib.request.Request(self.address + path, data=data))  # noqa: S310 - ours

    def _ask(self, request: urllib.request.Request) -> Answer:
        try:
            with self._open(request, timeout=20) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())


class Project:
    """One example, copied. Everything is ended at exit.

    Args:
        app: what its users say after `celery -A`.
        environ: its settings, as a deployment gives them.
    """

    def __init__(self, source: str, folder: Path, *, app: str, environ: Mapping[str, str]) -> None:
        self.folder = folder / Path(source).name
        ignored = shutil.ignore_patterns("__pycache__", "*.db", "*.sqlite3")
        shutil.copytree(EXAMPLES / source, self.folder, ignore=ignored)
        self.app = app
        self.environ = {
            "GUARD_SECRET_KEY": "a secret of the examples' tests",
            # shorter than the default: the first window of a young fleet waits for one lease
            "GUARD_LEASE_SECONDS": "2",
            "GUARD_RENEW_SECONDS": "0.4",
            "GUARD_TIMEOUT_SECONDS": "0.3",
            "GUARD_LOCAL_CLOSE_FILE": str(folder / "closed"),
            "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
            "PYTHONPATH": f"{self.folder}:{ROOT}",
            **environ,
        }
        self.processes: list[LocalProcess] = []

    def worker(self, name: str = "w1", *options: str, **environ: str) -> LocalProcess:
        """Start a worker and wait until it is ready."""
        # a second delivery is not what these tests are about, and neighbours cost a second each
        quick = ("--without-gossip", "--without-mingle")
        argv = ["worker", "-l", "INFO", "-c", "2", "-n", f"{name}@examples", *quick, *options]
        process = self.run(name, "-m", "celery", "-A", self.app, *argv, **environ)
        eventually(
            lambda: f"{name}@examples ready." in process.log,
            within=40,
            what=f"worker {name}: {process.log_tail}",
        )
        return process

    def web(self, *argv: str) -> str:
        """Start a web server by these arguments of Python; `{port}` is a free one. Gives its address."""
        port = free_port()
        process = self.run("web", *(part.format(port=port) for part in argv))
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: Browser(address).get("/"), within=30, what=f"web: {process.log_tail}")
        return address

    def run(self, name: str, *argv: str, **environ: str) -> LocalProcess:
        """Start Python with these arguments; it goes on until the end of the project."""
        process = LocalProcess(
            f"{name}-{len(self.processes)}",
            [sys.executable, "-W", "ignore", *argv],
            workdir=self.folder,
            env={**self.environ, **environ},
        )
        self.processes.append(process.start())
        return process

    def python(self, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run Python with these arguments to its end."""
        return subprocess.run(
            [sys.executable, "-W", "ignore", *argv],
            cwd=self.folder,
            env={**LocalProcess("", [], workdir=self.folder).env, **self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def maintenance(self, *words: str, expected: int = 0, **environ: str) -> str:
        """`celery -A … maintenance …` as an operator types it. What it printed; both streams if it failed."""
        done = self.python("-m", "celery", "-A", self.app, "maintenance", *words, **environ)
        assert done.returncode == expected, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout if not expected else done.stdout + done.stderr

    def stop(self) -> None:
        """End all processes, gently."""
        for process in self.processes:
            process.terminate()
        self.processes.clear()

    def close(self) -> None:
        """End all processes."""
        for process in self.processes:
            process.kill()
            process.close()
