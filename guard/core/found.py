"""What a window found when it opened: kept with it, so that a rollback knows where to go back to.

What could not be learnt is None: a rollback says that it is unknown, never that nothing has changed.
Secrets are not kept: rows that the application calls sensitive, or whose names sound so, are only named.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guard.core.configuration import DESCRIPTIONS
from guard.core.generation import Generation
from guard.core.modes import Mode, Phase
from guard.errors import StateInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Consumer", "Found", "PlannedWindow", "Row", "what_fits"]

_FIELDS = (
    "at",
    "epoch",
    "phase",
    "mode",
    "configuration",
    "withheld",
    "consumers",
    "plans",
    "generation",
    "settings",
    "beat",
)
_SECRET = ("password", "secret", "token", "webhook", "credential", "private", "api_key", "dsn")
_LONGEST_ROWS = 24_000
"""Bytes of all rows together as JSON in ASCII: what is kept must fit into a TEXT column of MySQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the configuration table. `sensitive` as the application says."""

    key: str
    value: str | None
    sensitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A worker process, and the queues that it consumes, the cordoned ones too; None: unknown."""

    node: str
    queues: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWindow:
    """A planned window that is not cancelled: its revision, and its plan as the database keeps it. The text
    is empty when it was too long to be kept."""

    revision: int
    plan: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was the case at one moment. None: unknown.

    Attributes:
        at: UTC seconds.
        epoch, phase, mode: of the guard state before the window.
        configuration: the guides' rows, and other rows of category ``maintenance``, by key.
        withheld: keys of rows that were there and are not kept: sensitive, or too long.
        consumers: by the id of the worker's process.
        plans: planned windows by their id.
        generation: which sessions were accepted.
        settings: those that matter to windows, as text, in the process that looked.
        beat: beat's table in that process: entry -> task and schedule as text.
    """

    at: float
    epoch: int
    phase: Phase
    mode: Mode | None
    configuration: Mapping[str, str | None] | None = None
    withheld: tuple[str, ...] = ()
    consumers: Mapping[str, Consumer] | None = None
    plans: Mapping[str, PlannedWindow] | None = None
    generation: Generation = field(default_factory=Generation)
    settings: Mapping[str, str] | None = None
    beat: Mapping[str, str] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        consumers, plans = self.consumers, self.plans
        return {
            "at": self.at,
            "epoch": self.epoch,
            "phase": self.phase.value,
            "mode": self.mode.value if self.mode else None,
            "configuration": _copied(self.configuration),
            "withheld": list(self.withheld),
            "consumers": None
            if consumers is None
            else {
                agent_id: {"node": one.node, "queues": None if one.queues is None else list(one.queues)}
                for agent_id, one in consumers.items()
            },
            "plans": None
            if plans is None
            else {plan_id: {"revision": one.revision, "plan": one.plan} for plan_id, one in plans.items()},
            "generation": self.generation.to_dict(),
            "settings": _copied(self.settings),
            "beat": _copied(self.beat),
        }

    @classmethod
    def from_dict(cls, raw: Any) -> Found:
        """Read strictly: what was half understood must not be restored.

        Raises:
            StateInvalid: a field is missing, unknown or of a wrong type.
        """
        if not isinstance(raw, dict) or raw.keys() != set(_FIELDS):
            raise StateInvalid("what the window found has missing or unknown fields")
        try:
            return cls(
                at=_number(raw["at"]),
                epoch=_whole(raw["epoch"]),
                phase=Phase(raw["phase"]),
                mode=Mode(raw["mode"]) if raw["mode"] is not None else None,
                configuration=_texts(raw["configuration"], may_be_none=True),
                withheld=_names(raw["withheld"]),
                consumers=_each(raw["consumers"], _consumer),
                plans=_each(raw["plans"], _plan),
                generation=Generation.from_dict(raw["generation"]),
                settings=_texts(raw["settings"]),
                beat=_texts(raw["beat"]),
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StateInvalid("what the window found has a part of a wrong type") from error


def what_fits(rows: Iterable[Row]) -> tuple[dict[str, str | None], tuple[str, ...]]:
    """The rows that are kept, by key, and the keys of those that are not: secrets, and what is too long for
    the table. The guides' rows come first, then the others by name."""
    kept: dict[str, str | None] = {}
    withheld: list[str] = []
    room = _LONGEST_ROWS
    for row in sorted(rows, key=lambda row: (row.key not in DESCRIPTIONS, row.key)):
        size = len(json.dumps([row.key, row.value], separators=(",", ":")))
        if row.sensitive or any(word in row.key.lower() for word in _SECRET) or size > room:
            withheld.append(row.key)
        else:
            kept[row.key] = row.value
            room -= size
    return kept, tuple(withheld)


def _copied(texts: Mapping[str, str | None] | None) -> dict[str, str | None] | None:
    return None if texts is None else dict(texts)


def _number(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not 0 <= raw < float("inf"):
        raise TypeError
    return raw


def _whole(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 0:
        raise TypeError
    return raw


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError
    return raw


def _names(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise TypeError
    return tuple(_text(name) for name in raw)


def _texts(raw: Any, *, may_be_none: bool = False) -> Any:
    return _each(raw, lambda value: None if value is None and may_be_none else _text(value))


def _each(raw: Any, read: Any) -> Any:
    if raw is None:
        return None
    return {_text(name): read(value) for name, value in raw.items()}


def _consumer(raw: Any) -> Consumer:
    if raw.keys() != {"node", "queues"}:
        raise KeyError
    queues = None if raw["queues"] is None else _names(raw["queues"])
    return Consumer(node=_text(raw["node"]), queues=queues)


def _plan(raw: Any) -> PlannedWindow:
    if raw.keys() != {"revision", "plan"}:
        raise KeyError
    return PlannedWindow(revision=_whole(raw["revision"]), plan=_text(raw["plan"]))
