"""Command lines as people may see them: a secret on one stays out of what we write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["masked_arguments"]

_NAMES = r"(?:pass|passwd|password|pwd|secret|token|api[-_]?key|key|credential|auth)"
_GIVEN = re.compile(rf"^(?P<name>[^=\s]*{_NAMES}[^=\s]*=).+", re.IGNORECASE | re.DOTALL)
_NEXT = re.compile(rf"^--?[\w-]*{_NAMES}[\w-]*$", re.IGNORECASE)
_BEARER = re.compile(r"(?i)\b(bearer|basic|authorization:)\s+\S+.*", re.DOTALL)
_MYSQL = re.compile(r"(^|/)(mysql|mariadb)[\w-]*$")
_REDIS = re.compile(r"(^|/)(redis|valkey)-cli$")


def masked_arguments(arguments: Sequence[str]) -> list[str]:
    """Arguments of a process, without values that name themselves secret. URLs are left to `mask_url`."""
    masked: list[str] = []
    hide_next = False
    program = arguments[0] if arguments else ""
    for argument in arguments:
        if hide_next:
            masked.append("***")
            hide_next = False
            continue
        hide_next = bool(_NEXT.match(argument)) or (argument == "-a" and bool(_REDIS.search(program)))
        masked.append(_masked(argument, program))
    return masked


def _masked(argument: str, program: str) -> str:
    if argument.startswith("-p") and len(argument) > len("-p") and _MYSQL.search(program):
        return "-p***"
    return _BEARER.sub(r"\1 ***", _GIVEN.sub(r"\g<name>***", argument))
