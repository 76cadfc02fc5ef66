"""The Celery app of the acceptance tests: jobs that write down when they start and end.

`celery -A tests.acceptance.shop worker` reads the environment; the tests build their own side with
`build(environ)`. The journal is a file that every process appends whole lines to: an event log that
does not depend on what is being tested.
"""

from __future__ import annotations

import json
import os
import signal
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from celery import Celery, Task, chain, chord, group
from celery.exceptions import Ignore, Reject
from kombu import Queue

import guard
from tests.acceptance import jobs

GUARDED_QUEUE = "guarded"
MIXED_QUEUE = "mixed"
OPEN_QUEUE = "open"


def note(event: str, task: Task, **more: Any) -> None:
    """One line in the journal."""
    line = {
        "event": event,
        "id": task.request.id,
        "task": task.name,
        "pid": os.getpid(),
        "at": time.time(),
        **more,
    }
    descriptor = os.open(os.environ["SHOP_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, (json.dumps(line) + "\n").encode())
    finally:
        os.close(descriptor)


def build(environ: dict[str, str]) -> tuple[Celery, guard.Guard | None]:
    """The app, and its guard unless SHOP_UNGUARDED is set."""
    app = Celery("shop", broker=environ["SHOP_BROKER"], backend=environ["SHOP_BACKEND"], set_as_current=False)
    app.conf.update(
        broker_connection_retry_on_startup=True,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_transport_options=json.loads(environ.get("SHOP_TRANSPORT", "{}")),
        task_acks_late=environ.get("SHOP_ACKS", "late") == "late",
        task_reject_on_worker_lost=environ.get("SHOP_ACKS", "late") == "late",
        task_default_queue=GUARDED_QUEUE,
        task_default_queue_type=environ.get("SHOP_QUEUE_TYPE", "classic"),
        worker_detect_quorum_queues=True,
        task_queues=_queues(environ.get("SHOP_QUEUE_TYPE", "classic")),
        task_routes={
            "shop.mixed_*": MIXED_QUEUE,
            "shop.free_on_mixed": MIXED_QUEUE,
            "shop.free": OPEN_QUEUE,
            "shop.slow_free": OPEN_QUEUE,
            "shop.unguarded_long": OPEN_QUEUE,
        },
        worker_prefetch_multiplier=int(environ.get("SHOP_PREFETCH", "4")),
        worker_soft_shutdown_timeout=float(environ.get("SHOP_SOFT_SHUTDOWN", "0")),
        worker_enable_remote_control=not environ.get("SHOP_DEAF"),
        result_expires=3600,
        beat_schedule={
            "tick": {"task": "shop.tick", "schedule": 0.3},
        }
        if environ.get("SHOP_BEAT")
        else {},
        beat_schedule_filename=environ.get("SHOP_BEAT_FILE", "celerybeat-schedule"),
        beat_max_loop_interval=0.2,
    )
    installed = (
        None if environ.get("SHOP_UNGUARDED") else guard.install(app, guard.load_settings(_guards(environ)))
    )
    _define(app)
    jobs.define(app, note)
    if path := environ.get("SHOP_BREAK"):
        _break(path)
    if step := environ.get("SHOP_DIE_AT"):
        _die_at(step)
    if traces := environ.get("SHOP_TRACES"):
        _trace(traces)
    if refused := environ.get("SHOP_REFUSE_PUBLISH"):
        _refuse(app, refused)
    return app, installed


def _trace(path: str) -> None:
    """In each pool child: OpenTelemetry's instrumentation of Celery, with one line of JSON for each span."""
    from celery.signals import worker_process_init
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

    def instrument(**_signal: Any) -> None:
        spans = Path(path).open("a", buffering=1)  # noqa: SIM115 - for as long as the child lives
        exporter = ConsoleSpanExporter(out=spans, formatter=lambda span: span.to_json(indent=None) + "\n")
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        CeleryInstrumentor().instrument(tracer_provider=provider)

    worker_process_init.connect(instrument, weak=False)


def _refuse(app: Celery, name: str) -> None:
    """What people try first: an override that raises for one task."""
    send_task = app.send_task

    def refusing(task: str, *args: Any, **options: Any) -> Any:
        if task == name:
            raise RuntimeError("refused on purpose")
        return send_task(task, *args, **options)

    app.send_task = refusing  # type: ignore[method-assign]


def _die_at(step: str) -> None:
    """Make this process kill itself at a step: ``module:Class.method:before`` or ``…:after``."""
    module_name, path, moment = step.split(":")
    class_name, method = path.split(".")
    owner = getattr(import_module(module_name), class_name)
    original = getattr(owner, method)

    def deadly(*args: Any, **options: Any) -> Any:
        if moment == "after":
            original(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, method, deadly)


def _break(path: str) -> None:
    """Take a method away, as a release of Celery that no longer calls it would: ``module:Class.method``."""
    module_name, _, dotted = path.partition(":")
    class_name, method = dotted.split(".")
    delattr(getattr(import_module(module_name), class_name), method)


def _guards(environ: dict[str, str]) -> dict[str, str]:
    ours = ("GUARD_", "MAINTENANCE_", "EMERGENCY_", "TEST_MODE_", "DATABASE_URL", "REDIS_URL")
    return {
        name: value
        for name, value in environ.items()
        if name.startswith(ours) and name != "GUARD_REQUIRE_SERVERS"
    }


def _queues(kind: str) -> list[Queue]:
    arguments = {"x-queue-type": "quorum"} if kind == "quorum" else None
    return [
        Queue(name, routing_key=name, queue_arguments=arguments)
        for name in (GUARDED_QUEUE, MIXED_QUEUE, OPEN_QUEUE)
    ]


def _define(app: Celery) -> None:  # noqa: C901 - a list of jobs, not a decision
    @app.task(name="shop.job", shared=False, bind=True, operation="job_creation")
    def job(self: Task, value: Any = None, seconds: float = 0.0) -> Any:
        note("start", self, value=value)
        time.sleep(0 if os.environ.get("SHOP_HURRY") else seconds)
        note("end", self)
        return value

    @app.task(name="shop.mixed_job", shared=False, bind=True, operation="caption_generation")
    def mixed_job(self: Task, value: Any = None, seconds: float = 0.0) -> Any:
        note("start", self, value=value)
        time.sleep(0 if os.environ.get("SHOP_HURRY") else seconds)
        note("end", self)
        return value

    @app.task(name="shop.limited", shared=False, bind=True, operation="image_processing", rate_limit="5/s")
    def limited(self: Task, value: Any = None) -> Any:
        note("start", self, value=value)
        return value

    @app.task(name="shop.free", shared=False, bind=True, operation="admin_operations")
    def free(self: Task, value: Any = None) -> Any:
        note("start", self, value=value)
        return value

    @app.task(name="shop.slow_free", shared=False, bind=True, operation="admin_operations")
    def slow_free(self: Task, seconds: float) -> None:
        note("start", self)
        time.sleep(seconds)
        note("end", self)

    @app.task(name="shop.bounded", shared=False, bind=True, time_limit=40)
    def bounded(self: Task, seconds: float) -> None:
        note("start", self)
        time.sleep(seconds)
        note("end", self)

    @app.task(name="shop.free_on_mixed", shared=False, bind=True, operation="admin_operations")
    def free_on_mixed(self: Task, value: Any = None) -> Any:
        note("start", self, value=value)
        return value

    @app.task(name="shop.add", shared=False, bind=True)
    def add(self: Task, left: int, right: int) -> int:
        note("start", self)
        time.sleep(0.05)
        return left + right

    @app.task(name="shop.not_later", shared=False, bind=True, continuation="abort")
    def not_later(self: Task, *numbers: Any) -> Any:
        note("start", self)
        return numbers[0] if numbers else None

    @app.task(name="shop.goes_on", shared=False, bind=True, continuation="finish", max_retries=3)
    def goes_on(self: Task, value: Any, seconds: float = 0.0, fail_times: int = 0) -> Any:
        note("start", self)
        time.sleep(seconds)
        if self.request.retries < fail_times:
            raise self.retry(countdown=0.1)
        note("end", self)
        return sum(value) if isinstance(value, list) else value + 1

    @app.task(name="shop.total", shared=False, bind=True)
    def total(self: Task, numbers: list[int]) -> int:
        note("start", self)
        return sum(numbers)

    @app.task(name="shop.flaky", shared=False, bind=True, max_retries=3)
    def flaky(self: Task, fail_times: int) -> int:
        note("start", self)
        if self.request.retries < fail_times:
            raise self.retry(countdown=0.1)
        return int(self.request.retries)

    @app.task(name="shop.mixed_fails_first", shared=False, bind=True, operation="caption_generation")
    def mixed_fails_first(self: Task, seconds: float) -> int:
        note("start", self, queue=self.request.delivery_info["routing_key"])
        if not self.request.retries:
            time.sleep(seconds)
            raise self.retry(countdown=0.1)
        return int(self.request.retries)

    @app.task(
        name="shop.stubborn",
        shared=False,
        bind=True,
        autoretry_for=(ValueError,),
        retry_backoff=False,
        default_retry_delay=0.1,
    )
    def stubborn(self: Task, fail_times: int) -> int:
        note("start", self)
        if self.request.retries < fail_times:
            raise ValueError("not yet")
        return int(self.request.retries)

    @app.task(name="shop.swap", shared=False, bind=True)
    def swap(self: Task, left: int, right: int) -> Any:
        note("start", self)
        return self.replace(add.s(left, right))

    @app.task(name="shop.spawn", shared=False, bind=True)
    def spawn(self: Task, numbers: list[int]) -> list[str]:
        note("start", self)
        time.sleep(0.1)
        return [str(add.delay(number, 1).id) for number in numbers]

    @app.task(name="shop.fails", shared=False, bind=True)
    def fails(self: Task, *_: Any) -> None:
        note("start", self)
        raise RuntimeError("on purpose")

    @app.task(name="shop.mixed_fragile", shared=False, bind=True, operation="batch_operations")
    def mixed_fragile(self: Task, value: Any = None) -> Any:
        note("start", self, value=value)
        if not Path(os.environ["SHOP_JOURNAL"]).with_name("mended").exists():
            raise RuntimeError("not mended yet")
        return value

    @app.task(name="shop.fails_late", shared=False, bind=True)
    def fails_late(self: Task, seconds: float) -> None:
        note("start", self)
        time.sleep(seconds)
        raise RuntimeError("on purpose")

    @app.task(name="shop.requeues", shared=False, bind=True)
    def requeues(self: Task) -> None:
        note("start", self)
        raise Reject("again", requeue=True)

    @app.task(name="shop.ignores", shared=False, bind=True)
    def ignores(self: Task) -> None:
        note("start", self)
        raise Ignore

    @app.task(name="shop.errback", shared=False)
    def errback(task_id: str) -> None:
        note("start", errback, of=task_id)

    @app.task(name="shop.inline_errback", shared=False)
    def inline_errback(request: Any, error: Any, trace: Any) -> None:
        note("start", inline_errback, of=request.id)

    @app.task(name="shop.tick", shared=False, bind=True)
    def tick(self: Task) -> None:
        note("start", self)


def shapes(app: Celery) -> dict[str, Any]:
    """Workflows by name: a function that makes the signature, and the value it must give."""
    add, total = app.tasks["shop.add"], app.tasks["shop.total"]
    flaky, stubborn, swap, job = (app.tasks[f"shop.{name}"] for name in ("flaky", "stubborn", "swap", "job"))
    return {
        "single": (lambda: add.s(1, 2), 3),
        "chain of three": (lambda: chain(add.s(1, 2), add.s(3), add.s(4)), 10),
        "group": (lambda: group(add.s(n, n) for n in range(5)), [0, 2, 4, 6, 8]),
        "chord": (lambda: chord([add.s(n, 1) for n in range(5)], total.s()), 15),
        "chain with a group": (lambda: chain(add.s(1, 1), group(add.s(1), add.s(2)), total.s()), 7),
        "chord of chains": (lambda: chord([chain(add.s(n, 1), add.s(1)) for n in range(3)], total.s()), 9),
        "map": (lambda: total.map([[1, 2], [3, 4]]), [3, 7]),
        "starmap": (lambda: add.starmap([(1, 2), (3, 4)]), [3, 7]),
        "chunks": (lambda: add.chunks([(n, n) for n in range(4)], 2).group(), [[0, 2], [4, 6]]),
        "retry": (lambda: flaky.s(2), 2),
        "autoretry": (lambda: stubborn.s(2), 2),
        "replace": (lambda: swap.s(4, 5), 9),
        "eta": (lambda: add.s(1, 1).set(countdown=0.6), 2),
        "group in a chord body's chain": (
            lambda: chord([add.s(1, 1), add.s(2, 2)], chain(total.s(), add.s(10))),
            16,
        ),
        "link": (lambda: job.s(7).set(link=add.si(1, 1)), 7),
    }


if "SHOP_BROKER" in os.environ:
    app, installed = build(dict(os.environ))
