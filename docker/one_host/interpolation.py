"""`${NAME}` in a compose file, as Compose replaces it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE: Final = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<plain>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?[-?+])(?P<word>[^}]*))?\})"
)


class MissingVariable(ValueError):
    """The file says that a variable must be set, and it is not."""


def interpolate(value: Any, variables: Mapping[str, str]) -> Any:
    """The same document with every string replaced; keys stay as they are.

    Raises:
        MissingVariable: `${NAME:?why}` of a variable that is not set.
    """
    if isinstance(value, dict):
        return {key: interpolate(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [interpolate(one, variables) for one in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _replaced(match, variables), value)
    return value


def _replaced(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match["dollar"]:
        return "$"
    name = match["plain"] or match["name"]
    how, word = match["how"] or "", match["word"] or ""
    found = variables.get(name)
    is_there = bool(found) if how.startswith(":") else found is not None
    if how.endswith("+"):
        return word if is_there else ""
    if is_there:
        return str(found)
    if how.endswith("?"):
        raise MissingVariable(f"{name} must be set: {word or 'the compose file asks for it'}")
    return word
