"""A report as a value: figures with unit and source, tables, plots, a timeline.

Rules of this file:

- A figure names where it comes from, or it is none.
- A figure that could not be read is None, and says why. None is never shown as 0. One that has no value
  since there was nothing of which it could be (an average of nothing) is None too, and says it is `nothing`.
- All of it is plain JSON types, with stable keys: programs read them. A key is never given another meaning.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "SCHEMA",
    "Column",
    "Concern",
    "Figure",
    "Kind",
    "Moment",
    "Period",
    "Report",
    "Section",
    "Series",
    "Table",
    "Value",
]

SCHEMA = 1
"""Of the JSON form. It grows only if a key had to change its meaning."""

Value = str | int | float | bool | None


class Kind(StrEnum):
    """The kinds of reports. The values are stored."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    SECURITY = "security"
    WINDOW = "window"
    INCIDENT = "incident"

    @property
    def is_of_a_window(self) -> bool:
        """Whether it is about one window; otherwise about a time."""
        return self in {Kind.WINDOW, Kind.INCIDENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A time, from its first moment to just before its end, in UTC seconds; and whose calendar it follows."""

    start: float
    end: float
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise InvalidRequest("the period ends before it begins: give --from an earlier time than --to")

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start

    def has(self, at: float) -> bool:
        """Whether a moment is in it."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure.

    Attributes:
        key: stable, for programs: ``jobs_refused``.
        title: for people.
        value: None: unknown, or nothing; then `why` says why.
        unit: ``s``, ``bytes``, ``%``, ``UTC seconds``, ``per day``; empty for counts and texts.
        source: where it was read: a table with its column, a key, a routine's result.
        nothing: there is no value, and that is known.
    """

    key: str
    title: str
    value: Value
    source: str
    unit: str = ""
    why: str = ""
    nothing: bool = False

    def __post_init__(self) -> None:
        if not self.source:
            raise ValueError(f"the figure {self.key} names no source")
        if self.value is None and not self.why:
            raise ValueError(f"the figure {self.key} is unknown and does not say why")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Figures that belong together."""

    key: str
    title: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table; `unit` as in `Figure`."""

    key: str
    title: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of one kind.

    Attributes:
        rows: as many values each as there are columns; a value that is not known is None.
        left_out: how many more rows there would be.
        why: why there are no rows, if that is because nobody could say.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    source: str
    left_out: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Values to be drawn.

    Attributes:
        points: what the axis says below each, and the value; None: unknown, drawn as a gap.
        why: why there are no points, if that is because nobody could say.
    """

    key: str
    title: str
    points: tuple[tuple[str, float | None], ...]
    source: str
    unit: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of a timeline: when, what, by whom, where it was read."""

    at: float
    what: str
    source: str
    who: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something that somebody should look at. `severity`: ``critical``, ``warning``, ``info``."""

    severity: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report.

    Attributes:
        subject: what it is about, unique within its kind: a window's id, or the period's first and last
            second.
        summary: one sentence.
        concerns: what somebody should look at, the worst first.
        moments_left_out: how many lines the timeline would have besides; the oldest and newest are kept.
    """

    kind: Kind
    title: str
    subject: str
    summary: str
    period: Period
    sections: tuple[Section, ...] = ()
    tables: tuple[Table, ...] = ()
    series: tuple[Series, ...] = ()
    timeline: tuple[Moment, ...] = ()
    concerns: tuple[Concern, ...] = ()
    moments_left_out: int = 0

    @property
    def figures(self) -> Iterator[Figure]:
        """Of all sections."""
        return (figure for section in self.sections for figure in section.figures)

    def figure(self, key: str) -> Figure:
        """One figure by its key. Raises KeyError."""
        for figure in self.figures:
            if figure.key == key:
                return figure
        raise KeyError(key)

    def table(self, key: str) -> Table:
        """One table by its key. Raises KeyError."""
        for table in self.tables:
            if table.key == key:
                return table
        raise KeyError(key)

    @property
    def unknown(self) -> tuple[Figure, ...]:
        """Figures that nobody could read."""
        return tuple(figure for figure in self.figures if figure.value is None and not figure.nothing)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; `guard.core.reports.reading` reads it back. Points are pairs, rows lists
        in the order of the columns."""
        plain = asdict(self)
        return {
            "schema": SCHEMA,
            **plain,
            "kind": self.kind.value,
            "sections": [{**one, "figures": list(one["figures"])} for one in plain["sections"]],
            "tables": [
                {**one, "columns": list(one["columns"]), "rows": [list(row) for row in one["rows"]]}
                for one in plain["tables"]
            ],
            "series": [{**one, "points": list(map(list, one["points"]))} for one in plain["series"]],
            "timeline": list(plain["timeline"]),
            "concerns": list(plain["concerns"]),
        }
