"""The exit codes of every command. Scripts depend on them: a meaning is never changed, only added."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HEALTH", "HEALTH_MEANINGS", "MEANINGS", "Exit", "epilog"]


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    ERROR = 1
    INVALID = 2
    NOT_NOW = 3
    UNCONFIRMED = 4
    AWAY = 5
    NOT_FOUND = 6
    NOT_DRAINED = 7
    BROKEN = 8


MEANINGS = {
    Exit.DONE: "done",
    Exit.ERROR: "unexpected error",
    Exit.INVALID: "wrong usage, request or configuration; nothing was changed",
    Exit.NOT_NOW: "not possible now, or you said no; nothing was changed",
    Exit.UNCONFIRMED: "done, but not everything is confirmed: read the output",
    Exit.AWAY: "a store or the broker is away, or holds nothing usable",
    Exit.NOT_FOUND: "no such job, window, plan, report, drill or alert",
    Exit.NOT_DRAINED: "guarded jobs still run, or a worker does not answer",
    Exit.BROKEN: "the journal is not what was written: read what is wrong with it",
}


HEALTH = {"ok": 0, "warning": 1, "problem": 2}
"""What `doctor` alone ends with: the codes of monitoring plugins. Wrong usage and unexpected errors end
with 2 and 1 there too, and either way something is to be seen to."""


HEALTH_MEANINGS = {
    0: "healthy",
    1: "warnings, or something is unknown; or an unexpected error",
    2: "problems; or wrong usage or configuration",
}


def epilog(example: str, *codes: Exit, own: Mapping[int, str] | None = None) -> str:
    """The end of a help text: examples and the exit codes that this command uses; `own`: where they are
    its own."""
    examples = "\n".join(f"  celery -A yourapp maintenance {line}" for line in example.splitlines())
    meanings = own or {code.value: MEANINGS[code] for code in sorted({Exit.ERROR, *codes})}
    lines = "\n".join(f"  {code}  {meaning}" for code, meaning in meanings.items())
    return f"\b\nExample:\n{examples}\n\n\b\nExit codes:\n{lines}"
