"""What was: windows with their reports, rehearsals, the journal, alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from guard.core.access import Deed
from guard.core.counts import Count
from guard.errors import InvalidRequest, StoreError
from guard.web.admin.answers import Answer, asked
from guard.web.admin.glance import attempts_of
from guard.web.admin.paging import Pager

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from guard.orchestrator.report import Report
    from guard.web.admin.desk import Desk
    from guard.web.admin.fields import Typed

__all__ = ["add_pages"]

_PER_PAGE = 50
_MOST_PAGES = 19
_MOST_OUTCOMES = 200
_LONGEST_ID = 64
_REHEARSED = (Count.WOULD_REFUSE, Count.WOULD_HOLD, Count.WOULD_WAIT_FOR, Count.WOULD_END)
_COLUMNS = (
    Count.REFUSED, Count.HELD, Count.PARKED, Count.RELEASED, Count.EXPIRED, Count.DISCARDED,
    Count.RUNNING, Count.COMPLETED, Count.INTERRUPTED, Count.KILLED, Count.LOST, Count.RAN_ON,
    Count.BYPASSED,
)  # fmt: skip


def add_pages(desk: Desk) -> None:
    """History, one window, rehearsals, journal, alerts."""

    def windows() -> ResponseReturnValue:
        pager = _pager()
        found = asked(lambda: pager.cut(desk.guard.records.windows(pager.reach)))
        return desk.page("windows.html", windows=found, pager=pager)

    def window(window_id: str) -> ResponseReturnValue:
        report = _report(desk, window_id[:_LONGEST_ID])
        missing = report.value is None and report.problem.startswith("no window")
        ended_at = report.value.window.ended_at if report.value is not None else None
        return desk.page(
            "window.html",
            window_id=window_id[:_LONGEST_ID],
            report=report,
            columns=_columns(report),
            rehearsal=_rehearsal(report),
            attempts=attempts_of(desk, window_id, ended_at=ended_at) if report.value is not None else None,
            most_outcomes=_MOST_OUTCOMES,
            status=404 if missing else 200,
        )

    def rehearsal() -> ResponseReturnValue:
        pager = _pager()
        tests = asked(lambda: [one for one in desk.guard.records.windows(1000) if one.mode == "test"])
        last = tests.value[0] if tests.value else None
        report = _report(desk, last.window_id) if last is not None else Answer(None)
        return desk.page(
            "rehearsal.html",
            tests=Answer(pager.cut(tests.value) if tests.value is not None else None, tests.problem),
            report=report,
            rehearsal=_rehearsal(report),
            pager=pager,
        )

    def journal() -> ResponseReturnValue:
        before, action = _number(request.args.get("before", "")), request.args.get("action", "")[:60]
        found = asked(lambda: desk.guard.records.journal(_PER_PAGE + 1, before=before, action=action or None))
        # Reads every line: only when somebody asks, not for each look at the page.
        chain = asked(desk.guard.audit.verify) if request.args.get("verify") == "1" else None
        return desk.page(
            "journal.html", lines=found, per_page=_PER_PAGE, action=action, before=before, chain=chain
        )

    def alerts() -> ResponseReturnValue:
        return _alerts(desk, desk.typed(), 200)

    def acknowledge(alert_id: int) -> ResponseReturnValue:
        typed = desk.typed()
        done = desk.do(
            Deed.ALERTS,
            {"acknowledge": alert_id},
            typed,
            lambda by: desk.guard.alerts.acknowledge(alert_id, by=by),
        )
        if done.error is not None:
            return _alerts(desk, typed, done.status)
        return desk.go("alerts", f"You see to alert {alert_id}: {done.value.alert.message}")

    add = desk.blueprint.add_url_rule
    add("/windows", "windows", windows)
    add("/windows/<window_id>", "window", window)
    add("/rehearsal", "rehearsal", rehearsal)
    add("/journal", "journal", journal)
    add("/alerts", "alerts", alerts)
    add("/alerts/<int:alert_id>/acknowledge", "acknowledge_alert", acknowledge, methods=["POST"])


def _alerts(desk: Desk, typed: Typed, status: int) -> ResponseReturnValue:
    pager = _pager()
    found = asked(lambda: pager.cut(desk.guard.alerts.list(pager.reach, everything=True)))
    return desk.page("alerts.html", alerts=found, pager=pager, typed=typed, status=status)


def _pager() -> Pager:
    return Pager.of(request.args, per_page=_PER_PAGE, most=_MOST_PAGES)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def _report(desk: Desk, window_id: str) -> Answer[Report]:
    try:
        return Answer(desk.guard.report(window_id))
    except (InvalidRequest, StoreError) as error:
        return Answer(None, str(error))


def _columns(report: Answer[Report]) -> list[tuple[str, int, dict[str, int]]]:
    """Counters of a window: name, sum, by operation; those that are zero are left out."""
    if report.value is None:
        return []
    account = report.value.account
    return [
        (count.value, account.total(count), account.by_operation(count))
        for count in _COLUMNS
        if account.total(count)
    ]


def _rehearsal(report: Answer[Report]) -> list[dict[str, Any]]:
    """What a rehearsal recorded, by operation."""
    if report.value is None:
        return []
    account = report.value.account
    by_count = {count: account.by_operation(count) for count in _REHEARSED}
    names = sorted({name for found in by_count.values() for name in found})
    return [
        {"operation": name, **{count.value: by_count[count].get(name, 0) for count in _REHEARSED}}
        for name in names
    ]
