"""Jobs: those in flight while closed, those that are parked, and where one job is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from guard.core.access import Deed
from guard.errors import NotParked
from guard.web.admin.answers import asked
from guard.web.admin.paging import Pager

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from guard.core.parked import ParkedJob
    from guard.web.admin.desk import Desk
    from guard.web.admin.fields import Typed

__all__ = ["add_pages"]

_PER_PAGE = 50
_MOST_PAGES = 20
_MOST_RUNNING = 200
_LONGEST_ID = 200


def add_pages(desk: Desk) -> None:
    """The list, and what can be done to one parked job."""

    def jobs() -> ResponseReturnValue:
        pager = Pager.of(request.args, per_page=_PER_PAGE, most=_MOST_PAGES)
        wanted = request.args.get("id", "").strip()[:_LONGEST_ID]
        return desk.page(
            "jobs.html",
            wanted=wanted,
            found=asked(lambda: desk.guard.job(wanted)) if wanted else None,
            parked=asked(lambda: pager.cut(desk.guard.parked.list(pager.reach))),
            pager=pager,
            most_running=_MOST_RUNNING,
        )

    def release(task_id: str) -> ResponseReturnValue:
        typed = desk.typed()
        if request.method != "POST":
            return _one(desk, "release_job.html", task_id, typed)
        done = desk.do(
            Deed.RELEASE_JOBS,
            {"release": task_id},
            typed,
            lambda by: desk.guard.parked.release(task_id, by=by),
        )
        if done.error is not None:
            return _one(desk, "release_job.html", task_id, typed, status=done.status)
        job: ParkedJob = done.value
        return desk.go("jobs", f"{job.task} {job.task_id} went back to queue {job.queue}.")

    def discard(task_id: str) -> ResponseReturnValue:
        typed = desk.typed()
        if request.method != "POST":
            return _one(desk, "discard_job.html", task_id, typed)
        done = desk.do(
            Deed.DISCARD_JOBS,
            {"discard": task_id},
            typed,
            lambda by: desk.guard.parked.discard(task_id, by=by),
        )
        if done.error is not None:
            return _one(desk, "discard_job.html", task_id, typed, status=done.status)
        return desk.go("jobs", f"{done.value.task} {done.value.task_id} was discarded.")

    add = desk.blueprint.add_url_rule
    add("/jobs", "jobs", jobs)
    add("/jobs/<task_id>/release", "release_job", release, methods=["GET", "POST"])
    add("/jobs/<task_id>/discard", "discard_job", discard, methods=["GET", "POST"])


def _one(desk: Desk, template: str, task_id: str, typed: Typed, *, status: int = 200) -> ResponseReturnValue:
    job = desk.guard.parked.get(task_id[:_LONGEST_ID])
    if job is None and status == 200:
        typed.say(str(NotParked(task_id[:_LONGEST_ID])))
        status = 404
    return desk.page(template, job=job, task_id=task_id[:_LONGEST_ID], typed=typed, status=status)
