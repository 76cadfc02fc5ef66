"""What a worker holds and has not started: waiting for a child, for its ETA, or for its rate limit.

When the gate closes these go back to their queue or are parked, a few at a time, so that thousands
of ETA jobs do not hold up the main loop (F32, F45, F46).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.gates.inner_celery import Consumer, worker_state
from guard.gates.request import GuardedRequest

if TYPE_CHECKING:
    from guard.gates.receipt import ReceiptGate

__all__ = ["count_reserved", "set_reserved_aside"]

_AT_ONCE = 100


def set_reserved_aside(consumer: Consumer, gate: ReceiptGate) -> bool:
    """Set up to a hundred blocked requests aside. True when there are more. Main thread only."""
    done = 0
    for request in _waiting(consumer):
        if done >= _AT_ONCE:
            return True
        if gate.blocks(request):
            _withdraw(consumer, request)
            request.guard_set_aside()
            done += 1
    return False


def count_reserved(consumer: Consumer | None, gate: ReceiptGate) -> int:
    """How many jobs that the window is about this worker holds and has not started."""
    return sum(gate.covers(request.message) for request in _waiting(consumer)) if consumer is not None else 0


def _waiting(consumer: Consumer) -> list[Any]:
    """Guarded requests that the pool has not been given: those that Celery knows by id, and those in
    the token buckets of rate-limited tasks, which it does not."""
    known = list(worker_state.requests.values())
    limited = [
        request
        for bucket in list(consumer.task_buckets.values())
        if bucket
        for request, _ in list(bucket.contents)
    ]
    waiting = {
        id(request): request
        for request in (*known, *limited)
        if isinstance(request, GuardedRequest)
        and not request.guard_was_set_aside
        and request._apply_result is None  # type: ignore[attr-defined]  # noqa: SLF001 - Celery's own mark of submission
        and request not in worker_state.active_requests
    }
    return list(waiting.values())


def _withdraw(consumer: Consumer, request: Any) -> None:
    """Take a request out of its token bucket or the timer."""
    bucket = consumer.task_buckets.get(request.task.name)
    if bucket is not None:
        kept = [item for item in bucket.contents if item[0] is not request]
        if len(kept) != len(bucket.contents):
            bucket.contents.clear()
            bucket.contents.extend(kept)
            return
    entry = request._eta_timer_entry  # noqa: SLF001 - Celery cancels it the same way in on_close
    if entry is not None and request in worker_state.scheduled_requests:
        consumer.timer.cancel(entry)
        # Celery raised the prefetch count by one for a job that only waits for its time.
        consumer.qos.decrement_eventually()
