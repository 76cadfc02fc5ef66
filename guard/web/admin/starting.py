"""Opening a window: what it will meet is shown, then it is confirmed. And the emergency, in one step."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from flask import request

from guard.core.access import Deed
from guard.core.changes import WindowRequest
from guard.core.deeds import deed_of_enable
from guard.core.modes import Mode
from guard.errors import InvalidRequest
from guard.web.admin.answers import asked
from guard.web.admin.shown import counted, short_time

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from guard.api.preview import Preview
    from guard.orchestrator.window import Window
    from guard.web.admin.desk import Desk
    from guard.web.admin.fields import Typed

__all__ = ["add_pages", "closed_said", "preview_of", "scopable", "scope_of"]

FIELDS = (
    "mode", "reason", "duration", "drain_within", "at_deadline", "sessions", "verify", "quiet", "operations",
    "queues", "window_id",
)  # fmt: skip


def add_pages(desk: Desk) -> None:
    """Start, emergency, and the preview by itself."""
    pages, add = _Starting(desk), desk.blueprint.add_url_rule
    add("/start", "start", pages.start, methods=["GET", "POST"])
    add("/emergency", "emergency", pages.emergency, methods=["GET", "POST"])
    add("/preview", "preview", pages.preview)


class _Starting:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def start(self) -> ResponseReturnValue:
        desk = self._desk
        typed = desk.typed().fill(mode="normal", at_deadline="wait", window_id=str(uuid.uuid4()))
        if request.method != "POST" or typed.text("step") == "edit":
            return desk.page("start.html", typed=typed, operations=scopable(desk))
        terms = _terms(desk, typed)
        if terms is None:
            return desk.page("start.html", typed=typed, operations=scopable(desk), status=422)
        if typed.text("step") != "confirm":
            return _previewed(desk, typed, terms, 200)
        window_id = typed.text("window_id")
        done = desk.do(
            deed_of_enable(mode=terms["mode"], at_deadline=terms["at_deadline"]),
            terms,
            typed,
            lambda by: desk.guard.enable(by=by, window_id=window_id, **terms),
        )
        if done.error is not None:
            return _previewed(desk, typed, terms, done.status)
        return desk.go("now", *closed_said(done.value))

    def emergency(self) -> ResponseReturnValue:
        desk = self._desk
        typed = desk.typed().fill(window_id=str(uuid.uuid4()))
        if request.method != "POST":
            return _emergency_page(desk, typed, 200, shown="preview" in request.args)
        terms = _emergency_terms(desk, typed)
        if terms is None:
            return _emergency_page(desk, typed, 422)
        done = desk.do(
            Deed.START_EMERGENCY, terms, typed, lambda by: _begin_emergency(desk, typed, terms, by)
        )
        if done.error is not None:
            return _emergency_page(desk, typed, done.status, terms=terms)
        return desk.go("now", *closed_said(done.value))

    def preview(self) -> ResponseReturnValue:
        desk = self._desk
        mode = request.args.get("mode", "normal")
        seen = asked(lambda: desk.guard.preview(mode=mode if mode in set(Mode) else "normal"))
        return desk.page("preview_alone.html", preview=seen)


def _previewed(desk: Desk, typed: Typed, terms: dict[str, Any], status: int) -> ResponseReturnValue:
    return desk.page(
        "start_preview.html",
        typed=typed,
        terms=terms,
        preview=preview_of(desk, terms),
        hidden=typed.hidden(*FIELDS),
        status=status,
    )


def preview_of(desk: Desk, terms: dict[str, Any]) -> Any:
    """The answer of `Guard.preview` for a window of these terms."""

    def look() -> Preview:
        return desk.guard.preview(
            mode=terms["mode"],
            duration=terms.get("duration"),
            sessions=terms.get("sessions"),
            scope=terms.get("scope"),
        )

    return asked(look)


def scopable(desk: Desk) -> list[str]:
    """Operations to which a window may be narrowed."""
    return [name for name, kind in desk.guard.operations.kinds.items() if kind.guarded]


def scope_of(typed: Typed) -> dict[str, Any] | None:
    """The scope that was chosen; None when none was."""
    scope = {name: typed.all(name) for name in ("operations", "queues") if typed.all(name)}
    return scope or None


def _terms(desk: Desk, typed: Typed) -> dict[str, Any] | None:
    """What `Guard.enable` takes; None when something is wrong, all of which `typed` then knows."""
    terms: dict[str, Any] = {
        "mode": typed.text("mode"),
        "reason": typed.text("reason"),
        "duration": typed.seconds("duration"),
        "drain_within": typed.seconds("drain_within"),
        "at_deadline": typed.text("at_deadline"),
        "sessions": typed.text("sessions") or None,
        "verify": typed.ticked("verify"),
        "notify_users": not typed.ticked("quiet"),
        "scope": scope_of(typed),
    }
    if terms["mode"] == Mode.EMERGENCY:
        typed.say("an emergency has a page of its own", "mode")
    try:
        WindowRequest.check(by=desk.visitor.actor.name, **terms)
    except InvalidRequest as error:
        typed.blame(error)
    return terms if not typed.problems else None


def _emergency_terms(desk: Desk, typed: Typed) -> dict[str, Any] | None:
    terms: dict[str, Any] = {
        "mode": Mode.EMERGENCY.value,
        "reason": typed.text("reason"),
        "duration": typed.seconds("duration"),
        "grace": typed.seconds("grace"),
    }
    try:
        WindowRequest.check(by=desk.visitor.actor.name, **terms)
    except InvalidRequest as error:
        typed.blame(error)
    return terms if not typed.problems else None


def _begin_emergency(desk: Desk, typed: Typed, terms: dict[str, Any], by: str) -> Window:
    """Open one, or make one of the window that is open. A rehearsal is ended first: it cannot become real."""
    guard = desk.guard
    open_now = asked(guard.durable.read).value
    if open_now is not None and open_now.is_active and open_now.window_id != typed.text("window_id"):
        if open_now.mode is not Mode.TEST:
            return guard.change(by=by, **terms)
        guard.disable(by=by, unverified=True, epoch=open_now.epoch)
    return guard.enable(by=by, window_id=typed.text("window_id"), **terms)


def _emergency_page(
    desk: Desk, typed: Typed, status: int, *, shown: bool = False, terms: dict[str, Any] | None = None
) -> ResponseReturnValue:
    return desk.page(
        "emergency.html",
        typed=typed,
        default_grace=desk.guard.settings.emergency_mode_job_grace_period,
        preview=preview_of(desk, {"mode": Mode.EMERGENCY.value}) if shown else None,
        terms=terms,
        status=status,
    )


def closed_said(window: Window) -> list[str]:
    """What was seen when the gates closed, as sentences."""
    kind = {"emergency": "The emergency is on", "test": "The rehearsal is on"}.get(
        window.mode, "The window is open"
    )
    if not window.proof:
        return [f"{kind}.", *window.warnings]
    if window.proof == "none":
        said = [f"{kind}, and it is NOT PROVEN that all gates are closed: the control plane was not told."]
    elif window.proof == "acknowledged":
        said = [f"{kind}. Closed in {short_time(window.took)}: every worker has given its word."]
    else:
        took = short_time(window.took)
        said = [f"{kind}. Closed in {took}, proven by time: whoever is silent may no longer start jobs."]
    if window.unconfirmed:
        said.append(f"Unconfirmed: {', '.join(window.unconfirmed)}.")
    if window.unguarded is None:
        said.append("Which consumers have no guard could not be told.")
    elif window.unguarded:
        said.append(f"These take jobs whatever the window says: {', '.join(window.unguarded)}.")
    if window.running is None:
        said.append("Which jobs still run could not be told.")
    elif window.running:
        said.append(f"{counted(len(window.running), 'guarded job')} still running.")
    return [*said, *window.warnings]
