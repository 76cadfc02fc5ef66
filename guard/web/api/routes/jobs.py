"""Jobs: where one is; parked ones, listed, given back, thrown away; lost ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.access import Deed, Right
from guard.web.api.asked import Reply, Route
from guard.web.api.serving import broker_errors
from guard.web.api.shapes import windows as shapes
from guard.web.api.shapes import work

if TYPE_CHECKING:
    from guard.core.parked import ParkedJob
    from guard.web.api.asked import Asked

__all__ = ["ROUTES"]

_GROUP = "jobs"
_FIELDS = tuple(work.ParkedView.model_fields)
"""What was kept of the message beside these may hold what is nobody's business."""


def _job(asked: Asked) -> Reply:
    return Reply(body=asked.guard.job(asked.values["task_id"]).to_dict())


def _parked(asked: Asked) -> Reply:
    jobs = asked.guard.parked.list(asked.query.limit)
    try:
        total: int | None = len(asked.guard.parked)
    except broker_errors():
        total = None
    return Reply(body={"parked": total, "jobs": [_view(job) for job in jobs]})


def _release(asked: Asked) -> Reply:
    job = asked.guard.parked.release(asked.values["task_id"], by=asked.by)
    return Reply(body={"success": True, "outcome": "released", "job": _view(job)})


def _discard(asked: Asked) -> Reply:
    job = asked.guard.parked.discard(asked.values["task_id"], by=asked.by)
    return Reply(body={"success": True, "outcome": "discarded", "job": _view(job)})


def _view(job: ParkedJob) -> dict[str, Any]:
    return {name: getattr(job, name) for name in _FIELDS}


def _ledger(asked: Asked) -> Reply:
    view = asked.guard.ledger
    lost = [job.to_dict() for job in view.lost()]
    return Reply(body={"open": len(view), "can_look": view.can_look, "lost": lost})


ROUTES = (
    Route(
        method="GET",
        path="/maintenance/jobs/<task_id>",
        name="job",
        group=_GROUP,
        summary="Where a job is. An id that nobody ever used looks like a job that waits.",
        answer=_job,
        gives=work.JobAnswer,
    ),
    Route(
        method="GET",
        path="/maintenance/parked",
        name="parked",
        group=_GROUP,
        summary="Parked jobs, oldest first.",
        answer=_parked,
        gives=work.ParkedAnswer,
        query=shapes.LimitQuery,
    ),
    Route(
        method="POST",
        path="/maintenance/parked/<task_id>/release",
        name="release_job",
        group=_GROUP,
        summary="Give one parked job back now. While the gate is closed it waits in its queue.",
        answer=_release,
        gives=work.ParkedJobAnswer,
        right=Right.OPERATE,
        deed=Deed.RELEASE_JOBS,
        body=shapes.NoRequest,
        missing=True,
    ),
    Route(
        method="POST",
        path="/maintenance/parked/<task_id>/discard",
        name="discard_job",
        group=_GROUP,
        summary="Drop one parked job for good.",
        answer=_discard,
        gives=work.ParkedJobAnswer,
        right=Right.ADMIN,
        deed=Deed.DISCARD_JOBS,
        body=shapes.NoRequest,
        missing=True,
    ),
    Route(
        method="GET",
        path="/maintenance/ledger",
        name="ledger",
        group=_GROUP,
        summary="Jobs that were accepted and are nowhere, where the ledger is switched on.",
        answer=_ledger,
        gives=work.LedgerAnswer,
    ),
)
