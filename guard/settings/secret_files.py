"""Settings that come as files: ``NAME_FILE=/run/secrets/name``, and what is mounted at /run/secrets.

Any setting that may hold a secret can be given so, that is every key and every URL. What is in a file is
never shown: a problem names the variable and the path.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from guard.errors import ConfigurationInvalid

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["MOUNTED", "file_of", "given_as_files", "read_files", "read_mounted", "secret"]

log = logging.getLogger(__name__)

MOUNTED = Path("/run/secrets")
"""Where Docker and Kubernetes mount secrets, as files named for the variable."""
_SUFFIX = "_FILE"
_LARGEST = 64 * 1024


def file_of(name: str) -> str:
    """The variable that names the file of a setting."""
    return name + _SUFFIX


def given_as_files(names: Collection[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Which of these settings the environment gives as files, in alphabetical order."""
    return tuple(sorted(name for name in names if environ.get(file_of(name))))


def read_files(names: Collection[str], environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What the files hold, by setting, and a sentence for each that cannot be used.

    Args:
        names: settings that may be given as files, in capitals.
        environ: where ``NAME_FILE`` is looked up; an empty one counts as not given.
    """
    values: dict[str, str] = {}
    problems: list[str] = []
    for name in given_as_files(names, environ):
        variable, path = file_of(name), Path(environ[file_of(name)])
        if environ.get(name):
            problems.append(f"{name} and {variable} are both set: keep one of them")
            continue
        try:
            values[name] = _read(path)
        except _Unusable as error:
            problems.append(f"{variable}: {path} {error}")
    return values, problems


def read_mounted(names: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """The same of /run/secrets: its files are named for the settings, in capitals or not."""
    values: dict[str, str] = {}
    problems: list[str] = []
    for path in sorted(MOUNTED.iterdir()) if MOUNTED.is_dir() else ():
        if path.name.upper() in names and path.is_file():
            try:
                values[path.name.upper()] = _read(path)
            except _Unusable as error:
                problems.append(f"{path.name.upper()}: {path} {error}")
    return values, problems


def secret(name: str) -> str:
    """One setting of this process that may come as a file, for what reads its own settings.

    Args:
        name: in capitals, for example ``CELERY_BROKER_URL``.

    Returns:
        The text; empty when nobody gave it.

    Raises:
        ConfigurationInvalid: its file cannot be used, or it was given in both ways.
    """
    values, problems = read_files({name}, os.environ)
    if not problems and not values and name not in os.environ:
        values, problems = read_mounted({name})
    if problems:
        raise ConfigurationInvalid(*problems)
    return values.get(name) or os.environ.get(name, "")


class _Unusable(Exception):
    """Why a file cannot be used, as the end of a sentence that begins with its path."""


def _read(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise _Unusable("is not a file")
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise _Unusable("is not there") from None
    except OSError as error:
        raise _Unusable(f"cannot be read ({error.strerror})") from None
    text = _text(content)
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        # Readable by others is usual: an engine mounts secrets so, and the container is the border.
        log.warning("%s can be written by others than its owner: chmod go-w", path)
    return text


def _text(content: bytes) -> str:
    if len(content) > _LARGEST:
        raise _Unusable(f"is larger than {_LARGEST // 1024} KiB: is that a secret?")
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        raise _Unusable("is not UTF-8 text") from None
    if not text:
        raise _Unusable("is empty")
    if not text.isprintable():
        raise _Unusable("holds more than one line, or control characters")
    return text
