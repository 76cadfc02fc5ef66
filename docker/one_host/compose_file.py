"""What `compose.yaml` says of each service, as far as one host can do it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

from one_host.durations import seconds
from one_host.interpolation import interpolate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


_START_INTERVAL: Final = 0.5
"""Seconds; an engine would wait for its whole interval, which is long for somebody who looks on."""


@dataclass(frozen=True, kw_only=True)
class Healthcheck:
    """How to ask a service whether it is well. Times in seconds."""

    argv: tuple[str, ...]
    """A shell's words are `("sh", "-c", text)`."""
    interval: float
    timeout: float
    retries: int
    start_period: float
    start_interval: float
    """Between two tries until the first that is green."""


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A file or folder inside the container."""

    target: str
    source: Path | None
    """A file or folder of the checkout; None: a volume, named by `volume`, or one of its own."""
    volume: str = ""


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service."""

    name: str
    image: str
    """Empty: it is built from the checkout."""
    command: tuple[str, ...]
    entrypoint: tuple[str, ...]
    environment: Mapping[str, str]
    hostname: str
    secrets: Mapping[str, str]
    """Path inside the container -> name of the secret."""
    mounts: tuple[Mount, ...]
    depends_on: Mapping[str, str]
    """Service -> service_started, service_healthy or service_completed_successfully."""
    healthcheck: Healthcheck | None
    stop_signal: str
    stop_grace_period: float
    restart: str
    profiles: tuple[str, ...] = field(default=())

    @property
    def is_one_shot(self) -> bool:
        """Whether it is to end by itself."""
        return self.restart in {"", "no"} and self.healthcheck is None


@dataclass(frozen=True, kw_only=True)
class Composition:
    """All services in the file's order, and the names of the secrets."""

    services: Mapping[str, Service]
    secrets: Mapping[str, Path]
    """Name -> the file that the compose file names; it need not exist."""


def read_compose(path: Path, variables: Mapping[str, str]) -> Composition:
    """Read it.

    Args:
        variables: for `${NAME}`; a `.env` beside the file goes behind them, as with Compose.

    Raises:
        ValueError: it names something that is not there, or a variable that it requires is not set.
    """
    document = yaml.safe_load(path.read_text())
    document = interpolate(document, {**_dotenv(path.parent / ".env"), **variables})
    services = {name: _service(name, body, path.parent) for name, body in document["services"].items()}
    secrets = {
        name: path.parent / str((body or {}).get("file", name))
        for name, body in (document.get("secrets") or {}).items()
    }
    for service in services.values():
        for other in service.depends_on:
            if other not in services:
                raise ValueError(f"{service.name} depends on {other}, which is no service")
        for secret in service.secrets.values():
            if secret not in secrets:
                raise ValueError(f"{service.name} has the secret {secret}, which is not in the list")
    return Composition(services=services, secrets=secrets)


def _service(name: str, body: Mapping[str, Any], folder: Path) -> Service:
    return Service(
        name=name,
        image="" if "build" in body else str(body.get("image", "")),
        command=_words(body.get("command")),
        entrypoint=_words(body.get("entrypoint")),
        environment={**_env_files(body.get("env_file"), folder), **_environment(body.get("environment"))},
        hostname=str(body.get("hostname", name)),
        secrets=dict(_secret(one) for one in body.get("secrets") or ()),
        mounts=(
            *(_mount(one, folder) for one in body.get("volumes") or ()),
            *(Mount(target=str(one).partition(":")[0], source=None) for one in _list(body.get("tmpfs"))),
        ),
        depends_on=_depends_on(body.get("depends_on")),
        healthcheck=_healthcheck(body.get("healthcheck")),
        stop_signal=str(body.get("stop_signal", "SIGTERM")),
        stop_grace_period=seconds(body.get("stop_grace_period"), 10.0),
        restart=str(body.get("restart", "")),
        profiles=tuple(body.get("profiles") or ()),
    )


def _words(command: Any) -> tuple[str, ...]:
    return tuple(shlex.split(command)) if isinstance(command, str) else tuple(map(str, command or ()))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _environment(body: Any) -> dict[str, str]:
    if isinstance(body, list):
        body = dict(str(one).partition("=")[::2] for one in body)
    return {str(name): _text(value) for name, value in (body or {}).items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _secret(body: Any) -> tuple[str, str]:
    if isinstance(body, str):
        return f"/run/secrets/{body}", body
    target = str(body.get("target", body["source"]))
    return target if target.startswith("/") else f"/run/secrets/{target}", str(body["source"])


def _mount(body: Any, folder: Path) -> Mount:
    if isinstance(body, str):
        source, _, rest = body.partition(":")
        body = {"source": source, "target": rest.partition(":")[0]}
    source = str(body.get("source", ""))
    is_path = source.startswith((".", "/")) or body.get("type") == "bind"
    return Mount(
        target=str(body["target"]),
        source=(folder / source).resolve() if is_path else None,
        volume="" if is_path else source,
    )


def _depends_on(body: Any) -> dict[str, str]:
    if isinstance(body, list):
        return dict.fromkeys(body, "service_started")
    return {name: str(one.get("condition", "service_started")) for name, one in (body or {}).items()}


def _healthcheck(body: Any) -> Healthcheck | None:
    if not body or body.get("disable") or body.get("test") in ("NONE", ["NONE"]):
        return None
    test = body["test"]
    argv = ("sh", "-c", test) if isinstance(test, str) else _of_list(tuple(map(str, test)))
    return Healthcheck(
        argv=argv,
        interval=seconds(body.get("interval"), 30.0),
        timeout=seconds(body.get("timeout"), 30.0),
        retries=int(body.get("retries", 3)),
        start_period=seconds(body.get("start_period"), 0.0),
        start_interval=seconds(body.get("start_interval"), _START_INTERVAL),
    )


def _of_list(test: tuple[str, ...]) -> tuple[str, ...]:
    return ("sh", "-c", test[1]) if test[0] == "CMD-SHELL" else test[1:]


def _dotenv(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def _env_files(body: Any, folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in _list(body):
        found |= _dotenv(folder / (one["path"] if isinstance(one, dict) else one))
    return found
