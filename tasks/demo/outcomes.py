"""Reads from Celery's result backend what became of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import states
from celery.exceptions import ChordError

from tasks.captions.captioner import CaptionFailed
from tasks.demo.ledger import Job, Outcome
from tasks.images.errors import BrokenImage
from tasks.names import GENERATE_CAPTION, OPTIMIZE_IMAGE, PROCESS_BATCH, SUMMARISE_BATCH

if TYPE_CHECKING:
    from celery import Celery

    from tasks.demo.ledger import Ledger

_EXPLAINED = (BrokenImage, CaptionFailed, ChordError)
"""Failures that lie in an image, or follow from one in the same batch."""


def settle(app: Celery, ledger: Ledger) -> None:
    """Enter the outcomes known by now; a finished batch enters the jobs that it made."""
    open_jobs = {job.task_id: job for job in ledger.unsettled}
    backend: Any = app.backend  # `get_many`, one MGET, is not in Celery's type stubs
    for task_id, result in backend.get_many(list(open_jobs), interval=0, max_iterations=1):
        _settle(open_jobs[task_id], result, ledger)


def _settle(job: Job, result: dict[str, Any], ledger: Ledger) -> None:
    value = result["result"]
    if result["status"] == states.SUCCESS:
        job.outcome = Outcome.DONE
        if job.task == PROCESS_BATCH:
            for made in _made_by(job, value):
                ledger.add(made)
        return
    job.outcome = Outcome.FAILED
    job.explained = isinstance(value, _EXPLAINED)
    job.why = (
        "a job of its batch failed" if isinstance(value, ChordError) else getattr(value, "why", str(value))
    )


def _why(error: object) -> str:
    if isinstance(error, ChordError):
        return "a job of its batch failed"
    return error.why if isinstance(error, BrokenImage | CaptionFailed) else str(error)


def _made_by(batch: Job, value: dict[str, Any]) -> list[Job]:
    # For each image in turn, as `tasks.batch.process` makes them.
    planned = [(task, (file,)) for file in batch.files for task in (OPTIMIZE_IMAGE, GENERATE_CAPTION)]
    made = [
        Job(task_id=task_id, task=task, files=files, batch_id=batch.task_id)
        for task_id, (task, files) in zip(value["task_ids"], planned, strict=True)
    ]
    if value["summary_id"] is not None:
        summary = Job(
            task_id=value["summary_id"], task=SUMMARISE_BATCH, files=batch.files, batch_id=batch.task_id
        )
        made.append(summary)
    return made
