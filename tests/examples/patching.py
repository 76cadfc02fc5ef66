"""Applies a unified diff as `git apply` does, exactly: a context line that differs is an error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["added_lines", "apply_patch"]

_HUNK = re.compile(r"@@ -(?P<old>\d+)(,\d+)? \+\d+(,\d+)? @@.*")


def added_lines(patch: Path) -> list[str]:
    """The lines that a patch adds or changes, blank ones left out."""
    lines = patch.read_text().splitlines()
    return [
        line[1:] for line in lines if line.startswith("+") and not line.startswith("+++") and line[1:].strip()
    ]


def apply_patch(patch: Path, folder: Path) -> None:
    """Apply it to the files below `folder`; names in the patch begin with ``a/`` and ``b/``."""
    for part in re.split(r"^--- a/", patch.read_text(), flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        name, target = lines[0], folder / lines[1].removeprefix("+++ b/")
        assert target == folder / name, f"{patch.name} renames {name}"
        new = _applied(lines[2:], target.read_text().splitlines())
        target.write_text("".join(f"{line}\n" for line in new))


def _applied(hunks: list[str], old: list[str]) -> list[str]:
    new: list[str] = []
    at = 0
    for line in hunks:
        begin = _HUNK.fullmatch(line)
        if begin is not None:
            start = int(begin["old"]) - 1
            new += old[at:start]
            at = start
        elif line.startswith("+"):
            new.append(line[1:])
        else:
            assert old[at] == line[1:], f"line {at + 1} is {old[at]!r}, the patch expects {line[1:]!r}"
            if not line.startswith("-"):
                new.append(old[at])
            at += 1
    return new + old[at:]
