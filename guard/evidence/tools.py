"""The programs of database servers: where they are, and how a password reaches them.

Never on a command line, which everybody on the machine can read: in a file that only we can, for as long as
the tool runs.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from guard.evidence.parts import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_tool", "inherited", "private_file"]


def find_tool(*names: str) -> str:
    """The path of the first of these programs that is installed.

    Raises:
        Missing: none is.
    """
    for name in names:
        if path := shutil.which(name):
            return path
    raise Missing(f"{' or '.join(names)} is not installed on this machine")


def inherited() -> dict[str, str]:
    """Of our environment what a tool needs, and nothing that would configure it, or is a secret."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "USER", "LOGNAME", "LD_LIBRARY_PATH")
    return {name: value for name, value in os.environ.items() if name in kept} | {"LC_ALL": "C"}


@contextmanager
def private_file(content: str) -> Iterator[str]:
    """The path of a file with this content that nobody else can read; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="guard-evidence-") as folder:  # 0700
        path = Path(folder, "options")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        yield str(path)
