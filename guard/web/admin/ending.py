"""Ending a window: what differs from what it found is shown first. And verifying before that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from guard.core.access import Deed
from guard.core.deeds import deed_of_verify
from guard.core.modes import Mode
from guard.web.admin.answers import Answer, asked
from guard.web.admin.current import on_this_window, open_state
from guard.web.admin.errands import run_for_a_while
from guard.web.admin.shown import counted

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from guard.orchestrator.window import Window
    from guard.web.admin.desk import Desk
    from guard.web.admin.fields import Typed

__all__ = ["add_pages"]

_WAIT_SECONDS = 8.0


def add_pages(desk: Desk) -> None:
    """End and verify."""

    def end() -> ResponseReturnValue:
        typed = desk.typed()
        if request.method != "POST":
            return _page(desk, typed, 200)
        emergency = typed.text("mode_shown") == Mode.EMERGENCY
        rollback, unverified = typed.ticked("rollback"), typed.ticked("unverified")
        terms = {
            "window_id": typed.text("window_id"),
            "mode": typed.text("mode_shown"),
            "rollback": rollback,
            "unverified": unverified,
        }

        def release(by: str) -> Window | None:
            return run_for_a_while(
                "release",
                lambda: on_this_window(
                    desk,
                    typed,
                    lambda epoch: desk.guard.disable(
                        by=by, epoch=epoch, rollback=rollback, unverified=unverified
                    ),
                ),
                seconds=_WAIT_SECONDS,
            )

        done = desk.do(Deed.END_EMERGENCY if emergency else Deed.DISABLE, terms, typed, release)
        if done.error is not None:
            return _page(desk, typed, done.status)
        return desk.go("now", *_ended(done.value))

    def verify() -> ResponseReturnValue:
        typed = desk.typed()
        if request.method != "POST":
            return desk.page("verify.html", typed=typed, state=asked(lambda: open_state(desk)))
        done = desk.do(
            deed_of_verify(typed.text("mode_shown")),
            {"verify": typed.text("window_id")},
            typed,
            lambda by: on_this_window(desk, typed, lambda epoch: desk.guard.verify(by=by, epoch=epoch)),
        )
        if done.error is not None:
            state = asked(lambda: open_state(desk))
            return desk.page("verify.html", typed=typed, state=state, status=done.status)
        return desk.go("now", "The stage for verifying has begun: holders of a bypass may run jobs.")

    add = desk.blueprint.add_url_rule
    add("/end", "end", end, methods=["GET", "POST"])
    add("/verify", "verify", verify, methods=["GET", "POST"])


def _page(desk: Desk, typed: Typed, status: int) -> ResponseReturnValue:
    state = asked(lambda: open_state(desk))
    compared = asked(desk.guard.differences) if state.value is not None else Answer(None)
    return desk.page("end.html", typed=typed, state=state, compared=compared, status=status)


def _ended(window: Window | None) -> list[str]:
    if window is None:
        return ["The gates are open. Parked jobs still go back to their queues; this goes on by itself."]
    said = ["Maintenance is over: the gates are open."]
    if window.released:
        said.append(f"{counted(window.released, 'parked job')} went back.")
    if window.expired:
        said.append(f"{counted(window.expired, 'of them', 'of them')} passed their own expiry meanwhile.")
    if window.still_parked:
        said.append(f"{counted(window.still_parked, 'job is', 'jobs are')} still parked; a worker goes on.")
    elif window.still_parked is None:
        said.append("Whether jobs are still parked, the broker did not say.")
    if window.rolled_back is not None:
        restored, failed = len(window.rolled_back.restored), len(window.rolled_back.failed)
        said.append(f"Rolled back: {restored} restored, {failed} failed.")
    return [*said, *window.warnings]
