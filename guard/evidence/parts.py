"""What a collector is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from guard.evidence.sink import Sink

__all__ = ["Missing", "Part", "json_lines_part", "json_part"]


class Missing(Exception):
    """This part is not to be had. The text says why, and holds no secret."""


def _unknown() -> int | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the evidence.

    Attributes:
        name: what it is; unique within a run.
        file: in the folder.
        collect: writes it into the sink and gives what it leaves out, or an empty text. It raises `Missing`
            when there is nothing to be had; whatever else it raises is a failure.
        needs: about how many bytes it will write; None: unknown.
    """

    name: str
    file: str
    collect: Callable[[Sink], str]
    needs: Callable[[], int | None] = _unknown


def json_part(name: str, ask: Callable[[], Any]) -> Part:
    """A part that is one JSON document."""

    def collect(sink: Sink) -> str:
        sink.write(json.dumps(ask(), indent=2, default=str).encode() + b"\n")
        return ""

    return Part(name=name, file=f"{name}.json", collect=collect)


def json_lines_part(name: str, ask: Callable[[], Iterable[Any]]) -> Part:
    """A part that is one JSON document per line."""

    def collect(sink: Sink) -> str:
        for one in ask():
            sink.write(json.dumps(one, default=str).encode() + b"\n")
        return ""

    return Part(name=name, file=f"{name}.jsonl", collect=collect)
