"""Planned windows: listed, added, changed, cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.access import Deed, Right
from guard.core.deeds import deed_of_plan
from guard.web.api.asked import Reply, Route
from guard.web.api.shapes import planned as shapes
from guard.web.api.shapes import windows

if TYPE_CHECKING:
    from guard.api.schedule import PlannedWindow
    from guard.web.api.asked import Asked

__all__ = ["ROUTES"]

_GROUP = "planned windows"


def _list(asked: Asked) -> Reply:
    found = asked.guard.schedule.list(starts=asked.query.starts, cancelled=asked.query.cancelled)
    return Reply(body={"planned": [_view(one) for one in found]})


def _show(asked: Asked) -> Reply:
    return _one(asked.guard.schedule.show(asked.values["ref"]))


def _add(asked: Asked) -> Reply:
    return _one(asked.guard.schedule.add(by=asked.by, **asked.body.given()))


def _change(asked: Asked) -> Reply:
    return _one(asked.guard.schedule.change(asked.values["ref"], by=asked.by, **asked.body.given()))


def _cancel(asked: Asked) -> Reply:
    return _one(asked.guard.schedule.cancel(asked.values["ref"], by=asked.by))


def _one(planned: PlannedWindow) -> Reply:
    return Reply(body={"success": True, "planned": _view(planned)})


def _view(planned: PlannedWindow) -> dict[str, Any]:
    told = planned.to_dict()
    told["skipped"] = told.pop("except")  # as it is said when one is added
    return told


def _deed(asked: Asked) -> Deed:
    return deed_of_plan(at_deadline=asked.body.at_deadline)


def _deed_of_change(asked: Asked) -> Deed:
    """A plan that makes an emergency by itself is moved by who may start one."""
    planned = asked.guard.schedule.show(asked.values["ref"]).plan.terms.at_deadline.value
    return deed_of_plan(at_deadline=asked.body.at_deadline, planned=planned)


ROUTES = (
    Route(
        method="GET",
        path="/maintenance/planned",
        name="planned",
        group=_GROUP,
        summary="Planned windows, by their next start.",
        answer=_list,
        gives=shapes.PlannedListAnswer,
        query=shapes.PlannedQuery,
    ),
    Route(
        method="GET",
        path="/maintenance/planned/<ref>",
        name="planned_window",
        group=_GROUP,
        summary="One plan, by id or name, with its next starts and what became of the last ones.",
        answer=_show,
        gives=shapes.PlannedAnswer,
        missing=True,
    ),
    Route(
        method="POST",
        path="/maintenance/planned",
        name="plan_add",
        group=_GROUP,
        summary="Plan a window, once or again and again.",
        answer=_add,
        gives=shapes.PlannedAnswer,
        right=Right.OPERATE,
        deed=_deed,
        body=shapes.PlanRequest,
    ),
    Route(
        method="POST",
        path="/maintenance/planned/<ref>",
        name="plan_change",
        group=_GROUP,
        summary="Change a plan; what is not given stays.",
        answer=_change,
        gives=shapes.PlannedAnswer,
        right=Right.OPERATE,
        deed=_deed_of_change,
        body=shapes.PlanChangeRequest,
        missing=True,
    ),
    Route(
        method="POST",
        path="/maintenance/planned/<ref>/cancel",
        name="plan_cancel",
        group=_GROUP,
        summary="Plan no more starts. A window that has begun goes on.",
        answer=_cancel,
        gives=shapes.PlannedAnswer,
        right=Right.OPERATE,
        deed=Deed.PLAN,
        body=windows.NoRequest,
        missing=True,
    ),
)
