"""The reports about a time: weekly statistics, monthly performance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core.reports.counting import average, between_actions, middle, opened_in, samples
from guard.core.reports.parts import (
    MOST_ROWS,
    alerts_section,
    jobs_section,
    kinds_table,
    per_bucket,
    security_section,
    windows_section,
    windows_table,
)
from guard.core.reports.periods import date_of, subject_of
from guard.core.reports.report import Column, Concern, Figure, Kind, Report, Section, Series, Table
from guard.core.reports.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.core.reports.facts import PeriodFacts
    from guard.core.reports.report import Value
    from guard.core.routine_result import RoutineRun

__all__ = ["monthly_report", "weekly_report"]

_MORNINGS = "morning-check"
_SIZES = "table sizes"
_SIZED_BY = ("weekly-review", "performance-review")
_DAY = 86_400.0
_NO_SAMPLE = "no morning check of this time has it"
_NO_GROWTH = "fewer than two reviews of this time have table sizes"


def weekly_report(facts: PeriodFacts) -> Report:
    """The figures of the weekly review: activations, blocked work, lengths, machine, alerts, access."""
    return _report(
        facts,
        Kind.WEEKLY,
        "Weekly statistics",
        sections=(_machine_section(facts),),
        tables=(_routines_table(facts),),
    )


def monthly_report(facts: PeriodFacts) -> Report:
    """What the monthly performance review asks: how long things took, how tables and memory grew."""
    return _report(
        facts,
        Kind.MONTHLY,
        "Monthly performance",
        sections=(_times_section(facts), _growth_section(facts), _machine_section(facts)),
        tables=(_growth_table(facts), _routines_table(facts)),
        series=(_memory_series(facts),),
    )


def _report(
    facts: PeriodFacts,
    kind: Kind,
    title: str,
    *,
    sections: tuple[Section, ...],
    tables: tuple[Table, ...],
    series: tuple[Series, ...] = (),
) -> Report:
    first, last = date_of(facts.period.start, facts.zone), date_of(facts.period.end - 1, facts.zone)
    made = Report(
        kind=kind,
        title=f"{title}, {first} to {last}",
        subject=subject_of(facts.period, facts.zone),
        summary="",
        period=facts.period,
        sections=(
            windows_section(facts),
            jobs_section(facts),
            *sections,
            alerts_section(facts),
            security_section(facts),
        ),
        tables=(windows_table(facts), *tables, kinds_table(facts)),
        series=(*per_bucket(facts), *series),
    )
    return replace(made, summary=_summary(made), concerns=_concerns(made))


def _summary(made: Report) -> str:
    opened, emergencies = made.figure("activations").value, made.figure("emergencies").value
    share, unknown = made.figure("share_open").value, len(made.unknown)
    if not isinstance(opened, int):
        return f"Nobody could say how many windows there were; {counted(unknown, 'figure')} unknown."
    of_these = (
        f"of these {counted(emergencies, 'emergency', 'emergencies')}"
        if isinstance(emergencies, int)
        else "nobody could say how many were emergencies"
    )
    text = f"{counted(opened, 'window')} opened, {of_these}; {share} % of the time was without maintenance"
    return f"{text}; {counted(unknown, 'figure')} unknown." if unknown else f"{text}."


def _concerns(made: Report) -> tuple[Concern, ...]:
    """What is not as it should be, from the figures themselves."""
    asked = (
        ("critical", "jobs_lost"),
        ("critical", "alerts_critical"),
        ("warning", "jobs_killed"),
        ("warning", "jobs_expired"),
        ("warning", "routines_failed"),
        ("warning", "routines_missed"),
        ("warning", "planned_missed"),
        ("warning", "overran"),
        ("info", "refused_tries"),
    )
    found = []
    for severity, key in asked:
        figure = made.figure(key)
        if isinstance(figure.value, int) and figure.value > 0:
            title = f"{figure.title[:1].upper()}{figure.title[1:]}"
            found.append(Concern(severity=severity, text=f"{title}: {figure.value}."))
    return tuple(found)


def _times_section(facts: PeriodFacts) -> Section:
    windows, journal = facts.windows, facts.journal

    def real(found: Sequence[object]) -> list[float]:
        del found
        mine = opened_in(windows.value or (), facts.period)
        return [one.length for one in mine if one.is_real and one.length is not None]

    figures: list[Figure] = [
        windows.figure("lengths_counted", "windows that ended", lambda found: len(real(found))),
        windows.figure(
            "median_length",
            "median length of a window",
            lambda found: middle(real(found)),
            unit="s",
            nothing="no window that was opened in this time has ended",
        ),
    ]
    for key, title, first, then in (
        ("closing", "closing the gates, from the request", "enable", "confirm"),
        ("drain", "drains, from the request", "enable", "drained"),
        ("release", "giving jobs back", "disable", "released"),
    ):
        nothing = "none of this time has a line for its beginning and its end"
        figures += [
            journal.figure(
                f"{key}_count",
                f"{title}: counted",
                lambda found, a=first, b=then: len(between_actions(found, a, b)),  # type: ignore[misc]
            ),
            journal.figure(
                f"{key}_average",
                f"{title}: average",
                lambda found, a=first, b=then: average(list(between_actions(found, a, b).values())),  # type: ignore[misc]
                unit="s",
                nothing=nothing,
            ),
            journal.figure(
                f"{key}_median",
                f"{title}: median",
                lambda found, a=first, b=then: middle(list(between_actions(found, a, b).values())),  # type: ignore[misc]
                unit="s",
                nothing=nothing,
            ),
            journal.figure(
                f"{key}_longest",
                f"{title}: longest",
                lambda found, a=first, b=then: max(  # type: ignore[misc]
                    (round(one, 1) for one in between_actions(found, a, b).values()), default=None
                ),
                unit="s",
                nothing=nothing,
            ),
        ]
    return Section(
        key="times",
        title="How long things took",
        figures=(
            *figures,
            Figure(
                key="response_times",
                title="response times of the application",
                value=None,
                unit="s",
                source="nobody here",
                why="the guard does not see them; ask the web server or the monitoring",
            ),
        ),
    )


def _machine_section(facts: PeriodFacts) -> Section:
    figures = [facts.uptime.figure("uptime", "uptime of the machine that made this", round, unit="s")]
    for key, title, name, unit in (
        ("memory", "memory in use", "memory in use", "%"),
        ("load", "load per core, 5 minutes", "load per core, 5 minutes", ""),
    ):
        for which, pick in (("average", average), ("highest", _highest)):
            figures.append(
                facts.runs.figure(
                    f"{key}_{which}",
                    f"{title}: {which} at the morning checks",
                    lambda found, name=name, pick=pick: pick(  # type: ignore[misc]
                        [value for _, value in samples(found, _MORNINGS, name)]
                    ),
                    unit=unit,
                    none=_NO_SAMPLE,
                )
            )
    return Section(
        key="machine", title="Machine, as the morning checks saw it once a day", figures=tuple(figures)
    )


def _highest(values: Sequence[float]) -> float | None:
    return max((round(value, 1) for value in values), default=None)


def _sized(runs: Sequence[RoutineRun]) -> list[tuple[float, dict[str, int]]]:
    """Table sizes that the reviews of this time saw, the oldest first."""
    found = []
    for run in sorted(runs, key=lambda one: one.began_at):
        value = run.result.value(_SIZES)
        if run.name in _SIZED_BY and isinstance(value, dict):
            sizes = {str(name): size for name, size in value.items() if isinstance(size, int)}
            if sizes:
                found.append((run.began_at, sizes))
    return found


def _growth_section(facts: PeriodFacts) -> Section:
    def first_and_last(runs: Sequence[RoutineRun]) -> tuple[float, int, int] | None:
        sized = _sized(runs)
        if not sized or sized[0][0] == sized[-1][0]:  # two reviews of one moment are one
            return None
        (began, before), (ended, after) = sized[0], sized[-1]
        return ended - began, sum(before.values()), sum(after.values())

    def grown(runs: tuple[RoutineRun, ...]) -> int | None:
        found = first_and_last(runs)
        return found[2] - found[1] if found is not None else None

    def per_day(runs: tuple[RoutineRun, ...]) -> int | None:
        found = first_and_last(runs)
        return round((found[2] - found[1]) / found[0] * _DAY) if found is not None else None

    said = facts.runs
    memory = [value for _, value in _memory(facts)]
    return Section(
        key="growth",
        title="Growth",
        figures=(
            said.figure("reviews", "reviews with table sizes", lambda found: len(_sized(found))),
            said.figure(
                "tables_size",
                "all tables, at the last review",
                lambda found: sum(_sized(found)[-1][1].values()) if _sized(found) else None,
                unit="bytes",
                none="no review of this time has table sizes",
            ),
            said.figure(
                "tables_growth",
                "all tables, from the first review to the last",
                grown,
                unit="bytes",
                none=_NO_GROWTH,
            ),
            said.figure(
                "tables_growth_per_day", "that is, per day", per_day, unit="bytes per day", none=_NO_GROWTH
            ),
            said.figure(
                "redis_first",
                "Redis memory at the first morning check",
                lambda _: round(memory[0]) if memory else None,
                unit="bytes",
                none=_NO_SAMPLE,
            ),
            said.figure(
                "redis_last",
                "Redis memory at the last one",
                lambda _: round(memory[-1]) if memory else None,
                unit="bytes",
                none=_NO_SAMPLE,
            ),
            said.figure(
                "redis_highest",
                "Redis memory, highest",
                lambda _: round(max(memory)) if memory else None,
                unit="bytes",
                none=_NO_SAMPLE,
            ),
        ),
    )


def _memory(facts: PeriodFacts) -> list[tuple[float, float]]:
    def used(value: object) -> object:
        return value.get("used") if isinstance(value, dict) else None

    runs = sorted(facts.runs.value or (), key=lambda one: (one.due_at, one.began_at))
    return samples(runs, _MORNINGS, "Redis memory", used)


def _memory_series(facts: PeriodFacts) -> Series:
    year = " %Y" if facts.period.seconds > 365 * _DAY else ""  # it comes to the same date again
    points = {}
    for at, value in _memory(facts):  # a morning check that was run twice: the later one counts
        day = date_of(at, facts.zone)
        points[f"{day.day} {day:%b{year}}"] = round(value / 2**20, 1)
    return Series(
        key="redis_memory",
        title="Redis memory at the morning checks",
        points=tuple(points.items()),
        source=facts.runs.source,
        unit="MiB",
        why=facts.runs.why or ("" if points else _NO_SAMPLE),
    )


def _growth_table(facts: PeriodFacts) -> Table:
    sized = _sized(facts.runs.value or ())
    rows: list[tuple[str, int, int | None]] = []
    if sized:
        (began, before), (ended, after) = sized[0], sized[-1]
        rows = [
            (name, size, size - before[name] if name in before and began < ended else None)
            for name, size in sorted(after.items(), key=lambda one: (-one[1], one[0]))
        ]
    return Table(
        key="tables",
        title="Tables, the largest first",
        columns=(
            Column(key="table", title="table"),
            Column(key="size", title="size at the last review", unit="bytes"),
            Column(key="growth", title="growth since the first", unit="bytes"),
        ),
        rows=tuple(rows[:MOST_ROWS]),
        source=facts.runs.source,
        left_out=max(0, len(rows) - MOST_ROWS),
        why=facts.runs.why or ("" if sized else "no review of this time has table sizes"),
    )


def _routines_table(facts: PeriodFacts) -> Table:
    """Turns of routines by local time: how many ended how."""
    outcomes = ("done", "unknown", "failed", "missed", "skipped", "abandoned")
    names = sorted({run.name for run in facts.runs.value or ()})
    rows: list[tuple[Value, ...]] = []
    for name in names:
        mine = [run.outcome.value for run in facts.runs.value or () if run.name == name]
        rows.append((name, *(mine.count(outcome) for outcome in outcomes)))
    return Table(
        key="routines",
        title="Routines",
        columns=(
            Column(key="name", title="routine"),
            *(Column(key=name, title=name) for name in outcomes),
        ),
        rows=tuple(rows),
        source=facts.runs.source,
        why=facts.runs.why,
    )
