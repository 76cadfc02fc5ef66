"""The weekly optimization's decisions about tables: analysed always, rebuilt where it pays.

- ``OPTIMIZE`` rebuilds an InnoDB table: it costs as much time as the table is big, whatever is won. So a
  table is rebuilt only if the free space inside it is a large share of it *and* a large amount by itself.
- It is begun only if it will most likely end in the time that is left: by a rate that was measured in this
  run on other tables, twice over. Tables are taken from small to big, so that there is one.
- What a server does not say is None, and nothing is rebuilt because of an unknown figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.amounts import in_bytes
from guard.core.durations import humanize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "BY", "FIRST_RATE", "Limits", "Ruling", "TableFacts", "measured_rate", "problem_in", "rule_file",
    "rule_table",
]  # fmt: skip

BY = "weekly optimization"
"""Who opens the automated window. A person who changes that window takes it over: their name replaces this
one, and the automation then leaves it alone."""

FIRST_RATE = 4 * 2**20
"""Bytes per second that a rebuild is believed to do before one was measured: a slow disk."""
_LEAST_SAMPLE = 2**20
"""Smaller tables take their time to begin and to end, and say nothing about the rate."""
_SAFETY = 2.0
_REBUILT = frozenset({"innodb", "myisam", "aria"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """What the database says of a table; what it does not say is None.

    Attributes:
        engine: as the server names it.
        rows: an estimate.
        data_bytes, index_bytes: what they take.
        free_bytes: allocated inside and not used.
    """

    engine: str | None = None
    rows: int | None = None
    data_bytes: int | None = None
    index_bytes: int | None = None
    free_bytes: int | None = None

    @property
    def size(self) -> int | None:
        """Data and indexes together."""
        if self.data_bytes is None or self.index_bytes is None:
            return None
        return self.data_bytes + self.index_bytes

    @property
    def fragmentation(self) -> float | None:
        """Free space as a share of data and indexes; above 1 when most of a table was deleted."""
        if self.size is None or self.free_bytes is None:
            return None
        return self.free_bytes / self.size if self.size else float(self.free_bytes > 0)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "engine": self.engine,
            "rows": self.rows,
            "data_bytes": self.data_bytes,
            "index_bytes": self.index_bytes,
            "free_bytes": self.free_bytes,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> TableFacts:
        """Back from `to_dict`."""
        return cls(**{name: raw.get(name) for name in cls().to_dict()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on a rebuild pays: at least this share of the table, and at least this many bytes."""

    fragmentation: float
    least_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Whether to rebuild, and why. `seconds` is the estimate, where one was made."""

    optimise: bool
    why: str
    seconds: float | None = None


def measured_rate(rebuilt: Iterable[tuple[int | None, float]]) -> float | None:
    """Bytes per second, from the size and seconds of tables that this run has rebuilt; None without any that
    is big enough to tell."""
    samples = [(size, seconds) for size, seconds in rebuilt if size is not None and size >= _LEAST_SAMPLE]
    if not samples:
        return None
    return sum(size for size, _ in samples) / max(0.001, sum(seconds for _, seconds in samples))


def rule_table(facts: TableFacts, limits: Limits, *, rate: float | None, left: float) -> Ruling:
    """Whether a table that was analysed is rebuilt, too.

    Args:
        rate: bytes per second, as `measured_rate` gives it.
        left: seconds in which it would have to end.
    """
    if (facts.engine or "").lower() not in _REBUILT:
        return Ruling(optimise=False, why=f"engine {facts.engine or 'unknown'}: not rebuilt by this guard")
    return _rule(facts.size, facts.free_bytes, facts.fragmentation, limits, rate=rate, left=left)


def rule_file(size: int | None, free: int | None, limits: Limits, *, left: float, room: int | None) -> Ruling:
    """Whether a database of one file is written anew.

    Args:
        size, free: bytes of the file, and of these what is not used.
        room: bytes free on its disk; None when unknown.
    """
    used = size - free if size is not None and free is not None else None
    share = free / used if free is not None and used else None
    ruling = _rule(size, free, share, limits, rate=None, left=left)
    # SQLite copies the file, and then writes the copy through its log: twice its size for a while.
    if not ruling.optimise or size is None:
        return ruling
    if room is None or room < 2 * size:
        found = "an unknown amount" if room is None else in_bytes(room)
        return Ruling(optimise=False, why=f"it needs {in_bytes(2 * size)} on its disk, and {found} is free")
    return ruling


def _rule(
    size: int | None,
    free: int | None,
    share: float | None,
    limits: Limits,
    *,
    rate: float | None,
    left: float,
) -> Ruling:
    if size is None or free is None or share is None:
        return Ruling(optimise=False, why="how fragmented it is is unknown")
    if free < limits.least_bytes:
        return Ruling(
            optimise=False, why=f"{in_bytes(free)} unused, less than {in_bytes(limits.least_bytes)}"
        )
    if share < limits.fragmentation:
        return Ruling(optimise=False, why=f"{share:.0%} unused, less than {limits.fragmentation:.0%}")
    seconds = size / (rate if rate is not None else FIRST_RATE) * _SAFETY
    if seconds > left:
        why = f"it may take {humanize(seconds)}, more than the {humanize(left)} left"
        return Ruling(optimise=False, why=why, seconds=seconds)
    return Ruling(optimise=True, why=f"{in_bytes(free)} unused, {share:.0%} of what is used", seconds=seconds)


def problem_in(messages: Iterable[tuple[str, str]]) -> str:
    """What MySQL's rows of type and text say went wrong; empty when the statement did what it should.

    InnoDB answers ``OPTIMIZE`` with a *note* that it recreates and analyses instead: that is what was wanted.
    """
    told = [(kind.lower(), text) for kind, text in messages]
    errors = [text for kind, text in told if kind == "error"]
    if errors:
        return "; ".join(errors)
    statuses = [text for kind, text in told if kind == "status"]
    if not statuses:
        return "the server did not say how it ended"
    return next((text for text in statuses if "fail" in text.lower() or "corrupt" in text.lower()), "")
