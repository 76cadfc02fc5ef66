"""Huey: `revoke_all`, `restore_all`."""

from __future__ import annotations

import os

from huey import RedisHuey

from benchmarks.compare import job

huey = RedisHuey("compared", url=os.environ["COMPARE_REDIS"])


@huey.task(name="work")
def work(job_id: str) -> None:
    """The job."""
    job.work(job_id)


class HueyTool:
    """Revoking a task class: its jobs are taken from the queue and dropped until it is restored."""

    def publish(self, job_id: str) -> bool:
        """Enqueue."""
        work(job_id)
        return True

    def pause(self) -> None:
        """Revoke all of this task."""
        huey.revoke_all(work.task_class)

    def resume(self) -> None:
        """Restore them."""
        huey.restore_all(work.task_class)

    def held(self) -> dict[str, int]:
        """The queue. What a worker has taken is nowhere else."""
        return {"queue": int(huey.pending_count())}

    def running(self) -> list[str] | None:
        """Huey does not keep that."""
        return None


def make_tool() -> HueyTool:
    """What serves the harness."""
    return HueyTool()
