"""JSON text that others may have written, and flat dataclasses of texts and numbers, read back from it."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_flat", "read_json"]

T = TypeVar("T")


def read_json(text: str | bytes) -> Any:
    """What a JSON text says. `json.loads` raises RecursionError for one that is nested deeply.

    Raises:
        ValueError: it is none, or none that can be read.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("JSON that is nested too deeply") from error


def read_flat(kind: type[T], raw: Mapping[str, Any]) -> T:
    """An instance of a dataclass whose fields are all `str` or `float`. Fields that a newer release has added
    are left out.

    Raises:
        ValueError: a field is missing or of another type.
    """
    values: dict[str, Any] = {}
    for entry in fields(kind):  # type: ignore[arg-type]
        try:
            value = raw[entry.name]
            values[entry.name] = float(value) if entry.type == "float" else value
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a {kind.__name__}") from error
        if entry.type == "str" and not isinstance(value, str):
            raise ValueError(f"not a {kind.__name__}")
    return kind(**values)
