"""A private RabbitMQ node: own folders, ports, cookie and port mapper (epmd)."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Self

import amqp
import requests

from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.processes import LocalProcess
from tests.support.require import require_binary
from tests.support.server import Server
from tests.support.shortdirs import short_dir

USER = PASSWORD = "guard"
# Debian's /usr/sbin wrapper changes the user; this one runs as whoever calls it.
UNWRAPPED = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class RabbitMQ(Server):
    """One node with the management API, through which tests make virtual hosts and cut connections."""

    def __init__(self) -> None:
        self.directory = short_dir("rabbitmq")
        self.port, self.api_port, self._dist_port, self._epmd_port = (free_port() for _ in range(4))
        self._write_files()
        server = UNWRAPPED if UNWRAPPED.exists() else require_binary("rabbitmq-server")
        env = self._environment()
        # A node would start epmd as a daemon that survives everything; ours is there first and dies with us.
        self.port_mapper = LocalProcess("epmd", [require_binary("epmd")], workdir=self.directory, env=env)
        self.process = LocalProcess("rabbitmq", [server], workdir=self.directory, env=env)
        self._numbers = itertools.count(1)

    def start(self) -> Self:
        """Start it and wait until clients can log in; five to ten seconds."""
        if not self.port_mapper.alive:
            self.port_mapper.start()
        self.process.start()
        eventually(self._answers, within=90, what="RabbitMQ to accept clients")
        return self

    def url(self, vhost: str = "/") -> str:
        """Broker address of a virtual host; the default one is spelled //."""
        return f"amqp://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{vhost}"

    def create_vhost(self) -> str:
        """Create an empty virtual host, in which this node's user may do everything; return its name."""
        name = f"t{next(self._numbers)}"
        self.api("PUT", f"vhosts/{name}")
        return name

    def cut_connections(self) -> None:
        """Close every client connection from the broker's side, as an operator would; at once.

        By user, because the API's list of connections is five seconds late.
        """
        eventually(lambda: self.api("DELETE", f"connections/username/{USER}").ok, what="all connections cut")

    def api(self, method: str, path: str) -> requests.Response:
        """Call the management API; an answer that tells of an error raises."""
        url = f"http://127.0.0.1:{self.api_port}/api/{path}"
        response = requests.request(method, url, auth=(USER, PASSWORD), timeout=10)
        response.raise_for_status()
        return response

    def close(self) -> None:
        """End node and port mapper at once; nothing of it is kept."""
        if self.port_mapper.alive:
            self.port_mapper.kill()
        super().close()

    def _answers(self) -> bool:
        self.check_alive()
        with amqp.Connection(f"127.0.0.1:{self.port}", userid=USER, password=PASSWORD, connect_timeout=5):
            return self.api("GET", "vhosts").ok

    def _write_files(self) -> None:
        (self.directory / "rabbitmq.conf").write_text(
            f"loopback_users = none\ndefault_user = {USER}\ndefault_pass = {PASSWORD}\n"
            "vm_memory_high_watermark.absolute = 400MB\ndisk_free_limit.absolute = 50MB\n"
            f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self.api_port}\n"
        )
        (self.directory / "enabled_plugins").write_text("[rabbitmq_management].\n")
        cookie = self.directory / ".erlang.cookie"
        cookie.write_text(f"guard{os.getpid()}")
        cookie.chmod(0o400)

    def _environment(self) -> dict[str, str]:
        here = self.directory
        return {
            "HOME": str(here),
            "RABBITMQ_NODENAME": f"guard{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": str(here / "mnesia"),
            "RABBITMQ_LOG_BASE": str(here / "log"),
            "RABBITMQ_CONFIG_FILE": str(here / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(here / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(here / "pid"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            # two cores are shared with the tests: one scheduler, and no busy waiting
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
            # makes the start script exec the node instead of waiting for it, so that the kernel's signal
            # at the death of pytest reaches the node itself
            "RUNNING_UNDER_SYSTEMD": "true",
        }
