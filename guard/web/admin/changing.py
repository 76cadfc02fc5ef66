"""Changing the open window: its reason, its end, its drain; easing an emergency; vouching for a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

from guard.core.access import Deed
from guard.core.deeds import deed_of_change
from guard.core.modes import Mode
from guard.web.admin.answers import asked
from guard.web.admin.current import on_this_window, open_state
from guard.web.admin.shown import moment
from guard.web.admin.starting import closed_said

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from guard.web.admin.desk import Desk
    from guard.web.admin.fields import Typed

__all__ = ["add_pages"]


def add_pages(desk: Desk) -> None:
    """Change, extend and vouch."""
    pages, add = _Changing(desk), desk.blueprint.add_url_rule
    add("/change", "change", pages.change, methods=["GET", "POST"])
    add("/extend", "extend", pages.extend, methods=["POST"])
    add("/vouch", "vouch", pages.vouch, methods=["GET", "POST"])


class _Changing:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def change(self) -> ResponseReturnValue:
        desk = self._desk
        typed = desk.typed()
        if request.method != "POST":
            return _page(desk, typed, 200)
        wanted, at_deadline = _wanted(desk, typed)
        if typed.problems:
            return _page(desk, typed, 422)
        eases = typed.ticked("ease")
        done = desk.do(
            deed_of_change(typed.text("mode_shown"), wanted, at_deadline=at_deadline),
            {"window_id": typed.text("window_id"), **wanted},
            typed,
            lambda by: on_this_window(
                desk, typed, lambda epoch: desk.guard.change(by=by, epoch=epoch, **wanted)
            ),
        )
        if done.error is not None:
            return _page(desk, typed, done.status)
        said = closed_said(done.value)[1:] if eases else list(done.value.warnings)
        return desk.go("now", "The window was changed.", *said)

    def extend(self) -> ResponseReturnValue:
        desk = self._desk
        typed = desk.typed()
        by_seconds = typed.seconds("extend_by")
        if by_seconds is None and not typed.problems:
            typed.say("say by how much", "extend_by")
        state = asked(lambda: open_state(desk))
        if state.value is None:
            typed.say(state.problem or "no window is open")
        if typed.problems or state.value is None:
            return _page(desk, typed, 422)
        duration = (state.value.duration or 0) + (by_seconds or 0)
        done = desk.do(
            Deed.CHANGE,
            {"window_id": typed.text("window_id"), "duration": duration},
            typed,
            lambda by: on_this_window(
                desk, typed, lambda epoch: desk.guard.change(by=by, epoch=epoch, duration=duration)
            ),
        )
        if done.error is not None:
            return _page(desk, typed, done.status)
        planned_end = moment(done.value.planned_end)
        return desk.go("now", f"The window was extended. Its planned end is {planned_end}.")

    def vouch(self) -> ResponseReturnValue:
        desk = self._desk
        typed = desk.typed().fill(worker=request.args.get("worker", ""))
        if request.method != "POST":
            return desk.page("vouch.html", typed=typed)
        worker = typed.text("worker").strip()
        done = desk.do(Deed.CHANGE, {"vouch": worker}, typed, lambda by: desk.guard.vouch(worker, by=by))
        if done.error is not None:
            return desk.page("vouch.html", typed=typed, status=done.status)
        return desk.go("now", f"Noted: you vouched for {worker}.")


def _page(desk: Desk, typed: Typed, status: int) -> ResponseReturnValue:
    state = asked(lambda: open_state(desk))
    if state.value is not None:
        typed.fill(
            reason=state.value.reason,
            duration=_whole(state.value.duration),
            drain_within=_whole(state.value.terms.drain_within),
            at_deadline=state.value.terms.at_deadline.value,
            grace=_whole(state.value.terms.grace),
        )
    return desk.page("change.html", typed=typed, state=state, status=status)


def _wanted(desk: Desk, typed: Typed) -> tuple[dict[str, Any], str | None]:
    """What differs from the window as it is, only that is asked for; and its `at_deadline`."""
    state = asked(lambda: open_state(desk))
    if state.value is None:
        typed.say(state.problem or "no window is open")
        return {}, None
    old = state.value
    new = {
        "reason": (typed.text("reason"), old.reason),
        "duration": (typed.seconds("duration"), old.duration),
        "drain_within": (typed.seconds("drain_within"), old.terms.drain_within),
        "at_deadline": (typed.text("at_deadline"), old.terms.at_deadline.value),
        "grace": (typed.seconds("grace"), old.terms.grace),
    }
    wanted: dict[str, Any] = {
        name: value
        for name, (value, before) in new.items()
        if value != before and not (value is None or (value == "" and name != "reason"))
    }
    if typed.ticked("ease"):
        wanted["mode"] = Mode.NORMAL.value
    if not wanted and not typed.problems:
        typed.say("nothing would change: say what should")
    return wanted, old.terms.at_deadline.value


def _whole(number: float | None) -> str:
    """A time in the largest unit that it is whole in, as people type it; ``0`` is none."""
    if number is None:
        return ""
    seconds = int(number)
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return str(seconds)
