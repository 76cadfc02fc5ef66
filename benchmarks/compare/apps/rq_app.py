"""RQ: `rq suspend`, `rq resume`."""

from __future__ import annotations

import os

from redis import Redis
from rq import Queue
from rq.suspension import resume, suspend

from benchmarks.compare.job import work

connection = Redis.from_url(os.environ["COMPARE_REDIS"])
queue = Queue("jobs", connection=connection)


class RqTool:
    """The functions that the commands `rq suspend` and `rq resume` call."""

    def publish(self, job_id: str) -> bool:
        """Enqueue."""
        queue.enqueue(work, job_id, job_id=job_id)
        return True

    def pause(self) -> None:
        """Set the key that workers look at between two jobs."""
        suspend(connection)

    def resume(self) -> None:
        """Delete it."""
        resume(connection)

    def held(self) -> dict[str, int]:
        """The queue and the registries."""
        return {
            "queue": len(queue),
            "started registry": len(queue.started_job_registry.get_job_ids(cleanup=False)),
            "failed registry": len(queue.failed_job_registry.get_job_ids(cleanup=False)),
        }

    def running(self) -> list[str] | None:
        """The registry of started jobs."""
        return [str(job_id) for job_id in queue.started_job_registry.get_job_ids(cleanup=False)]


def make_tool() -> RqTool:
    """What serves the harness."""
    return RqTool()
