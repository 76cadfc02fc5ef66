"""The exit codes of every command. Scripts depend on them: a meaning is never changed, only added."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["MEANINGS", "Exit", "epilog"]


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


MEANINGS = {
    Exit.DONE: "done",
    Exit.ERROR: "unexpected error",
    Exit.INVALID: "wrong usage, request or configuration; nothing was changed",
    Exit.NOT_NOW: "not possible now, or you said no; nothing was changed",
    Exit.UNCONFIRMED: "done, but not everything is confirmed: read the output",
    Exit.AWAY: "a store or the broker is away, or holds nothing usable",
    Exit.NOT_FOUND: "no such job, window, plan or alert",
    Exit.NOT_DRAINED: "guarded jobs still run, or a worker does not answer",
}


def epilog(example: str, *codes: Exit) -> str:
    """The end of a help text: examples and the exit codes that this command uses."""
    examples = "\n".join(f"  celery -A yourapp maintenance {line}" for line in example.splitlines())
    lines = "\n".join(f"  {code.value}  {MEANINGS[code]}" for code in sorted({Exit.ERROR, *codes}))
    return f"\b\nExample:\n{examples}\n\n\b\nExit codes:\n{lines}"
