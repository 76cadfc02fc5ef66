"""The reports about one window: its account, and for an emergency the whole incident.

An incident's report is the same window seen as an incident: from the first line of the journal to the last
job that went back, who did what, and each job that was ended by its id.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.core.alerts import Severity
from guard.core.counts import Count
from guard.core.modes import Mode
from guard.core.outcome import Ended, Went
from guard.core.reports.counting import between_actions
from guard.core.reports.parts import MOST_ROWS
from guard.core.reports.report import Column, Concern, Figure, Kind, Period, Report, Section, Series, Table
from guard.core.reports.timeline import MOST_MOMENTS, timeline_of
from guard.core.reports.wording import counted
from guard.core.roll import Fate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.core.account import Account
    from guard.core.books import Books
    from guard.core.history import AuditRecord, WindowRecord
    from guard.core.outcome import JobOutcome
    from guard.core.reports.facts import WindowFacts
    from guard.core.reports.report import Value

__all__ = ["incident_report", "window_report"]

_NOT_DRAWN = frozenset({Count.FAILED, Count.DUPLICATE})


def window_report(facts: WindowFacts) -> Report:
    """What became of the jobs that met a window, and how long each part of it took."""
    made = _report(facts, Kind.WINDOW)
    return replace(made, title=f"Window: {facts.record.reason}", summary=_summary(facts))


def incident_report(facts: WindowFacts) -> Report:
    """An emergency, for the review after it."""
    made = _report(facts, Kind.INCIDENT)
    return replace(
        made,
        title=f"Incident: {facts.record.reason}",
        summary=_summary(facts),
        tables=(_ended_jobs(facts), _actions(facts), *made.tables),
    )


def _report(facts: WindowFacts, kind: Kind) -> Report:
    record = facts.record
    end = max(facts.record.ended_at or facts.made_at, record.started_at + 1)
    moments, left_out = timeline_of(facts, most=MOST_MOMENTS)
    return Report(
        kind=kind,
        title="",
        subject=record.window_id,
        summary="",
        period=Period(start=record.started_at, end=end, zone=facts.zone.key or "UTC"),
        sections=(_what(facts), _times(facts), _jobs(facts), _books(facts)),
        tables=(_account_table(facts), _workers_table(facts)),
        series=(_account_series(facts),),
        timeline=moments,
        moments_left_out=left_out,
        concerns=_concerns(facts),
    )


def _summary(facts: WindowFacts) -> str:
    record, books = facts.record, facts.books.value
    seconds = _length(record)
    length = f"{seconds:.0f} s" if seconds is not None else "still open"
    if books is None or books.adds_up is None:
        verdict = "nobody can say whether every job is accounted for"
    elif books.adds_up:
        verdict = "every job that met it is accounted for"
    else:
        verdict = f"{counted(books.unaccounted, 'job')} not accounted for"
    ended = Counter(one.outcome for one in facts.outcomes.value or ())
    told = f"; {counted(ended[Ended.KILLED], 'job')} killed" if ended[Ended.KILLED] else ""
    return f"{record.mode} window opened by {record.by}, {length}; {verdict}{told}."


def _length(record: WindowRecord) -> float | None:
    """Seconds from its opening to its end, 0 if the clock was set back meanwhile; None while it is open."""
    return max(0.0, record.ended_at - record.started_at) if record.ended_at is not None else None


# -- figures -------------------------------------------------------------------------------------


def _what(facts: WindowFacts) -> Section:
    record, source = facts.record, "SQL guard_windows"
    going = "it is still open"

    def kept(
        key: str, title: str, value: Value, *, unit: str = "", why: str = "", nothing: bool = True
    ) -> Figure:
        missing = value is None
        return Figure(
            key=key,
            title=title,
            value=value,
            unit=unit,
            source=source,
            why=why if missing else "",
            nothing=missing and nothing,
        )

    seconds = _length(record)
    length = round(seconds, 1) if seconds is not None else None
    over = max(0.0, round(length - record.duration, 1)) if length is not None and record.duration else None
    return Section(
        key="what",
        title="What it was",
        figures=(
            kept("window_id", "window", record.window_id),
            kept("mode", "mode at its end", record.mode),
            kept("reason", "reason", record.reason),
            kept("opened_by", "opened by", record.by),
            kept("opened_at", "opened", record.started_at, unit="UTC seconds"),
            kept("ended_at", "ended", record.ended_at, unit="UTC seconds", why=going),
            kept(
                "ended_by",
                "ended by",
                record.ended_by or None,
                why=going if length is None else "it is not recorded",
                nothing=length is None,
            ),
            kept("length", "length", length, unit="s", why=going),
            kept(
                "planned_length",
                "planned length",
                record.duration,
                unit="s",
                why="no length was planned",
            ),
            kept(
                "over_plan",
                "longer than planned by",
                over,
                unit="s",
                why=going if length is None else "no length was planned",
            ),
        ),
    )


def _times(facts: WindowFacts) -> Section:
    window_id, journal = facts.record.window_id, facts.journal

    def took(first: str, then: str) -> Callable[[tuple[AuditRecord, ...]], Value]:
        def found(lines: tuple[AuditRecord, ...]) -> Value:
            seconds = between_actions(lines, first, then).get(window_id)
            return round(seconds, 2) if seconds is not None else None

        return found

    def changes(lines: tuple[AuditRecord, ...]) -> Value:
        mine = [line for line in lines if line.detail.get("window_id") == window_id]
        return sum(line.action == "change" for line in mine)

    nothing = "the journal has no line for it: it did not happen, or not as a step of its own"
    return Section(
        key="times",
        title="How long it took",
        figures=(
            journal.figure(
                "closing",
                "from the request to closed gates",
                took("enable", "confirm"),
                unit="s",
                nothing=nothing,
            ),
            journal.figure(
                "drain", "from the request to drained", took("enable", "drained"), unit="s", nothing=nothing
            ),
            journal.figure(
                "release",
                "from its end until all parked jobs were back",
                took("disable", "released"),
                unit="s",
                nothing=nothing,
            ),
            journal.figure("changes", "changes while it was open", changes),
            facts.alerts.figure("alerts", "alerts meanwhile", len),
        ),
    )


def _jobs(facts: WindowFacts) -> Section:
    """Every counter of the account, those that are zero too."""
    return Section(
        key="jobs",
        title="Jobs that met it",
        figures=(
            *(
                facts.account.figure(
                    f"jobs_{count.value}",
                    count.value.replace("_", " "),
                    lambda found, count=count: found.total(count),  # type: ignore[misc]
                )
                for count in Count
            ),
            facts.requests.figure("requests_refused", "web requests refused, of these", lambda found: found),
        ),
    )


def _books(facts: WindowFacts) -> Section:
    books = facts.books
    none = "something did not answer when this was made, or its counters were lost"

    def said(key: str, title: str, of: Callable[[Books], Value]) -> Figure:
        return books.figure(key, title, of, none=none)

    return Section(
        key="books",
        title="Do the books balance",
        figures=(
            said("adds_up", "every job is accounted for", lambda one: one.adds_up),
            said("unaccounted", "unaccounted", lambda one: one.unaccounted),
            said("still_parked", "still parked", lambda one: one.still_parked),
            said("still_running", "still running", lambda one: one.still_running),
            said("with_gone_workers", "ended with a worker that is gone", lambda one: one.with_gone_workers),
            said("uncounted", "more ended or went back than was counted", lambda one: one.uncounted),
        ),
    )


# -- tables and plots ----------------------------------------------------------------------------


def _account_table(facts: WindowFacts) -> Table:
    account = facts.account.value
    used = [count for count in Count if account is not None and account.total(count)]
    operations = sorted({name for _, name in account.counts}) if account is not None else []
    rows: list[tuple[Value, ...]] = [
        (name, *(_of(account, count, name) for count in used)) for name in operations if account is not None
    ]
    return Table(
        key="account",
        title="Account by operation",
        columns=(
            Column(key="operation", title="operation"),
            *(Column(key=count.value, title=count.value.replace("_", " ")) for count in used),
        ),
        rows=tuple(rows),
        source=facts.account.source,
        why=facts.account.why,
    )


def _of(account: Account, count: Count, operation: str) -> int:
    return account.by_operation(count).get(operation, 0)


def _account_series(facts: WindowFacts) -> Series:
    account = facts.account.value
    points = (
        tuple(
            (count.value.replace("_", " "), float(account.total(count)))
            for count in Count
            if account.total(count) and count not in _NOT_DRAWN
        )
        if account is not None
        else ()
    )
    return Series(
        key="account",
        title="What became of the jobs",
        points=points,
        source=facts.account.source,
        unit="jobs",
        why=facts.account.why,
    )


def _workers_table(facts: WindowFacts) -> Table:
    rows = [
        (one.node, one.host, one.pid, one.fate.value or "answered") for one in facts.workers.value or ()
    ]
    return Table(
        key="workers",
        title="Workers that it has seen",
        columns=(
            Column(key="node", title="worker"),
            Column(key="host", title="host"),
            Column(key="pid", title="pid"),
            Column(key="fate", title="what became of it"),
        ),
        rows=tuple(rows[:MOST_ROWS]),
        source=facts.workers.source,
        left_out=max(0, len(rows) - MOST_ROWS),
        why=facts.workers.why,
    )


def _ended_jobs(facts: WindowFacts) -> Table:
    """Each job that was asked to stop, the killed ones first."""
    order = [Ended.KILLED, Ended.LOST, Ended.INTERRUPTED, Ended.COMPLETED]
    found = sorted(facts.outcomes.value or (), key=lambda one: (order.index(one.outcome), one.ended_at))
    rows = [_job_row(one) for one in found[:MOST_ROWS]]
    return Table(
        key="ended_jobs",
        title="Jobs that were asked to stop",
        columns=(
            Column(key="task_id", title="job"),
            Column(key="task", title="task"),
            Column(key="operation", title="operation"),
            Column(key="worker", title="worker"),
            Column(key="outcome", title="outcome"),
            Column(key="after", title="after", unit="s"),
            Column(key="went", title="now"),
        ),
        rows=tuple(rows),
        source=facts.outcomes.source,
        left_out=len(found) - len(rows),
        why=facts.outcomes.why,
    )


def _job_row(one: JobOutcome) -> tuple[Value, ...]:
    after = round(one.ended_at - one.asked_at, 2)
    return (one.task_id, one.task, one.operation, one.worker, one.outcome.value, after, one.went.value)


def _actions(facts: WindowFacts) -> Table:
    """Who did what in it, by the journal."""
    counts = Counter((line.actor, line.action, line.outcome) for line in facts.journal.value or ())
    rows = [(*who, number) for who, number in sorted(counts.items())]
    return Table(
        key="actions",
        title="Who did what",
        columns=(
            Column(key="actor", title="who"),
            Column(key="action", title="what"),
            Column(key="outcome", title="outcome"),
            Column(key="count", title="how often"),
        ),
        rows=tuple(rows[:MOST_ROWS]),
        source=facts.journal.source,
        left_out=max(0, len(rows) - MOST_ROWS),
        why=facts.journal.why,
    )


# -- what somebody should look at ----------------------------------------------------------------


def _concerns(facts: WindowFacts) -> tuple[Concern, ...]:
    """The worst first."""
    found = [*_about_jobs(facts), *_about_the_rest(facts)]
    order = ("critical", "warning", "info")
    return tuple(sorted(found, key=lambda one: order.index(one.severity)))


def _about_jobs(facts: WindowFacts) -> Iterator[Concern]:
    books = facts.books.value
    if books is None or books.adds_up is None:
        yield Concern(severity="warning", text="Nobody can say whether every job is accounted for.")
    elif books.unaccounted:
        text = f"{counted(books.unaccounted, 'job')} not accounted for: look there before anything else."
        yield Concern(severity="critical", text=text)
    went = Counter(one.went for one in facts.outcomes.value or ())
    if went[Went.REVOKED]:
        text = f"{counted(went[Went.REVOKED], 'job')} ended, not to run again; the table has the ids."
        yield Concern(severity="warning", text=text)
    if again := went[Went.REQUEUED] + went[Went.PARKED]:
        text = f"{counted(again, 'job')} ended, to run again: are the effects safe to repeat?"
        yield Concern(severity="info", text=text)


def _about_the_rest(facts: WindowFacts) -> Iterator[Concern]:
    record = facts.record
    gone = sum(one.fate in {Fate.GONE, Fate.VOUCHED} for one in facts.workers.value or ())
    if gone:
        text = f"{counted(gone, 'worker')} gone or vouched for, instead of answering."
        yield Concern(severity="warning", text=text)
    length = _length(record)
    if length is not None and record.duration is not None:
        over = round(length - record.duration)
        if over > 0:
            yield Concern(severity="warning", text=f"It took {over} s longer than planned.")
    if any(line.outcome == "journaled late" for line in facts.journal.value or ()):
        text = "It was closed while the database was away, and journaled late."
        yield Concern(severity="warning", text=text)
    critical = sum(one.severity is Severity.CRITICAL for one in facts.alerts.value or ())
    if critical:
        yield Concern(severity="critical", text=f"{counted(critical, 'critical alert')} meanwhile.")
    if record.mode == Mode.TEST:
        text = "A rehearsal: nothing was blocked, and the counters say what would have been."
        yield Concern(severity="info", text=text)
