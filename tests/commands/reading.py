"""The commands of a document: each statement of its fenced `sh`, `bash` and `console` blocks.

In `sh` and `bash` blocks every line is a command; in `console` blocks those behind `$ ` are, and what follows
is the output. Continued lines, compound commands and what looks at `$?` belong to the statement before.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Shown", "key_of", "read"]

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>[\w-]*)[^`]*$")
_SHELLS = {"sh", "bash", "console"}
# a quoted text, or a comment: only the latter goes
_COMMENT = re.compile(r"""('[^']*'|"(?:\\.|[^"\\])*")|(?:^|(?<=\s))#.*$""", re.MULTILINE)
_APP = re.compile(r"-A (shop|yourapp|tasks)\b")


@dataclass
class Shown:
    """One command as a document shows it, and the output below it (only in `console` blocks)."""

    document: str
    line: int
    text: str
    output: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What the tables know it by."""
        return key_of(self.text)

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def key_of(command: str) -> str:
    """The command without comments, with single spaces; an app is an app, whatever the document calls it."""
    bare = _COMMENT.sub(lambda found: found[1] or "", command.replace("\\\n", " "))
    return _APP.sub("-A shop", " ".join(bare.split()))


def read(path: Path, name: str) -> list[Shown]:
    """All commands of the document, in its order."""
    found: list[Shown] = []
    for language, start, lines in _blocks(path.read_text("utf-8")):
        read_block = _console if language == "console" else _shell
        found += read_block(name, start, lines)
    return found


def _blocks(text: str) -> Iterator[tuple[str, int, list[str]]]:
    language, start, inside, end, indent = "", 0, [], "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if end:
            if line.strip() == end:
                if language in _SHELLS:
                    yield language, start, inside
                end = ""
            else:
                inside.append(line.removeprefix(indent))
        elif match := _FENCE.match(line):
            language, start, inside, end = match["language"], number + 1, [], match["fence"]
            indent = match["indent"]
    assert not end, f"the block that begins in line {start - 1} does not end"


def _shell(name: str, start: int, lines: list[str]) -> list[Shown]:
    found: list[Shown] = []
    waiting: list[str] = []
    for number, line in enumerate(lines, start):
        waiting.append(line)
        text = "\n".join(waiting)
        if not key_of(text):
            waiting = []
        elif not line.endswith("\\") and _is_whole(text):
            if "$?" in text and found:
                found[-1].text += "\n" + text
            else:
                found.append(Shown(name, number - len(waiting) + 1, text.strip()))
            waiting = []
    assert not waiting, f"{name}:{start}: {waiting[0]!r} begins what never ends"
    return found


def _console(name: str, start: int, lines: list[str]) -> list[Shown]:
    found: list[Shown] = []
    goes_on = False
    for number, line in enumerate(lines, start):
        if line.startswith("$ "):
            found.append(Shown(name, number, line[2:]))
            goes_on = line.endswith("\\")
        elif goes_on:
            found[-1].text += "\n" + line
            goes_on = line.endswith("\\")
        else:
            assert found, f"{name}:{number}: output of no command; commands begin with '$ '"
            found[-1].output.append(line)
    return found


@cache
def _is_whole(text: str) -> bool:
    """Whether a shell takes it as it is: no quote, `case` or loop is still open."""
    return subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True).returncode == 0
