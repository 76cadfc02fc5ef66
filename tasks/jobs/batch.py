"""`tasks.batch.*`: many images at once, as a chord or as a group over the image and caption jobs.

Every job of a batch has an id made from the batch's own. A batch that is delivered twice therefore dispatches
jobs with the same ids again: they overwrite their rows instead of adding second ones. The row is written
before anything is dispatched, since the last job of a chord may end before `process` does.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, get_args

from celery import Task, chord, group, states

from tasks.app import app
from tasks.jobs.wiring import results
from tasks.names import FAIL_BATCH, GENERATE_CAPTION, OPTIMIZE_IMAGE, PROCESS_BATCH, SUMMARISE_BATCH
from tasks.results.schema import job_batches
from tasks.results.store import BatchShape

if TYPE_CHECKING:
    from celery.canvas import Signature


@app.task(name=PROCESS_BATCH, operation="batch_operations", bind=True)
def process(self: Task[..., Any], paths: list[str], shape: BatchShape = "chord") -> dict[str, Any]:
    """Dispatch an image job and a caption job for each path.

    Args:
        paths: Image files, at least one.
        shape: `chord`: when all have succeeded, `tasks.batch.summarise` marks the batch done; when one fails,
            `tasks.batch.fail` marks it failed. `group`: nothing follows, the row keeps the ids.

    Returns:
        `{batch_id, shape, task_ids, summary_id}`; `summary_id` is None for a group. The batch id is this
        job's own.

    Raises:
        ValueError: No list of paths, or an unknown shape. Nothing was dispatched or written.
    """
    if not paths or isinstance(paths, str):  # a lone string would be a batch of its letters
        raise ValueError("a batch needs a list of at least one image path")
    if shape not in get_args(BatchShape):
        raise ValueError(f"shape {shape!r} is unknown; use one of {', '.join(get_args(BatchShape))}")
    batch_id = str(self.request.id)
    jobs = _jobs(batch_id, paths)
    task_ids = [str(job.options["task_id"]) for job in jobs]
    results().save_batch(batch_id, shape=shape, state="started", images=len(paths), task_ids=task_ids)
    summary_id: str | None = None
    if shape == "chord":
        summary_id = _child_id(batch_id, SUMMARISE_BATCH)
        body = app.signature(SUMMARISE_BATCH, kwargs={"batch_id": batch_id}).set(task_id=summary_id)
        chord(jobs, app=app)(body.on_error(app.signature(FAIL_BATCH, kwargs={"batch_id": batch_id})))
    else:
        group(jobs, app=app).apply_async()
        results().save_batch(batch_id, shape=shape, state="dispatched", images=len(paths), task_ids=task_ids)
    return {"batch_id": batch_id, "shape": shape, "task_ids": task_ids, "summary_id": summary_id}


@app.task(name=SUMMARISE_BATCH, operation="batch_operations")
def summarise(parts: list[dict[str, Any]], batch_id: str) -> dict[str, Any]:
    """The chord's body: mark the batch done.

    Args:
        parts: What the jobs returned, in order.
        batch_id: The batch's task id.

    Returns:
        `{batch_id, images, captions, bytes_before, bytes_after}`; bytes over all images.
    """
    images = [part for part in parts if "bytes_after" in part]
    task_ids = [str(job_id) for job_id in _row(batch_id)["task_ids"]]
    results().save_batch(batch_id, shape="chord", state="done", images=len(images), task_ids=task_ids)
    return {
        "batch_id": batch_id,
        "images": len(images),
        "captions": len(parts) - len(images),
        "bytes_before": sum(part["bytes_before"] for part in images),
        "bytes_after": sum(part["bytes_after"] for part in images),
    }


# Bound, although `self` is not used: Celery calls an unbound error callback of two arguments inline, in the
# child that ran the last part; a bound one it publishes as a job like any other.
@app.task(name=FAIL_BATCH, operation="batch_operations", bind=True)
def fail(self: Task[..., Any], summary_id: str, batch_id: str) -> dict[str, Any]:  # noqa: ARG001
    """The chord's error callback: mark the batch failed and say which of its jobs did.

    Args:
        summary_id: The task id of the body that will not run; Celery passes it.
        batch_id: The batch's task id.

    Returns:
        `{batch_id, failed: [task id]}`
    """
    row = _row(batch_id)
    task_ids = [str(job_id) for job_id in row["task_ids"]]
    outcomes = {job_id: app.AsyncResult(job_id) for job_id in task_ids}
    failed = {
        job_id: outcome.result for job_id, outcome in outcomes.items() if outcome.state == states.FAILURE
    }
    failure = f"{len(failed)} of {len(task_ids)} jobs failed: " + "; ".join(
        str(why) for why in failed.values()
    )
    results().save_batch(
        batch_id,
        shape="chord",
        state="failed",
        images=row["images"],
        task_ids=task_ids,
        failure=failure[:2000],
    )
    return {"batch_id": batch_id, "failed": list(failed)}


def _jobs(batch_id: str, paths: list[str]) -> list[Signature[Any]]:
    return [
        app.signature(name, args=(path,)).set(task_id=_child_id(batch_id, f"{name}/{index}"))
        for index, path in enumerate(paths)
        for name in (OPTIMIZE_IMAGE, GENERATE_CAPTION)
    ]


def _child_id(batch_id: str, role: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{batch_id}/{role}"))


def _row(batch_id: str) -> dict[str, Any]:
    row = results().row(job_batches, batch_id)
    if row is None:
        raise LookupError(f"batch {batch_id} has no row: it was written to another database")
    return row
