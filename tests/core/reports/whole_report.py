"""A report that has everything a report may have: as a value, and as plain JSON types."""

from __future__ import annotations

from typing import Any

from guard.core.reports.report import (
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

WHOLE = Report(
    kind=Kind.INCIDENT,
    title="An incident",
    subject="w-1",
    summary="It went well.",
    period=Period(start=10.0, end=20.5, zone="Europe/Berlin"),
    sections=(
        Section(
            key="jobs",
            title="Jobs",
            figures=(
                Figure(key="lost", title="jobs lost", value=3, source="the account", unit="jobs"),
                Figure(key="load", title="load", value=None, source="the machine", why="it is away"),
            ),
        ),
        Section(
            key="times",
            title="Times",
            figures=(
                Figure(key="mean", title="mean", value=None, source="s", why="there was none", nothing=True),
            ),
        ),
    ),
    tables=(
        Table(
            key="tables",
            title="Tables",
            columns=(Column(key="table", title="table"), Column(key="size", title="size", unit="bytes")),
            rows=(("posts", 5), ("users", None)),
            source="SQL",
            left_out=2,
        ),
        Table(
            key="empty", title="Empty", columns=(Column(key="a", title="A"),), rows=(), source="x", why="away"
        ),
    ),
    series=(
        Series(
            key="minutes",
            title="Minutes",
            points=(("Mon 2", 1.5), ("Tue 3", None)),
            source="windows",
            unit="min",
        ),
        Series(key="memory", title="Memory", points=(), source="runs", why="no sample"),
    ),
    timeline=(
        Moment(at=11.0, what="enable", source="the journal", who="alice", detail="mode emergency"),
        Moment(at=12.0, what="alert", source="alerts"),
    ),
    concerns=(Concern(severity="critical", text="Three jobs are lost."), Concern(severity="info", text="x")),
    moments_left_out=7,
)

WHOLE_PLAIN: dict[str, Any] = {
    "schema": 1,
    "kind": "incident",
    "title": "An incident",
    "subject": "w-1",
    "summary": "It went well.",
    "period": {"start": 10.0, "end": 20.5, "zone": "Europe/Berlin"},
    "sections": [
        {
            "key": "jobs",
            "title": "Jobs",
            "figures": [
                {
                    "key": "lost", "title": "jobs lost", "value": 3, "source": "the account",
                    "unit": "jobs", "why": "", "nothing": False,
                },
                {
                    "key": "load", "title": "load", "value": None, "source": "the machine",
                    "unit": "", "why": "it is away", "nothing": False,
                },
            ],
        },
        {
            "key": "times",
            "title": "Times",
            "figures": [
                {
                    "key": "mean", "title": "mean", "value": None, "source": "s",
                    "unit": "", "why": "there was none", "nothing": True,
                },
            ],
        },
    ],
    "tables": [
        {
            "key": "tables",
            "title": "Tables",
            "columns": [
                {"key": "table", "title": "table", "unit": ""},
                {"key": "size", "title": "size", "unit": "bytes"},
            ],
            "rows": [["posts", 5], ["users", None]],
            "source": "SQL",
            "left_out": 2,
            "why": "",
        },
        {
            "key": "empty",
            "title": "Empty",
            "columns": [{"key": "a", "title": "A", "unit": ""}],
            "rows": [],
            "source": "x",
            "left_out": 0,
            "why": "away",
        },
    ],
    "series": [
        {
            "key": "minutes",
            "title": "Minutes",
            "points": [["Mon 2", 1.5], ["Tue 3", None]],
            "source": "windows",
            "unit": "min",
            "why": "",
        },
        {"key": "memory", "title": "Memory", "points": [], "source": "runs", "unit": "", "why": "no sample"},
    ],
    "timeline": [
        {"at": 11.0, "what": "enable", "source": "the journal", "who": "alice", "detail": "mode emergency"},
        {"at": 12.0, "what": "alert", "source": "alerts", "who": "", "detail": ""},
    ],
    "concerns": [
        {"severity": "critical", "text": "Three jobs are lost."},
        {"severity": "info", "text": "x"},
    ],
    "moments_left_out": 7,
}  # fmt: skip
