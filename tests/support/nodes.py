"""pytest-celery's nodes over local processes, so that its set-ups and clusters run without Docker.

`CeleryTestContainer` wraps a docker-py container object of which only a few members are used. A local
process with these members takes its place; nodes, clusters and fixtures run unchanged.
"""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

from pytest_celery import CeleryWorkerContainer, RedisContainer

from tests.support.processes import LocalProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

NODE_ID = "%ID"


class ProcessAsContainer:
    """A started LocalProcess with the members of docker.models.containers.Container that are used.

    `%ID` in `argv` becomes the short id, as a container's host name would be.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        workdir: Path,
        env: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> None:
        self.id = uuid.uuid4().hex
        self.name = name
        self.port = port
        self.status = "created"
        argv = [part.replace(NODE_ID, self.id[:12]) for part in argv]
        self.process = LocalProcess(f"{name}-{self.id[:12]}", argv, workdir=workdir, env=env).start()
        self.reload()

    @property
    def attrs(self) -> dict[str, Any]:
        """What `docker inspect` would tell, as far as it is read."""
        ports = {f"{self.port}/tcp": [{"HostPort": str(self.port)}]} if self.port else {}
        return {
            "Config": {
                "Hostname": "127.0.0.1",
                "Env": [f"{key}={value}" for key, value in self.process.env.items()],
            },
            "HostConfig": {"PortBindings": {}},
            "NetworkSettings": {"Networks": {}, "Ports": ports},
            "State": {"Pid": self.process.pid, "ExitCode": self.process.returncode},
        }

    def reload(self) -> None:
        """Look up the state anew, as docker-py does only when asked."""
        self.status = "running" if self.process.alive else "exited"

    def logs(self, **_: object) -> bytes:
        """Everything written so far."""
        return self.process.log.encode()

    def kill(self, signal: str | int | None = None) -> None:
        """As Docker: KILL takes the whole container, any other signal goes to its first process."""
        number = _signal_number(signal)
        if number == _signal_number("SIGKILL"):
            self.process.kill()
        else:
            self.process.signal(number)

    def wait(self, timeout: float = 30.0) -> dict[str, int]:
        """Wait for the end."""
        return {"StatusCode": self.process.wait(timeout)}

    def stop(self, timeout: float = 10.0) -> None:
        """SIGTERM, then SIGKILL."""
        self.process.terminate(timeout)
        self.reload()

    def restart(self, timeout: float = 10.0) -> None:
        """Stop and start with the same id, so the same node name."""
        self.stop(timeout)
        self.process.start()
        self.reload()

    def exec_run(self, cmd: str | list[str], **_: object) -> tuple[int, bytes]:
        """Run a command beside the process, with its folder and environment."""
        argv = shlex.split(cmd) if isinstance(cmd, str) else cmd
        if argv[0] == "python":
            argv = [sys.executable, *argv[1:]]
        done = subprocess.run(
            argv, cwd=self.process.workdir, env=self.process.env, capture_output=True, check=False
        )
        return done.returncode, done.stdout or done.stderr


class LocalRedis(RedisContainer):  # type: ignore[misc]
    """A Redis node on a local port."""

    @property
    def port(self) -> int:
        """The real port; the plugin asks Docker which one stands for 6379."""
        return int(self._container.port)

    @property
    def url(self) -> str:
        """Address for the worker, which is no container of a Docker network either."""
        return str(self.host_url)

    def teardown(self) -> None:
        """End the process."""
        self._container.stop()


class LocalWorker(CeleryWorkerContainer):  # type: ignore[misc]
    """A worker node running this interpreter's Celery."""

    @classmethod
    def command(cls, *args: str, **kwargs: Any) -> list[str]:
        """The plugin's command with the node name that `hostname()` will tell."""
        command: list[str] = super().command(*args, **kwargs)
        command[command.index("-n") + 1] = f"{cls.worker_name()}@{NODE_ID}"
        return [sys.executable, "-m", *command]

    def teardown(self) -> None:
        """End the process."""
        self._container.stop()


def _signal_number(name: str | int | None) -> int:
    if isinstance(name, int):
        return name
    return signal.Signals[name or "SIGKILL"]
