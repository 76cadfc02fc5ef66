"""The app that the benchmarks run: jobs that do next to nothing, with the guard or without.

``celery -A benchmarks.noop worker`` reads the environment; BENCH_GUARDED chooses the arm. Everything
else is the same in both. BENCH_IMPORTS names libraries that an app may use anyway.
"""

from __future__ import annotations

import json
import os
import time
from functools import cache
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import Celery
from celery.signals import worker_ready
from kombu import Queue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard import Guard

__all__ = ["QUEUE", "build"]

QUEUE = "jobs"
SHELF = "shelf"
"""A queue that no worker takes from: messages are published there and moved when a round begins."""
MARKS = "marks"
DEAF = 16
"""How many jobs of a round are deaf: those that come later have been deaf before."""


def build(environ: Mapping[str, str]) -> tuple[Celery, Guard | None]:
    """The app, and its guard in the guarded arm."""
    for library in environ.get("BENCH_IMPORTS", "").split():
        import_module(library)
    app = Celery(
        "noop", broker=environ["BENCH_BROKER"], backend=environ.get("BENCH_BACKEND"), set_as_current=False
    )
    app.conf.update(
        broker_connection_retry_on_startup=True,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        task_default_queue=QUEUE,
        task_queues=[Queue(QUEUE, routing_key=QUEUE), Queue(SHELF, routing_key=SHELF)],
        task_ignore_result=True,
        worker_prefetch_multiplier=int(environ.get("BENCH_PREFETCH", "4")),
    )
    guard = None
    if environ.get("BENCH_GUARDED"):
        from guard import install, load_settings

        ours = ("GUARD_", "MAINTENANCE_", "DATABASE_URL", "REDIS_URL")
        guard = install(app, load_settings({k: v for k, v in environ.items() if k.startswith(ours)}))

    @app.task(name="noop.nothing", shared=False)
    def nothing() -> None:
        """As little as a job can do."""

    @app.task(name="noop.picture", shared=False)
    def picture() -> None:
        """What an image job is made of, without a disk: decode, shrink, encode. Some milliseconds."""
        from PIL import Image

        image = Image.open(BytesIO(_photo()))
        image.thumbnail((400, 400), Image.Resampling.LANCZOS)
        image.save(BytesIO(), "JPEG", quality=85)

    @app.task(name="noop.pause", shared=False)
    def pause(seconds: float) -> None:
        time.sleep(seconds)

    @app.task(name="noop.tell", shared=False, acks_late=True)
    def tell(name: str, seconds: float) -> None:
        """Say when this job begins and, as its last deed, when it ends."""
        with app.connection_for_write() as connection:
            client = connection.default_channel.client
            client.rpush(f"began-{name}", 1)
            time.sleep(seconds)
            client.rpush(f"ended-{name}", time.monotonic())

    @app.task(name="noop.mark", shared=False)
    def mark(name: str) -> None:
        """Say when this job ran: the first and the last of a round."""
        with app.connection_for_write() as connection:
            connection.default_channel.client.rpush(MARKS, json.dumps([name, time.monotonic()]))

    _define_stoppable(app)
    return app, guard


@cache
def _photo() -> bytes:
    """A JPEG of 640x480 pixels, the same each time."""
    from PIL import Image

    file = BytesIO()
    Image.effect_noise((80, 60), 60).resize((640, 480)).convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()


def _define_stoppable(app: Celery) -> None:
    """Jobs that an emergency asks to stop: one that listens, one that is deaf."""

    @app.task(name="noop.listen", shared=False, acks_late=True)
    def listen(name: str) -> None:
        """Run until asked to stop, and say when that was heard."""
        from guard import should_stop

        with app.connection_for_write() as connection:
            client = connection.default_channel.client
            client.rpush(f"began-{name}", 1)
            while not should_stop():
                time.sleep(0.005)
            client.rpush(f"heard-{name}", time.monotonic())

    @app.task(name="noop.deaf", shared=False, acks_late=True)
    def deaf(name: str, seconds: float) -> None:
        """Swallow every signal, once."""
        end = time.monotonic() + seconds
        with app.connection_for_write() as connection:
            if connection.default_channel.client.rpush(f"began-{name}", os.getpid()) > DEAF:
                return
        while time.monotonic() < end:
            try:
                time.sleep(0.1)
            except BaseException:  # noqa: BLE001, S112 - on purpose
                continue


def _say_ready(**_signal: Any) -> None:
    """When Celery says "ready.": the time, and the processor time that the start has cost."""
    used = time.process_time()
    Path(os.environ["BENCH_READY"]).write_text(json.dumps([time.monotonic(), used]), "utf-8")


if "BENCH_BROKER" in os.environ:
    app, guard = build(os.environ)
    if "BENCH_READY" in os.environ:
        worker_ready.connect(_say_ready, weak=False)
