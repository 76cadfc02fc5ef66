"""JSON text that others may have written, and flat dataclasses of texts and numbers, read back from it."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_flat", "read_json", "require_plain"]

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


_PLAIN: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "int | None": (int, type(None)),
    "bool": (bool,),
    "float": (int, float),
    "float | None": (int, float, type(None)),
    "tuple[str, ...]": (tuple,),
    "tuple[str, ...] | None": (tuple, type(None)),
}


def require_plain(read: T) -> T:
    """The same dataclass, if its texts, numbers and tuples of texts are what they are declared as.

    Raises:
        ValueError: one of them is of another type.
    """
    for entry in fields(read):  # type: ignore[arg-type]
        value = getattr(read, entry.name)
        types = _PLAIN.get(str(entry.type))
        if types is None:
            continue
        fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
        if not fits or (isinstance(value, tuple) and not all(isinstance(one, str) for one in value)):
            raise ValueError(f"not a {type(read).__name__}: {entry.name}")
    return read


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
        except (KeyError, TypeError, OverflowError) as error:  # a whole number of more than 308 digits
            raise ValueError(f"not a {kind.__name__}") from error
        if entry.type == "str" and not isinstance(value, str):
            raise ValueError(f"not a {kind.__name__}")
    return kind(**values)
