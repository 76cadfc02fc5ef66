"""Makes reports and keeps each once: by hand for any time, and by itself those that are due.

Any number of processes may do so at once: of two that make the same report, the database keeps one.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from guard.core.modes import Mode, Phase
from guard.core.named_events import EventName
from guard.core.reports.counting import was_emergency
from guard.core.reports.due import CATCH_UP_SECONDS, DueFacts, due_reports
from guard.core.reports.periods import last_month, last_week, period_between, subject_of
from guard.core.reports.report import Kind, Period
from guard.core.reports.security import security_report
from guard.core.reports.times import monthly_report, weekly_report
from guard.core.reports.windows import incident_report, window_report
from guard.core.routines import Outcome
from guard.errors import GuardError, InvalidRequest
from guard.reports.gathering import AUDIT, period_facts, security_facts, window_facts

if TYPE_CHECKING:
    from datetime import date

    from guard.core.history import WindowRecord
    from guard.core.reports.due import DueReport
    from guard.core.reports.kept import Kept
    from guard.core.reports.report import Report
    from guard.reports.parts import ReportParts

__all__ = ["Making"]

log = logging.getLogger(__name__)

_RECENT_WINDOWS = 100
_MOST_AT_ONCE = 10
"""Reports of one tick; what is left is made by the next."""
_REVIEW = "weekly-review"
_FIRST_AUDIT_SECONDS = 31 * 86_400.0


class Making:
    """Makes the reports of one installation."""

    def __init__(self, parts: ReportParts) -> None:
        self._parts = parts

    # -- by hand ---------------------------------------------------------------------------------

    def of_time(
        self, kind: Kind, first: date | None, last: date | None, *, by: str, again: bool = False
    ) -> tuple[Kept, bool]:
        """Make a report about a time, and keep it; with whether it was made now.

        Args:
            first, last: its days, both counted; None: the last whole week or month, or for a security audit
                from the last audit but one to the last.
            again: make it anew though it is there.

        Raises:
            InvalidRequest: the kind is about a window, or the time is not over.
            StoreUnavailable: the durable store did not answer.
        """
        if kind.is_of_a_window:
            raise InvalidRequest(f"a report of the kind {kind.value} is about a window: give its id")
        period = self._period(kind, first, last)
        now = self._parts.clock.wall()
        if period.end > now + 1:
            raise InvalidRequest("this time is not over: give a --to before today")
        there = None if again else self._parts.kept.find(kind, subject_of(period, self._parts.zone))
        return (there, False) if there else self._keep(self._made(kind, period), by=by, again=again)

    def of_window(self, kind: Kind, window_id: str, *, by: str, again: bool = False) -> tuple[Kept, bool]:
        """Make a report about a window that has ended, and keep it; with whether it was made now.

        Raises:
            InvalidRequest: there is no such window, it is open, or it never was an emergency.
            StoreUnavailable: the durable store did not answer.
        """
        if not kind.is_of_a_window:
            raise InvalidRequest(f"a report of the kind {kind.value} is about a time: give --from and --to")
        record = self._parts.durable.window(window_id)
        if record is None:
            raise InvalidRequest(f"no window has the id {window_id[:40]!r}")
        if record.ended_at is None:
            raise InvalidRequest("this window is open: `maintenance report` says how it stands")
        if kind is Kind.INCIDENT and not self._was_emergency(record):
            raise InvalidRequest("this window never was an emergency: ask for its report as a window")
        there = None if again else self._parts.kept.find(kind, window_id)
        return (there, False) if there else self._keep(self._about(kind, record), by=by, again=again)

    def _period(self, kind: Kind, first: date | None, last: date | None) -> Period:
        parts = self._parts
        if first is not None and last is not None:
            return period_between(first, last, parts.zone)
        if first is not None or last is not None:
            raise InvalidRequest("give --from and --to, or neither")
        now = parts.clock.wall()
        if kind is Kind.WEEKLY:
            return last_week(now, parts.zone)
        if kind is Kind.MONTHLY:
            return last_month(now, parts.zone)
        audits = self._audits()
        if not audits:
            return last_month(now, parts.zone)
        start = audits[1] if len(audits) > 1 else audits[0] - _FIRST_AUDIT_SECONDS
        return Period(start=start, end=audits[0] + 1, zone=parts.zone.key or "UTC")

    # -- by itself -------------------------------------------------------------------------------

    def due(self) -> tuple[DueReport, ...]:
        """Those that are due. Only looks.

        Raises:
            StoreUnavailable: the durable store did not answer.
        """
        parts = self._parts
        now = parts.clock.wall()
        there = parts.kept.subjects(now - 2 * CATCH_UP_SECONDS - _FIRST_AUDIT_SECONDS)
        state = parts.durable.read()
        unreported = [
            record
            for record in parts.durable.windows(_RECENT_WINDOWS)
            if record.ended_at is not None
            and now - record.ended_at <= CATCH_UP_SECONDS
            and (Kind.WINDOW, record.window_id) not in there
        ]
        return due_reports(
            DueFacts(
                now=now,
                zone=parts.zone,
                there=there,
                windows=[(record, self._was_emergency(record)) for record in unreported],
                releasing=state.window_id if state.phase is not Phase.INACTIVE else "",
                changed=(state.window_id, state.changed_at),
                reviewed_at=self._reviewed_at(),
                audits=self._audits(),
            )
        )

    def make_due(self, *, by: str) -> tuple[Kept, ...]:
        """Make and keep those that are due; gives those that were made here. One that cannot be made is
        logged, and tried again by the next who looks.

        Raises:
            StoreUnavailable: the durable store did not answer.
        """
        made = []
        for one in self.due()[:_MOST_AT_ONCE]:
            try:
                kept, is_new = self._make(one, by)
            except GuardError as error:
                log.warning("the %s report about %s is not made: %s", one.kind, one.subject, error)
                continue
            if is_new:
                log.info("report %s (%s) is made: %s", kept.report_id, kept.kind.value, kept.subject)
                made.append(kept)
        return tuple(made)

    def _make(self, one: DueReport, by: str) -> tuple[Kept, bool]:
        if one.period is None:
            return self.of_window(one.kind, one.subject, by=by)
        return self._keep(self._made(one.kind, one.period), by=by, again=False)

    def _reviewed_at(self) -> float | None:
        handled = [
            run.due_at for run in self._parts.past.runs(_REVIEW, 3) if run.outcome is not Outcome.RUNNING
        ]
        return max(handled, default=None)

    def _audits(self) -> list[float]:
        runs = [run for run in self._parts.past.runs(AUDIT, 10) if run.result.figures]
        return sorted({run.due_at for run in runs}, reverse=True)[:2]

    # -- both ------------------------------------------------------------------------------------

    def _made(self, kind: Kind, period: Period) -> Report:
        if kind is Kind.SECURITY:
            return security_report(security_facts(self._parts, period))
        facts = period_facts(self._parts, period)
        return weekly_report(facts) if kind is Kind.WEEKLY else monthly_report(facts)

    def _about(self, kind: Kind, record: WindowRecord) -> Report:
        facts = window_facts(self._parts, record)
        return incident_report(facts) if kind is Kind.INCIDENT else window_report(facts)

    def _was_emergency(self, record: WindowRecord) -> bool:
        if record.mode == Mode.EMERGENCY:
            return True
        end = (record.ended_at or self._parts.clock.wall()) + 1
        lines = self._parts.happenings.journal(record.started_at - 1, end)
        return was_emergency(lines, record.window_id, record.mode)

    def _keep(self, report: Report, *, by: str, again: bool) -> tuple[Kept, bool]:
        kept, is_new = self._parts.kept.keep(report, now=self._parts.clock.wall(), by=by, again=again)
        if is_new:
            self._parts.announce(
                EventName.REPORT_MADE, report_id=kept.report_id, report=report.kind.value, by=by
            )
        return kept, is_new
