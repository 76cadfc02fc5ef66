"""The systemd units as systemd reads them: a unit's own file, then the file that all share."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.deployment.places import SYSTEMD

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SHARED = SYSTEMD / "celery-guard-.service.d" / "common.conf"
SERVICES = tuple(sorted(path.name for path in SYSTEMD.glob("*.service")))


@dataclass(frozen=True)
class Unit:
    """One service. `lines` has its settings in order: `(name, value)`."""

    name: str
    lines: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        """Every value of a setting."""
        return [value for key, value in self.lines if key == name]

    def one(self, name: str) -> str:
        """The last value, which counts; empty: it is not set."""
        return (self.all(name) or [""])[-1]

    @property
    def command(self) -> list[str]:
        """ExecStart in words, as written."""
        return shlex.split(self.one("ExecStart"))

    def environment(self, credentials: Path) -> dict[str, str]:
        """What the unit sets, with `%d` as the folder of its credentials."""
        words = [word for line in self.all("Environment") for word in shlex.split(line)]
        pairs = (word.replace("%d", str(credentials)).partition("=") for word in words)
        return {name: value for name, _, value in pairs}

    @property
    def credentials(self) -> dict[str, str]:
        """Name -> the file that root keeps."""
        return dict(line.partition(":")[::2] for line in self.all("LoadCredential"))


def unit(name: str) -> Unit:
    """Read a service with the file that all share."""
    return Unit(name, (*_lines(SYSTEMD / name), *_lines(SHARED)))


def expand(words: list[str], environment: Mapping[str, str], instance: str) -> list[str]:
    """`${NAME}`, `%i` and `%%`, as systemd expands them before it starts a program."""
    done = (re.sub(r"\$\{(\w+)\}", lambda match: environment[match[1]], word) for word in words)
    return [re.sub(r"%(.)", lambda match: {"i": instance, "%": "%"}[match[1]], word) for word in done]


def _lines(path: Path) -> list[tuple[str, str]]:
    lines = (line for line in path.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]
