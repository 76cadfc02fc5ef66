"""A RabbitMQ node with its own address, folders, cookie and port mapper (epmd)."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from one_host.programs.program import Program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from one_host.place import Place

_PORT: Final = 5672
_DISTRIBUTION_PORT: Final = 25672
_QUIET: Final = "+S 1:1 +sbwt none"
# Debian's wrapper in /usr/sbin changes the user; these run as whoever calls them.
_UNWRAPPED: Final = Path("/usr/lib/rabbitmq/bin")


class RabbitMQ(Program):
    """Debian's RabbitMQ in place of the image's."""

    ports = (_PORT, _DISTRIBUTION_PORT)

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._epmd_port = _free_port()

    @property
    def missing(self) -> str:
        """The node and the port mapper."""
        if not (self.find("rabbitmq-server") or _UNWRAPPED.exists()):
            return "rabbitmq-server"
        return "" if self.find("epmd") else "epmd"

    @property
    def helpers(self) -> Sequence[Sequence[str]]:
        """A node would start epmd as a daemon that survives everything; ours is there first, and dies too."""
        return ([str(self.find("epmd"))],)

    def prepare(self) -> None:
        """The cookie; the programs of the package without its wrapper; which plugins."""
        cookie = self.place.home / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text(secrets.token_hex(16))
            cookie.chmod(0o400)
        for name in ("rabbitmq-server", "rabbitmq-diagnostics", "rabbitmqctl"):
            found = _UNWRAPPED / name if _UNWRAPPED.exists() else self.find(name)
            self.place.stand_in(name, f'exec {found} "$@"')
        enabled = self.place.home / "enabled_plugins"
        if not enabled.exists():
            enabled.write_text("[].\n")

    def argv(self) -> list[str]:
        """The node in the foreground."""
        return [str(self.place.programs / "rabbitmq-server")]

    def environment(self) -> dict[str, str]:
        """What keeps two nodes of one host apart."""
        home, address = self.place.home, self.place.address
        folder = self.place.path("/var/lib/rabbitmq")
        as_tuple = "{" + address.replace(".", ",") + "}"
        conf_d = self.place.path("/etc/rabbitmq/conf.d/50-guard.conf").parent
        return {
            **super().environment(),
            "RABBITMQ_NODENAME": f"rabbit@{address}",
            "RABBITMQ_USE_LONGNAME": "true",
            "RABBITMQ_NODE_IP_ADDRESS": address,
            "RABBITMQ_NODE_PORT": str(_PORT),
            "RABBITMQ_DIST_PORT": str(_DISTRIBUTION_PORT),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": address,
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILES": str(conf_d),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            # one host has the others to run beside it: no busy waiting, in the node and in its tools
            "RABBITMQ_CTL_ERL_ARGS": _QUIET,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{_QUIET} -kernel inet_dist_use_interface {as_tuple}",
            # the start script becomes the node instead of waiting for it, so that signals reach the node
            "RUNNING_UNDER_SYSTEMD": "true",
        }


def _free_port() -> int:
    """epmd listens on 127.0.0.1 too, whatever address it is told: there it must not meet another one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
