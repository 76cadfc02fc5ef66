"""One service on this host: its address, its folder, its files and its environment."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from one_host.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from one_host.compose_file import Service
    from one_host.folder import RunFolder
    from one_host.network import Network

CHECKOUT: Final = Path(__file__).resolve().parent.parent.parent
_SYSTEM: Final = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_CONFIGURATION_BYTES: Final = 1 << 20


class Place:
    """Translates what the compose file says of one service into what is true here."""

    def __init__(
        self, service: Service, network: Network, folder: RunFolder, secrets: Mapping[str, Path]
    ) -> None:
        self.service = service
        self.address = network.addresses[service.name]
        self.home = folder.of("services", service.name)
        self.programs = folder.of("services", service.name, "bin")
        self.log = folder.log(service.name)
        self._network = network
        self._paths = Paths(self._places(folder))
        self._write_files(secrets)

    def translate(self, text: str) -> str:
        """Names of services, the container's own addresses and its paths, as they are here."""
        return self._paths.translate(self._network.translate(text, self.service.name))

    def path(self, inside: str) -> Path:
        """Where a path of the container is."""
        return Path(self._paths.translate(inside))

    def environment(self, image: Mapping[str, str]) -> dict[str, str]:
        """What its processes get: what the image and the compose file say, and nothing of this shell.

        Args:
            image: the image's own variables.
        """
        own = {**image, **self.service.environment}
        return {
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONPATH": str(CHECKOUT),
            **{name: self.translate(value) for name, value in own.items()},
            "PATH": os.pathsep.join((str(self.programs), str(Path(sys.executable).parent), *_SYSTEM)),
        }

    def stand_in(self, name: str, script: str) -> None:
        """A program of the image that this host does not have, in the words of a shell."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)

    def write_runner(self, environment: Mapping[str, str]) -> None:
        """`exec COMMAND…`: for people, a command beside the service, with its environment."""
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
        self.stand_in("exec", f'{exports}exec "$@"')

    def is_free(self, port: int) -> bool:
        """Whether nobody listens there."""
        return self._network.is_free(self.service.name, port)

    def _places(self, folder: RunFolder) -> dict[str, Path]:
        places = {inside: self.home / "files" / inside.strip("/") for inside in self.service.secrets}
        for mount in self.service.mounts:
            if mount.source is None:
                own = f"{self.service.name}{mount.target.replace('/', '-')}"
                places[mount.target] = folder.of("volumes", mount.volume or own)
            elif mount.source.exists():
                places[mount.target] = self.home / "files" / mount.target.strip("/")
            else:
                raise ValueError(f"{self.service.name}: {mount.source} is not there")
        return places

    def _write_files(self, secrets: Mapping[str, Path]) -> None:
        """Copies of secrets and mounted files, in which names and paths are ours."""
        for inside, name in self.service.secrets.items():
            self._copy(secrets[name], self.path(inside))
        for mount in self.service.mounts:
            if mount.source is None:
                continue
            if mount.source.is_file():
                self._copy(mount.source, self.path(mount.target))
                continue
            for source in mount.source.rglob("*"):
                if source.is_file():
                    self._copy(source, self.path(mount.target) / source.relative_to(mount.source))

    def _copy(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        if source.stat().st_size > _CONFIGURATION_BYTES:
            shutil.copyfile(source, target)
        else:
            target.write_text(self.translate(source.read_text()))
        target.chmod(source.stat().st_mode & 0o700)
