"""A report read back from plain JSON types. What a newer release has added is left out."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from guard.core.reports.report import (
    SCHEMA,
    Column,
    Concern,
    Figure,
    Kind,
    Moment,
    Period,
    Report,
    Section,
    Series,
    Table,
)
from guard.errors import StateInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["from_plain"]

T = TypeVar("T")


def from_plain(raw: Any) -> Report:
    """Read back.

    Raises:
        StateInvalid: it is no report, or one of a schema that this release does not know.
    """
    if not isinstance(raw, dict):
        raise StateInvalid("the report is malformed")
    if raw.get("schema") != SCHEMA:
        raise StateInvalid(f"the report has the schema {raw.get('schema')!r}, this release reads {SCHEMA}")
    try:
        return Report(
            kind=Kind(raw["kind"]),
            title=str(raw["title"]),
            subject=str(raw["subject"]),
            summary=str(raw["summary"]),
            period=_one(Period, raw["period"]),
            sections=tuple(
                Section(key=one["key"], title=one["title"], figures=_all(Figure, one["figures"]))
                for one in raw["sections"]
            ),
            tables=tuple(
                _one(
                    Table,
                    {
                        **one,
                        "columns": _all(Column, one["columns"]),
                        "rows": tuple(tuple(row) for row in one["rows"]),
                    },
                )
                for one in raw["tables"]
            ),
            series=tuple(
                _one(Series, {**one, "points": tuple((str(x), y) for x, y in one["points"])})
                for one in raw["series"]
            ),
            timeline=_all(Moment, raw["timeline"]),
            concerns=_all(Concern, raw["concerns"]),
            moments_left_out=int(raw["moments_left_out"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise StateInvalid("the report is malformed") from error


def _one(kind: type[T], raw: Mapping[str, Any]) -> T:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in raw.items() if name in known})


def _all(kind: type[T], raw: list[Mapping[str, Any]]) -> tuple[T, ...]:
    return tuple(_one(kind, one) for one in raw)
