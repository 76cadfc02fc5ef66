"""Dramatiq. It has no pause: workers are stopped, or (COMPARE_WAY=later) a middleware puts jobs off.

A middleware that raises refuses nothing: Dramatiq logs the exception and runs the job. Only `SkipMessage`
passes, and it drops the job, so the middleware enqueues the job once more first.
"""

from __future__ import annotations

import os
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import SkipMessage
from redis import Redis

from benchmarks.compare import job

PAUSED = "paused"
LATER_MILLISECONDS = 1000

client = Redis.from_url(os.environ["COMPARE_REDIS"])
broker = RedisBroker(url=os.environ["COMPARE_REDIS"])


class Paused(dramatiq.Middleware):
    """What users write: it asks for a key before each job."""

    def before_process_message(self, broker: Any, message: Any) -> None:
        """While the key is set: once more in a second, and not now."""
        if client.exists(PAUSED):
            broker.enqueue(message.copy(), delay=LATER_MILLISECONDS)
            raise SkipMessage


if os.environ["COMPARE_WAY"] == "later":
    broker.add_middleware(Paused())
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="jobs")
def work(job_id: str) -> None:
    """The job."""
    job.work(job_id)


class DramatiqTool:
    """The key of the middleware."""

    def publish(self, job_id: str) -> bool:
        """Enqueue."""
        work.send(job_id)
        return True

    def pause(self) -> None:
        """Set the key."""
        client.set(PAUSED, 1)

    def resume(self) -> None:
        """Delete it."""
        client.delete(PAUSED)

    def held(self) -> dict[str, int]:
        """Messages that are not acknowledged: waiting or taken, and delayed for a retry."""
        return {
            "queue": int(client.hlen("dramatiq:jobs.msgs")),
            "delayed": int(client.hlen("dramatiq:jobs.DQ.msgs")),
            "dead": int(client.hlen("dramatiq:jobs.XQ.msgs")),
        }

    def running(self) -> list[str] | None:
        """Dramatiq does not keep that: taken and running look alike."""
        return None


def make_tool() -> DramatiqTool:
    """What serves the harness."""
    return DramatiqTool()
