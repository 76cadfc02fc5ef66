"""A user's project: all of this is right, and a type checker finds nothing. It sees the installed wheel."""

from celery import Celery

import guard
from guard import GuardedTask, MaintenanceActive, Mode, Window

app = Celery("shop", broker="redis://localhost:6379/0", task_cls="guard:GuardedTask")
maintenance = guard.install(app)


class Resize(GuardedTask):
    """A task as a class."""

    operation = "image_processing"

    def run(self, path: str) -> int:
        """Ends itself when it is asked to."""
        guard.checkpoint()
        return len(path)


def order(path: str) -> tuple[str, int]:
    """What a web application answers."""
    try:
        app.send_task("shop.resize", args=[path])
    except MaintenanceActive as refused:
        return refused.message, refused.retry_after
    return "accepted", 0


def upgrade() -> Window:
    """A window from code."""
    window = maintenance.enable(reason="Database upgrade", by="alice", mode=Mode.NORMAL, duration=5400)
    maintenance.change(by="alice", mode="emergency")
    for job in window.running or ():
        print(job.task_id, job.since)
    return maintenance.disable(by="alice")


def look() -> str:
    """What the guard knows."""
    status = maintenance.status()
    live = status.workers.live
    return f"{guard.__version__}: {status.mode or 'open'}, {live if live is not None else 'unknown'} workers"
