"""Reports that are kept. The shape of a report is that of `docs/reports.md`."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from guard.web.api.shapes.base import Answer, EpochMoment, Query

__all__ = ["KeptReportAnswer", "PageAnswer", "ReportsAnswer", "ReportsQuery"]

ReportKind = Literal["weekly", "monthly", "security", "window", "incident"]
Value = str | int | float | bool | None


class ReportsQuery(Query):
    """How many, and of which kind."""

    limit: int = Field(default=50, ge=1, le=1000)
    kind: ReportKind | None = None


class ReportHead(Answer):
    """What a list shows of a report."""

    id: str
    kind: ReportKind
    subject: str = Field(description="a window's id, or the first and the last day")
    starts_at: EpochMoment
    ends_at: EpochMoment
    title: str
    summary: str
    made_at: EpochMoment
    made_by: str


class ReportsAnswer(Answer):
    """Reports, newest first."""

    reports: list[ReportHead]


class NoteView(Answer):
    """What somebody has noted."""

    at: EpochMoment
    by: str
    text: str


class PeriodView(Answer):
    """From its first moment to just before its end."""

    start: EpochMoment
    end: EpochMoment
    zone: str


class FigureView(Answer):
    """One figure; null is unknown, unless `nothing` is true; `why` says why."""

    key: str
    title: str
    value: Value
    unit: str
    source: str = Field(min_length=1)
    why: str
    nothing: bool = Field(description="there is no value, and that is known: an average of nothing")


class SectionView(Answer):
    """Figures that belong together."""

    key: str
    title: str
    figures: list[FigureView]


class ColumnView(Answer):
    """A column of a table."""

    key: str
    title: str
    unit: str


class TableView(Answer):
    """Rows in the order of the columns."""

    key: str
    title: str
    columns: list[ColumnView]
    rows: list[list[Value]]
    source: str
    left_out: int
    why: str


class SeriesView(Answer):
    """Values to be drawn: what the axis says, and the value."""

    key: str
    title: str
    points: list[tuple[str, float | None]]
    source: str
    unit: str
    why: str


class MomentView(Answer):
    """A line of a timeline."""

    at: EpochMoment
    what: str
    source: str
    who: str
    detail: str


class ConcernView(Answer):
    """What somebody should look at."""

    severity: Literal["critical", "warning", "info"]
    text: str


class ReportBody(Answer):
    """What is in a report."""

    model_config = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

    schema_version: int = Field(alias="schema", serialization_alias="schema")
    kind: ReportKind
    title: str
    subject: str
    summary: str
    period: PeriodView
    sections: list[SectionView]
    tables: list[TableView]
    series: list[SeriesView]
    timeline: list[MomentView]
    concerns: list[ConcernView]
    moments_left_out: int


class KeptReportAnswer(ReportHead):
    """One report, with what people have noted on it."""

    notes: list[NoteView]
    report: ReportBody


class PageAnswer(Answer):
    """Text, no JSON."""
