"""Puts the pages of the admin together."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import Blueprint
from werkzeug.exceptions import HTTPException

from guard.web.admin import (
    approvals,
    changing,
    ending,
    glance,
    history,
    jobs,
    plans,
    reports,
    sessions,
    starting,
    workers,
)
from guard.web.admin.desk import Desk
from guard.web.admin.entrance import Entrance

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue

    from guard.api import Guard
    from guard.web.door import Door
    from guard.web.standing import Standing

__all__ = ["make_admin"]

log = logging.getLogger(__name__)

_PAGES = (glance, starting, changing, ending, jobs, workers, sessions, history, plans, reports, approvals)


def make_admin(guard: Guard, door: Door, standing: Standing | None = None) -> Blueprint:
    """The admin page as a blueprint, to be mounted at `/admin/maintenance`.

    Args:
        guard: the guard of the app.
        door: knows who asks.
        standing: the status from memory, shared with whoever else shows it in this process; one of our own
            when None.
    """
    if standing is None:
        from guard.web.standing import Standing

        standing = Standing(guard)
    blueprint = Blueprint(
        "guard_admin",
        __name__,
        url_prefix="/admin/maintenance",
        static_folder="static",
        static_url_path="/static",
    )
    desk = Desk(guard=guard, door=door, standing=standing, blueprint=blueprint)
    Entrance(desk).add()
    blueprint.register_error_handler(Exception, _unexpected(desk))
    for page in _PAGES:
        page.add_pages(desk)
    return blueprint


def _unexpected(desk: Desk) -> Callable[[Exception], ResponseReturnValue]:
    """A page that says that something went wrong here, and nothing of what; the log has it."""

    def answer(error: Exception) -> ResponseReturnValue:
        if isinstance(error, HTTPException):
            return error
        log.error("a page of the admin failed", exc_info=error)
        problem = (
            "This page failed; the log of the server says why. Look at the first page before you repeat "
            "anything: what you asked for may have been done."
        )
        return desk.bare_page("refused.html", status=500, problem=problem, link="")

    return answer
