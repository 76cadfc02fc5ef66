"""Celery, with the guard (BENCH_GUARDED) or without. COMPARE_WAY says how it is paused without."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from celery import Celery

from benchmarks.compare import job

if TYPE_CHECKING:
    from guard import Guard

QUEUE = "jobs"
WORKERS = 2

app = Celery("compared", broker=os.environ["COMPARE_BROKER"])
app.conf.update(task_default_queue=QUEUE, task_ignore_result=True, broker_connection_retry_on_startup=True)
guard: Guard | None = None
if "BENCH_GUARDED" in os.environ:
    from guard import install

    guard = install(app)


@app.task(name="compared.work")
def work(job_id: str) -> None:
    """The job, with Celery's defaults: acknowledged before it runs."""
    job.work(job_id)


class CeleryTool:
    """Plain Celery. The ids of the jobs are the ids of the journal."""

    def publish(self, job_id: str) -> bool:
        """Publish; the guard may refuse."""
        if guard is None:
            work.apply_async((job_id,), task_id=job_id)
            return True
        from guard import MaintenanceActive

        try:
            work.apply_async((job_id,), task_id=job_id)
        except MaintenanceActive:
            return False
        return True

    def pause(self) -> None:
        """Cancel the consumers, or revoke every job that was published and has not ended."""
        if os.environ["COMPARE_WAY"] == "revoke":
            app.control.revoke(_not_ended(), terminate=True)
        else:
            app.control.cancel_consumer(QUEUE, reply=True, limit=WORKERS)

    def resume(self) -> None:
        """Add the consumers again. What was revoked cannot be brought back."""
        if os.environ["COMPARE_WAY"] != "revoke":
            app.control.add_consumer(QUEUE, reply=True, limit=WORKERS)

    def held(self) -> dict[str, int]:
        """The queue, and what workers have taken and not acknowledged."""
        with app.connection_for_write() as connection:
            client = connection.default_channel.client
            return {"queue": int(client.llen(QUEUE)), "taken by workers": int(client.hlen("unacked"))}

    def running(self) -> list[str] | None:
        """What those workers say that answer within `inspect`'s second."""
        answers = app.control.inspect().active() or {}
        return [task["id"] for tasks in answers.values() for task in tasks]


class GuardTool(CeleryTool):
    """The guard: a window."""

    def __init__(self, installed: Guard) -> None:
        self._guard = installed
        self._ran: list[str] = []

    def pause(self) -> None:
        """Open a window."""
        window = self._guard.enable(reason="comparison", by="comparison", duration=600)
        self._ran = [running.task_id for running in window.running or ()]

    def resume(self) -> None:
        """End it."""
        self._guard.disable(by="comparison")

    def held(self) -> dict[str, int]:
        """The queue, what workers have taken, and what is parked."""
        with app.connection_for_write() as connection:
            parked = int(connection.default_channel.client.llen("guard.parked"))
        return {**super().held(), "parked": parked}

    def running(self) -> list[str] | None:
        """What `enable()` has said."""
        return self._ran


def _not_ended() -> list[str]:
    """An operator who has kept a list of what was published. Celery has none."""
    events: dict[str, set[str]] = {"accepted": set(), "ended": set()}
    for line in Path(os.environ["COMPARE_JOURNAL"]).read_text("ascii").splitlines():
        event, job_id, *_ = line.split()
        events.setdefault(event, set()).add(job_id)
    return sorted(events["accepted"] - events["ended"])


def make_tool() -> CeleryTool:
    """What serves the harness."""
    return GuardTool(guard) if guard is not None else CeleryTool()
