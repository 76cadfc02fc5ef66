"""Sections, tables and plots that several kinds of reports have."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core.counts import Count
from guard.core.reports.counting import (
    average,
    covered_seconds,
    jobs_of,
    opened_in,
    overran,
    refused_tries,
    requests_of,
    was_emergency,
)
from guard.core.reports.periods import buckets
from guard.core.reports.report import Column, Figure, Section, Series, Table

if TYPE_CHECKING:
    from guard.core.reports.facts import PeriodFacts, WindowFact
    from guard.core.reports.report import Value

__all__ = [
    "MOST_ROWS",
    "UNREAD",
    "alerts_section",
    "jobs_section",
    "kinds_table",
    "per_bucket",
    "security_section",
    "windows_section",
    "windows_table",
]

MOST_ROWS = 500
UNREAD = "the account of one of these windows is not known"
_JOBS = (
    ("refused", "refused: jobs and web requests", (Count.REFUSED,)),
    ("held", "jobs held in their queues", (Count.HELD,)),
    ("parked", "jobs parked", (Count.PARKED,)),
    ("released", "parked jobs given back", (Count.RELEASED,)),
    ("discarded", "parked jobs thrown away", (Count.DISCARDED,)),
    ("expired", "parked jobs that expired", (Count.EXPIRED,)),
    ("interrupted", "jobs that stopped when asked", (Count.INTERRUPTED,)),
    ("killed", "jobs killed", (Count.KILLED,)),
    ("lost", "jobs that lost their process", (Count.LOST,)),
    ("failed", "jobs that failed while jobs went back", (Count.FAILED,)),
    ("bypassed", "jobs let through by a bypass", (Count.BYPASSED,)),
)


def windows_section(facts: PeriodFacts) -> Section:
    """How often, how long, and the share of the time."""
    period, said = facts.period, facts.windows

    def real(windows: tuple[WindowFact, ...]) -> list[WindowFact]:
        return [one for one in opened_in(windows, period) if one.is_real]

    def lengths(windows: tuple[WindowFact, ...]) -> list[float]:
        return [one.length for one in real(windows) if one.length is not None]

    def closed(windows: tuple[WindowFact, ...]) -> float:
        return covered_seconds(windows, period.start, period.end)

    def emergencies(windows: list[WindowFact]) -> int | None:
        lines = facts.journal.value
        if lines is None:
            return None
        named = [(one.record.window_id, one.record.mode) for one in windows]
        return sum(was_emergency(lines, window_id, mode) for window_id, mode in named)

    nothing = "no window that was opened in this time has ended"
    return Section(
        key="windows",
        title="Windows",
        figures=(
            said.figure("activations", "windows opened", lambda found: len(real(found))),
            said.figure(
                "emergencies",
                "emergencies, of these; also if they were eased later",
                lambda found: emergencies(real(found)),
                none=f"the journal does not answer: {facts.journal.why}",
            ),
            said.figure(
                "rehearsals",
                "rehearsals",
                lambda found: sum(not one.is_real for one in opened_in(found, period)),
            ),
            said.figure(
                "average_length",
                "average length",
                lambda found: average(lengths(found)),
                unit="s",
                nothing=nothing,
            ),
            said.figure(
                "longest",
                "longest",
                lambda found: max((round(one, 1) for one in lengths(found)), default=None),
                unit="s",
                nothing=nothing,
            ),
            said.figure("overran", "ended later than planned", lambda found: overran(real(found))),
            said.figure(
                "still_open", "still open", lambda all_: sum(one.length is None for one in real(all_))
            ),
            said.figure(
                "seconds_closed",
                "time in maintenance, also of windows that were opened before",
                lambda found: round(closed(found), 1),
                unit="s",
            ),
            said.figure(
                "share_open",
                "share of the time without maintenance",
                lambda found: round(100 * (1 - closed(found) / period.seconds), 3),
                unit="%",
            ),
        ),
    )


def jobs_section(facts: PeriodFacts) -> Section:
    """What became of the jobs that met the windows of this time."""
    said, period = facts.windows, facts.period
    source = "account of each window: SQL guard_windows.account, Redis counters"
    figures = []
    for key, title, kinds in _JOBS:
        figure = said.figure(
            f"jobs_{key}",
            title,
            lambda found, kinds=kinds: jobs_of(opened_in(found, period), *kinds),  # type: ignore[misc]
            none=UNREAD,
        )
        figures.append(_from(figure, source))
    requests = said.figure(
        "requests_refused",
        "web requests refused, of these",
        lambda found: requests_of(opened_in(found, period)),
        none="the refused requests of one of these windows are not known: Redis keeps them for 30 days",
    )
    figures.append(_from(requests, "Redis attempts of each window"))
    return Section(key="jobs", title="Jobs and requests that met them", figures=tuple(figures))


def _from(figure: Figure, source: str) -> Figure:
    return replace(figure, source=source)


def alerts_section(facts: PeriodFacts) -> Section:
    """Alerts by severity, turns of routines and planned windows by how they ended."""
    severities = ("critical", "warning", "info")
    outcomes = (
        ("done", "routines that ran"),
        ("unknown", "routines that had nothing to look at"),
        ("failed", "routines that failed"),
        ("missed", "routines that nobody ran in time"),
        ("skipped", "routines skipped for a window"),
        ("abandoned", "routines whose worker went away"),
    )
    stages = (
        ("over", "planned windows held"),
        ("missed", "planned windows missed"),
        ("cancelled", "planned windows cancelled"),
    )
    return Section(
        key="upkeep",
        title="Alerts, routines, planned windows",
        figures=(
            *(
                facts.alerts.figure(
                    f"alerts_{name}",
                    f"alerts: {name}",
                    lambda found, name=name: sum(one.severity.value == name for one in found),  # type: ignore[misc]
                )
                for name in severities
            ),
            *(
                facts.runs.figure(
                    f"routines_{name}",
                    title,
                    lambda found, name=name: sum(one.outcome.value == name for one in found),  # type: ignore[misc]
                )
                for name, title in outcomes
            ),
            *(
                facts.plans.figure(f"planned_{name}", title, lambda found, name=name: found.get(name, 0))  # type: ignore[misc]
                for name, title in stages
            ),
        ),
    )


def security_section(facts: PeriodFacts) -> Section:
    """Who got in and who did not, by the journal."""
    done = (
        ("sign_ins", "sign-ins to the admin page", "sign in"),
        ("tokens_made", "access tokens made", "make token"),
        ("tokens_revoked", "access tokens revoked", "revoke token"),
        ("break_glass", "break-glass codes used", "break-glass"),
        ("bypasses_made", "bypasses made", "bypass"),
        ("bypasses_used", "bypasses used", "bypass used"),
        ("session_endings", "sessions ended for all", "invalidate sessions"),
    )
    said = facts.journal
    return Section(
        key="access",
        title="Access",
        figures=(
            said.figure("refused_tries", "tries that were refused", refused_tries),
            *(
                said.figure(
                    key,
                    title,
                    lambda found, action=action: sum(  # type: ignore[misc]
                        line.action == action and line.outcome != "refused" for line in found
                    ),
                )
                for key, title, action in done
            ),
        ),
    )


def windows_table(facts: PeriodFacts) -> Table:
    """The windows that were open in this time, one a row."""
    columns = (
        Column(key="window_id", title="window"),
        Column(key="mode", title="mode"),
        Column(key="reason", title="reason"),
        Column(key="by", title="by"),
        Column(key="started_at", title="opened", unit="UTC seconds"),
        Column(key="length", title="length", unit="s"),
        Column(key="refused", title="refused"),
        Column(key="parked", title="parked"),
        Column(key="killed", title="killed"),
    )
    found = facts.windows.value or ()
    rows = tuple(_row(one) for one in found[:MOST_ROWS])
    return Table(
        key="windows",
        title="Windows of this time",
        columns=columns,
        rows=rows,
        source=facts.windows.source,
        left_out=len(found) - len(rows),
        why=facts.windows.why,
    )


def _row(one: WindowFact) -> tuple[Value, ...]:
    record, account = one.record, one.account.value
    counts = [
        account.total(kind) if account is not None else None
        for kind in (Count.REFUSED, Count.PARKED, Count.KILLED)
    ]
    length = round(one.length, 1) if one.length is not None else None
    return (record.window_id, record.mode, record.reason, record.by, record.started_at, length, *counts)


def per_bucket(facts: PeriodFacts) -> tuple[Series, ...]:
    """Minutes of maintenance, and what was refused, by day or week."""
    said = facts.windows
    found = said.value or ()
    cuts = buckets(facts.period, facts.zone) if said.value is not None else []
    minutes = tuple((name, round(covered_seconds(found, start, end) / 60, 1)) for name, start, end in cuts)
    blocked = []
    for name, start, end in cuts:
        mine = [one for one in found if start <= one.record.started_at < end]
        blocked.append((name, jobs_of(mine, Count.REFUSED)))
    return (
        Series(
            key="minutes_closed",
            title="Minutes in maintenance",
            points=minutes,
            source=said.source,
            unit="minutes",
            why=said.why,
        ),
        Series(
            key="refused",
            title="Jobs and web requests refused, by when their window was opened",
            points=tuple(blocked),
            source="account of each window: SQL guard_windows.account, Redis counters",
            unit="refused",
            why=said.why,
        ),
    )


def kinds_table(facts: PeriodFacts) -> Table:
    """Alerts by severity and kind, the most frequent first."""
    counts = Counter((one.severity.value, one.kind) for one in facts.alerts.value or ())
    rows = tuple((severity, kind, number) for (severity, kind), number in counts.most_common(MOST_ROWS))
    return Table(
        key="alerts",
        title="Alerts by kind",
        columns=(
            Column(key="severity", title="severity"),
            Column(key="kind", title="kind"),
            Column(key="count", title="count"),
        ),
        rows=rows,
        source=facts.alerts.source,
        left_out=len(counts) - len(rows),
        why=facts.alerts.why,
    )
