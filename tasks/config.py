"""Celery's settings, each with its reason. Read by `app.config_from_object("tasks.config")`.

CELERY_BROKER_URL and CELERY_RESULT_BACKEND, when set, go before the two addresses here; Celery does that
itself. CELERY_BROKER_URL_FILE and CELERY_RESULT_BACKEND_FILE name files that hold them.
"""

from __future__ import annotations

from kombu import Exchange, Queue

from guard.settings.secret_files import secret


def _queue(name: str) -> Queue:
    # Named explicitly: Celery gives a Queue without an exchange the default one, and all queues then get all
    # messages.
    return Queue(name, Exchange(name, type="direct"), routing_key=name)


broker_url = secret("CELERY_BROKER_URL") or "redis://localhost:6379/0"
# Another database number than the broker's: flushing one leaves the other.
result_backend = secret("CELERY_RESULT_BACKEND") or "redis://localhost:6379/1"

# JSON only: a pickle in the queue would be code that runs in the worker.
task_serializer = "json"
result_serializer = "json"
accept_content = ["json"]
result_accept_content = ["json"]

# UTC, so that times in messages and beat's schedule do not jump twice a year.
timezone = "UTC"
enable_utc = True

# Acknowledged when done, and given back when the pool child dies: a killed worker loses no job. The price is
# that a job may run twice; every job here overwrites its own file and row. A job that kills its child each
# time comes back each time; therefore images are measured before they are decoded, so that none takes all
# memory.
task_acks_late = True
task_reject_on_worker_lost = True

# One job reserved per free child: reserved jobs must be given back when a window opens, and wait behind slow
# ones.
worker_prefetch_multiplier = 1

# A lost connection gives running late-ack jobs to another worker; without this they then run in both.
worker_cancel_long_running_tasks_on_connection_loss = True

# Workers are started before or together with the broker (compose, systemd), and it restarts during
# maintenance.
broker_connection_retry_on_startup = True

# Longest job with the default settings: three Ollama requests of 60 s and two waits of up to 30 s, so 4
# minutes. The soft limit lets a job remove its temporary file, the hard one ends what does not listen; both
# end it as a failure, and a drain knows how long it can take.
task_soft_time_limit = 300
task_time_limit = 330

# One queue per kind of work, so that a window holds a kind by leaving its queue alone. `maintenance` carries
# what runs during a window; `celery` is where Celery's own tasks and unrouted ones go, and is listed so that
# somebody consumes it.
task_default_queue = "celery"
task_queues = tuple(_queue(name) for name in ("images", "captions", "batch", "maintenance", "celery"))
task_routes = {
    "tasks.images.*": {"queue": "images"},
    "tasks.captions.*": {"queue": "captions"},
    "tasks.batch.*": {"queue": "batch"},
    "tasks.automation.*": {"queue": "maintenance"},
    "tasks.maintenance.*": {"queue": "maintenance"},
}

# Chords count their parts in the result backend: a part that waits through a long window must still find the
# count. Three days is more than any window we plan; in seconds.
result_expires = 3 * 24 * 3600
# A result that the backend refuses for a moment is written again; otherwise the job is done and nobody learns
# of it.
result_backend_always_retry = True
result_backend_max_retries = 10
