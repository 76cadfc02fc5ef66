"""The Celery app of the fleet: jobs that write down when they start and end, and what the gate was then.

`celery -A tests.stress.shop worker` reads the environment. Processes know each other by STRESS_PROCESS, a
label that no other process of the session ever has.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
import time
import uuid
from typing import Any

from celery import Celery, Task
from celery.signals import beat_init, task_prerun, worker_ready
from kombu import Queue

import guard
from guard.gates.runtime import slot_of_job
from tests.stress import mistakes
from tests.stress.journal import Journal, boot

GUARDED_QUEUE, MIXED_QUEUE, OPEN_QUEUE, OWN_QUEUE = QUEUES = ("guarded", "mixed", "open", "maintenance")
OURS = ("GUARD_", "MAINTENANCE_", "EMERGENCY_", "DATABASE_URL", "REDIS_URL")
TICK_SECONDS = 2.0

_thread = threading.local()
faulthandler.register(signal.SIGUSR2, all_threads=True)


def build(environ: dict[str, str]) -> tuple[Celery, guard.Guard]:
    """The app and its guard."""
    app = Celery("stress", broker=environ["STRESS_BROKER"], backend=environ["STRESS_BACKEND"])
    app.conf.update(
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={"confirm_publish": True},
        worker_cancel_long_running_tasks_on_connection_loss=False,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue=GUARDED_QUEUE,
        task_queues=[Queue(name, routing_key=name) for name in QUEUES],
        task_routes={
            "stress.mixed*": MIXED_QUEUE,
            "stress.free": OPEN_QUEUE,
            "stress.conduct": OWN_QUEUE,
            "stress.advance": OWN_QUEUE,
        },
        worker_prefetch_multiplier=2,
        # Celery's threads pool may hang at its end without it, on RabbitMQ (docs/stress.md)
        worker_enable_prefetch_count_reduction=False,
        worker_send_task_events=False,
        result_expires=600,
        beat_schedule={
            "advance": {"task": "stress.advance", "schedule": TICK_SECONDS},
            "tick": {"task": "stress.tick", "schedule": TICK_SECONDS},
        },
        beat_schedule_filename=environ["STRESS_FOLDER"] + "/beat",
        beat_max_loop_interval=0.5,
    )
    names = {name: value for name, value in environ.items() if name.startswith(OURS)}
    names.pop("GUARD_REQUIRE_SERVERS", None)
    installed = guard.install(app, guard.load_settings(names))
    define(app, installed, Journal(environ["STRESS_FOLDER"] + "/jobs"))
    return app, installed


def define(app: Celery, maintenance: guard.Guard, journal: Journal) -> None:
    """Add the jobs, and those of the orchestrator, to the app."""

    def note(event: str, task: Task[..., Any], **more: Any) -> None:
        journal.note(event, **_about(task, maintenance), **more)

    def job(self: Task[..., Any], seconds: float = 0.0) -> None:
        """Runs for a while, and stops at a checkpoint when it is asked to."""
        note("start", self)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))
            guard.checkpoint()
        note("end", self)

    app.task(name="stress.job", bind=True, operation="job_creation")(job)
    app.task(name="stress.mixed", bind=True, operation="caption_generation")(job)
    app.task(name="stress.tick", bind=True, operation="batch_operations", expires=1.0)(job)
    app.task(name="stress.free", bind=True, operation="admin_operations")(job)
    app.task(name="stress.mixed_free", bind=True, operation="admin_operations")(job)

    @app.task(name="stress.deaf", bind=True, operation="image_processing")
    def deaf(self: Task[..., Any], seconds: float) -> None:
        """Hears nothing until it is ended."""
        note("start", self)
        time.sleep(seconds)
        note("end", self)

    @app.task(name="stress.parent", bind=True, operation="job_creation")
    def parent(self: Task[..., Any], seconds: float) -> None:
        """Publishes a job in the middle: a continuation, which is never refused."""
        note("start", self)
        time.sleep(seconds)
        child = uuid.uuid4().hex
        journal.note("offer", id=child, task="stress.mixed")
        try:
            app.tasks["stress.mixed"].apply_async((), task_id=child, retry=False)
        except Exception as error:
            journal.note("unknown", id=child, why=type(error).__name__)
            note("end", self, raised=type(error).__name__)
            raise
        journal.note("accepted", durable=True, id=child)
        note("end", self)

    @app.task(name="stress.conduct", bind=True, operation="admin_operations", ignore_result=True)
    def conduct(self: Task[..., Any], request: dict[str, Any]) -> None:
        """The orchestrator: opens a window and drains it."""
        from tests.stress.opener import enable

        note("start", self)
        try:
            enable(maintenance, Journal(os.environ["STRESS_FOLDER"] + "/windows"), request)
            maintenance.drain(within=2)
        finally:
            note("end", self)

    @app.task(name="stress.advance", operation="admin_operations", ignore_result=True, expires=2.0)
    def advance() -> None:
        """The orchestrator's tick: brings on a window that its opener has left."""
        maintenance.drain(within=1.0)


def _about(task: Task[..., Any], maintenance: guard.Guard) -> dict[str, Any]:
    """Of which job and process this is, and what gate it went through.

    `prerun` is when Celery announced the job, before the gate; `entered` is when the gate looked. A slot that
    still has the time of an earlier job is told by that.
    """
    slot, request = slot_of_job(), task.request
    page = maintenance._parts.runtime.page
    gate, epoch, _ = page.read() if page is not None else (None, None, None)
    return {
        "id": request.id,
        "task": task.name,
        "process": os.environ["STRESS_PROCESS"],
        "pid": os.getpid(),
        "prerun": getattr(_thread, "prerun", None),
        "entered": slot.words[slot.base + 3] / 1000 if slot is not None else None,
        "gate": gate.name if gate is not None else None,
        "epoch": epoch,
        "redelivered": bool((request.delivery_info or {}).get("redelivered")),
    }


@task_prerun.connect
def _prerun(**_: Any) -> None:
    _thread.prerun = boot()


def _announce(**_: Any) -> None:
    Journal(os.environ["STRESS_FOLDER"] + "/processes").note(
        "ready", process=os.environ["STRESS_PROCESS"], pid=os.getpid()
    )


if "STRESS_BROKER" in os.environ:
    app, maintenance = build(dict(os.environ))
    worker_ready.connect(_announce)
    beat_init.connect(_announce)
    mistakes.make(os.environ.get("STRESS_MISTAKE", ""))
