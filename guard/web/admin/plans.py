"""Planned windows: listed, added after a look at what they will meet, cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from guard.core.access import Deed
from guard.core.deeds import deed_of_plan
from guard.core.durations import parse_durations
from guard.errors import InvalidRequest, NotPlanned, StoreError
from guard.web.admin.answers import Answer, asked
from guard.web.admin.paging import Pager
from guard.web.admin.starting import preview_of, scopable, scope_of

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from guard.api.schedule import PlannedWindow
    from guard.core.planned import Plan
    from guard.web.admin.desk import Desk
    from guard.web.admin.fields import Typed

__all__ = ["add_pages"]

_PER_PAGE = 30
_MOST_PAGES = 20
_LONGEST_REF = 80
FIELDS = (
    "name", "reason", "at", "zone", "duration", "every", "mode", "sessions", "drain_within", "at_deadline",
    "verify", "notices", "keep_open", "extend_by", "max_extensions", "operations", "queues",
)  # fmt: skip
EVERY = (
    ("", "once"),
    ("FREQ=DAILY", "every day"),
    ("FREQ=WEEKLY", "every week"),
    ("FREQ=MONTHLY", "every month"),
)


def add_pages(desk: Desk) -> None:
    """The list, one plan, adding and cancelling."""
    pages, add = _Plans(desk), desk.blueprint.add_url_rule
    add("/plans", "plans", pages.plans)
    add("/plans/add", "add_plan", pages.add_plan, methods=["GET", "POST"])
    add("/plans/<ref>", "plan", pages.plan)
    add("/plans/<ref>/cancel", "cancel_plan", pages.cancel, methods=["GET", "POST"])


class _Plans:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def plans(self) -> ResponseReturnValue:
        desk = self._desk
        pager = Pager.of(request.args, per_page=_PER_PAGE, most=_MOST_PAGES)
        found = asked(lambda: pager.cut(desk.guard.schedule.list(starts=2)))
        return desk.page("plans.html", plans=found, pager=pager)

    def plan(self, ref: str) -> ResponseReturnValue:
        desk = self._desk
        found = _found(desk, ref)
        return desk.page("plan.html", ref=ref[:_LONGEST_REF], plan=found, status=200 if found.value else 404)

    def add_plan(self) -> ResponseReturnValue:
        desk = self._desk
        typed = desk.typed().fill(mode="normal", at_deadline="wait", zone=desk.guard.settings.guard_time_zone)
        if request.method != "POST" or typed.text("step") == "edit":
            return _form(desk, typed, 200)
        terms = _terms(typed)
        planned = _checked(desk, typed, terms)
        if planned is None:
            return _form(desk, typed, 422)
        if typed.text("step") != "confirm":
            return _previewed(desk, typed, planned, 200)
        deed = deed_of_plan(at_deadline=terms["at_deadline"])
        done = desk.do(deed, terms, typed, lambda by: desk.guard.schedule.add(by=by, **terms))
        if done.error is not None:
            return _previewed(desk, typed, planned, done.status)
        return desk.go("plans", f"{planned.name} is planned.", *done.value.warnings)

    def cancel(self, ref: str) -> ResponseReturnValue:
        desk = self._desk
        typed = desk.typed()
        found = _found(desk, ref)
        if request.method != "POST" or found.value is None:
            status = 200 if found.value is not None else 404
            return desk.page("cancel_plan.html", ref=ref, plan=found, typed=typed, status=status)
        done = desk.do(
            Deed.PLAN,
            {"cancel": found.value.schedule_id},
            typed,
            lambda by: desk.guard.schedule.cancel(ref, by=by),
        )
        if done.error is not None:
            return desk.page("cancel_plan.html", ref=ref, plan=found, typed=typed, status=done.status)
        return desk.go("plans", f"{found.value.plan.name} is cancelled.")


def _form(desk: Desk, typed: Typed, status: int) -> ResponseReturnValue:
    notices = desk.guard.settings.guard_notice_times
    return desk.page(
        "add_plan.html",
        typed=typed,
        operations=scopable(desk),
        every=EVERY,
        default_notices=notices,
        status=status,
    )


def _previewed(desk: Desk, typed: Typed, planned: Plan, status: int) -> ResponseReturnValue:
    terms = {
        "mode": planned.mode.value,
        "duration": planned.duration,
        "sessions": planned.terms.sessions.value if planned.terms.sessions else None,
        "scope": scope_of(typed),
    }
    return desk.page(
        "add_plan_preview.html",
        typed=typed,
        plan=planned,
        preview=preview_of(desk, terms),
        hidden=typed.hidden(*FIELDS),
        status=status,
    )


def _found(desk: Desk, ref: str) -> Answer[PlannedWindow]:
    try:
        return Answer(desk.guard.schedule.show(ref[:_LONGEST_REF]))
    except (NotPlanned, StoreError) as error:
        return Answer(None, str(error))


def _terms(typed: Typed) -> dict[str, Any]:
    """What `PlannedWindows.add` takes, without who asks."""
    raw_duration = typed.text("duration").strip()
    terms: dict[str, Any] = {
        "name": typed.text("name").strip() or typed.text("reason").strip()[:60],
        "reason": typed.text("reason"),
        "at": typed.text("at").strip().replace("T", " "),
        "zone": typed.text("zone").strip() or None,
        "duration": "auto" if raw_duration == "auto" else typed.seconds("duration"),
        "every": typed.text("every").strip(),
        "mode": typed.text("mode"),
        "sessions": typed.text("sessions") or None,
        "drain_within": typed.seconds("drain_within"),
        "at_deadline": typed.text("at_deadline"),
        "verify": typed.ticked("verify"),
        "auto_end": not typed.ticked("keep_open"),
        "scope": scope_of(typed),
    }
    if typed.text("notices").strip():
        try:
            terms["notices"] = list(parse_durations(typed.text("notices")))
        except InvalidRequest as error:
            typed.problems += [("notices", problem) for problem in error.problems]
    if typed.text("extend_by").strip():
        terms["extend_by"] = typed.seconds("extend_by") or 0
        raw = typed.text("max_extensions").strip() or "1"
        if raw.isascii() and raw.isdigit() and len(raw) < 4:
            terms["max_extensions"] = int(raw)
        else:
            typed.say("give a whole number", "max_extensions")
    return terms


def _checked(desk: Desk, typed: Typed, terms: dict[str, Any]) -> Plan | None:
    """The plan; None when something is wrong, all of which `typed` then knows."""
    try:
        planned = desk.guard.schedule.check(by=desk.visitor.actor.name, **terms)
    except InvalidRequest as error:
        typed.blame(error)
        return None
    except StoreError as error:
        typed.say(str(error))
        return None
    return planned if not typed.problems else None
