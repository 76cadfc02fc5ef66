"""Workers: who is there, who has acknowledged which epoch, and what each runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from guard.web.admin.answers import asked
from guard.web.admin.paging import Pager

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from guard.core.roster import RosterEntry
    from guard.web.admin.desk import Desk

__all__ = ["add_pages"]

_PER_PAGE = 50
_MOST_PAGES = 40


def add_pages(desk: Desk) -> None:
    """The list."""

    def workers() -> ResponseReturnValue:
        pager = Pager.of(request.args, per_page=_PER_PAGE, most=_MOST_PAGES)
        roster = asked(desk.guard.workers).value
        ours = None
        if roster is not None:
            ours = _sorted([entry for entry in roster if entry.card.role == "worker"])
        return desk.page(
            "workers.html",
            workers=pager.cut(ours) if ours is not None else None,
            publishers=sum(entry.card.role != "worker" for entry in roster) if roster is not None else None,
            pager=pager,
            lease=desk.guard.settings.guard_lease_seconds,
        )

    desk.blueprint.add_url_rule("/workers", "workers", workers)


def _sorted(entries: list[RosterEntry]) -> list[RosterEntry]:
    """Those that somebody should look at first: with a problem, behind, silent."""
    newest = max((entry.acknowledged_epoch for entry in entries), default=0)
    return sorted(
        entries,
        key=lambda entry: (
            not entry.card.problem,
            entry.acknowledged_epoch >= newest,
            entry.seen_seconds_ago < 5.0,
            entry.card.node,
            entry.card.pid,
        ),
    )
