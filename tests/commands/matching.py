"""Whether a command said what a document shows. Figures, times and names of machines are not compared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["missing"]

_VARIABLE = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f-]+)?|\S+@\S+|\d+([.:,]\d+)*( (second|minute|hour|job|worker|check)s?\b)?"
)
_ENDS = re.compile(r"\s{2,}|: |[;,(]")


def missing(shown: Iterable[str], said: str, *, unlike: Iterable[str] = ()) -> list[str]:
    """Documented lines whose beginning no line of the real output has.

    The beginning is all before a colon, a comma, a bracket or two spaces, with every number alike. A line of
    `…` stands for anything; what begins as one of `unlike` is left out.
    """
    real = {_beginning(line) for line in said.splitlines()}
    return [
        line
        for line in shown
        if line.strip() not in {"", "…", "..."}
        and not any(line.strip().startswith(one) for one in unlike)
        and not any(one.startswith(_beginning(line)) for one in real)
    ]


def _beginning(line: str) -> str:
    return _VARIABLE.sub("0", _ENDS.split(line.strip().rstrip("…").strip(), maxsplit=1)[0]).strip()
