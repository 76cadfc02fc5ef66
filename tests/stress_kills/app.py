"""The Celery app of the workers: `celery -A tests.stress_kills.app worker` reads the environment.

Two queues, one for each worker: a round needs to know which job is where. `one` carries guarded work alone
and is held; `two` carries other work too, so jobs that are given back are parked.
"""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import Celery, Task
from celery.signals import worker_ready
from kombu import Queue

import guard
from guard.core.named_events import EventName
from tests.stress_kills.jobs import CHARACTERS, Run
from tests.stress_kills.journal import append, ran_before
from tests.stress_kills.mistakes import make_mistake

if TYPE_CHECKING:
    from guard.core.named_events import NamedEvent

__all__ = ["ACKS", "WORKERS", "build", "task_name"]

WORKERS = ("one", "two")
ACKS: dict[str, dict[str, Any]] = {
    "late": {},
    "early": {"acks_late": False},
    "resumable": {"acks_late": False, "resumable": True},
}
_STANDERS_BY = "aside"


def task_name(worker: str, acks: str, *, soft: bool) -> str:
    """The task of a job."""
    return f"{worker}.{acks}{'_soft' if soft else ''}"


def build(environ: dict[str, str]) -> tuple[Celery, guard.Guard]:
    """App and guard."""
    app = Celery(
        "kills", broker=environ["KILLS_BROKER"], backend=environ["KILLS_BACKEND"], set_as_current=False
    )
    app.conf.update(
        broker_connection_retry_on_startup=True,
        # What a killed worker had is looked for at every tenth interval.
        broker_transport_options={
            "visibility_timeout": int(environ["KILLS_VISIBILITY"]),
            "unacked_restore_interval": 1,
        },
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_prefetch_multiplier=1,
        worker_lost_wait=1.0,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue=_STANDERS_BY,
        task_queues=[Queue(name, routing_key=name) for name in (*WORKERS, _STANDERS_BY)],
        task_routes={f"{worker}.*": worker for worker in WORKERS},
        result_expires=3600,
    )
    ours = ("GUARD_", "DATABASE_URL", "REDIS_URL")
    settings = {name: value for name, value in environ.items() if name.startswith(ours)}
    settings.pop("GUARD_REQUIRE_SERVERS", None)
    installed = guard.install(app, guard.load_settings(settings))
    _define(app)
    return app, installed


def _define(app: Celery) -> None:
    def job(self: Task, character: str, after: float, journal: str) -> str:
        run = Run(self, journal, after)
        again = self.request.retries > 0 or ran_before(journal, self.request.id)
        append(
            journal, {"event": "start", "id": self.request.id, "n": self.request.retries, "pid": os.getpid()}
        )
        if not again:
            try:
                CHARACTERS[character](run)
            except BaseException as error:
                run.note("left", error=type(error).__name__)
                raise
        run.note("end")
        return "done"

    for worker in WORKERS:
        for acks, options in ACKS.items():
            for soft in (False, True):
                name = task_name(worker, acks, soft=soft)
                app.task(name=name, shared=False, bind=True, soft_stop=soft, **options)(job)

    @app.task(name="two.other", shared=False, operation="admin_operations")
    def other() -> None:
        """Never sent. That it is routed there makes the queue one of mixed work."""

    @app.task(name="aside.stands_by", shared=False, bind=True, operation="admin_operations")
    def stands_by(self: Task, journal: str) -> None:
        """No window is about it. It must not be hurt."""
        run = Run(self, journal, 0.0)
        run.note("start")
        over = Path(journal).with_suffix(".over")
        while not over.exists():
            time.sleep(0.05)
        run.note("end")


def _told(event: NamedEvent) -> None:
    if event.name is EventName.JOB_SIGNALLED:
        told = {name: event.fields[name] for name in ("signal", "pid", "window_id")}
        append(os.environ["KILLS_EVENTS"], {"id": event.fields["task_id"], **told})


def _collect_less(**_signal: Any) -> None:
    """Celery collects garbage before each fork. With twenty children to replace its main loop does
    nothing else for seconds; what is here at the start is never garbage."""
    gc.collect()
    gc.freeze()


if "KILLS_EVENTS" in os.environ:
    worker_ready.connect(_collect_less, weak=False)
    app, installed = build(dict(os.environ))
    installed.subscribe(_told)
    make_mistake(os.environ.get("KILLS_MISTAKE", ""))
