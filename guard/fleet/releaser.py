"""Who releases: gives parked jobs back to their queues, paced, until none is left or the gate closes.

It may be killed at any step and started again by anybody: what is not given back is still parked. It
looks at the gate before every job, so that it stops within a second of a new close (I8).
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from guard.core.counts import Count
from guard.core.named_events import EventName
from guard.core.release import Fate, rule
from guard.errors import StoreError
from guard.fleet.parked_queue import parked_queue

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from guard.core.expiry import ExpiryPolicy
    from guard.core.named_events import Announces
    from guard.core.pace import Pace
    from guard.fleet.broker import Broker
    from guard.fleet.parked_queue import ParkedMessage, ParkedQueue
    from guard.ports import ParkedIndex

__all__ = ["ReleaseResult", "Releaser"]

log = logging.getLogger(__name__)

_ALL = ""
"""The last wave: whatever is still there."""
_LEFT_BEHIND = 10_000
"""How many entries of the index are settled at the end of one run; the next one goes on."""


@dataclass(slots=True)
class ReleaseResult:
    """What one run did.

    Attributes:
        released, expired: jobs given back; of them, those whose expiry had passed.
        waiting: jobs that stay because no live worker knows their task.
        malformed: messages that stay because their header cannot be read.
        stopped: why it ended early; empty when it saw every job.
    """

    released: int = 0
    expired: int = 0
    waiting: Counter[str] = field(default_factory=Counter)
    malformed: list[str] = field(default_factory=list)
    stopped: str = ""


class Releaser:
    """Releases from the parking queue of one app.

    Args:
        order: operations whose jobs go back before all others, the first first.
        known_tasks: the tasks that live workers know.
        count: adds one to a counter of a window: window id, counter, operation.
        known_queue: whether a queue is there, or can be declared by this app; asked once per queue.
        announce: told of each job.
    """

    def __init__(
        self,
        *,
        broker: Broker,
        queue: str,
        index: ParkedIndex,
        pace: Pace,
        order: Sequence[str],
        policy: ExpiryPolicy,
        known_tasks: Callable[[], Collection[str]],
        known_queue: Callable[[str], bool],
        count: Callable[[str, Count, str], None],
        announce: Announces,
    ) -> None:
        self._broker = broker
        self._name = queue
        self._index = index
        self._pace = pace
        self._order = order
        self._policy = policy
        self._known_tasks = known_tasks
        self._known_queue = known_queue
        self._count = count
        self._announce = announce

    def run(
        self, may_go_on: Callable[[int], str], progress: Callable[[int], None] | None = None
    ) -> ReleaseResult:
        """Give back what may go. Raises what the broker raises; then the rest is still parked.

        Args:
            may_go_on: asked before every job, with the number of jobs given back so far; a reason to stop,
                or empty.
            progress: told that number after every job.
        """
        result = ReleaseResult()
        tasks = frozenset(self._known_tasks())
        queues: dict[str, bool] = {}
        started = time.monotonic()
        parked = parked_queue(self._broker, self._name)
        for wave in (*self._order, _ALL):
            with parked.session() as messages:
                for message in messages:
                    if wave != _ALL and (message.job is None or message.job.operation != wave):
                        continue
                    result.stopped = may_go_on(result.released) or self._waited(result, started, may_go_on)
                    if result.stopped:
                        return result
                    try:
                        self._one(parked, message, tasks, queues, result, is_last=wave == _ALL)
                    except (TypeError, ValueError, OverflowError, LookupError, AttributeError) as error:
                        # One that cannot be published must not keep those behind it. It stays.
                        if wave == _ALL:
                            result.malformed.append(f"a parked message cannot be given back: {error}")
                    if progress is not None:
                        progress(result.released)
        self._settle_index()
        return result

    def close(self) -> None:
        """Close the connection to the broker."""
        self._broker.close()

    def remaining(self) -> int:
        """How many messages lie in the parking queue."""
        return self._broker.length(self._name)

    def _waited(self, result: ReleaseResult, started: float, may_go_on: Callable[[int], str]) -> str:
        """Keep the pace. A reason to stop that came up meanwhile, or empty."""
        while (pause := self._pace.wait(result.released, time.monotonic() - started)) > 0:
            time.sleep(pause)
            if stopped := may_go_on(result.released):
                return stopped
        return ""

    def _one(
        self,
        parked: ParkedQueue,
        message: ParkedMessage,
        tasks: frozenset[str],
        queues: dict[str, bool],
        result: ReleaseResult,
        *,
        is_last: bool,
    ) -> None:
        job = message.job
        if job is None:
            result.malformed.append(message.problem)
            return
        ruling = rule(job, known_tasks=tasks, policy=self._policy, now=time.time())
        if job.queue not in queues:
            queues[job.queue] = self._known_queue(job.queue)
        if ruling.fate is Fate.WAIT or not queues[job.queue]:
            if is_last:
                result.waiting[job.task] += 1
            return
        if not parked.give_back(message, ruling):
            return
        result.released += 1
        self._count(job.window_id, Count.RELEASED, job.operation)
        self._announce(EventName.JOB_RELEASED, **job.told)
        if ruling.fate is Fate.GIVE_BACK_EXPIRED:
            result.expired += 1
            self._count(job.window_id, Count.EXPIRED, job.operation)
            self._announce(EventName.JOB_EXPIRED, **job.told)
        try:
            self._index.gone(job)
        except StoreError as error:
            log.warning("released job %s is still in the index: %s", job.task_id, error)

    def _settle_index(self) -> None:
        """Finish what a releaser had not when it was killed: it had given a job back, and the index lists it.

        A job is in the queue before it is in the index. So when the queue is found empty after the index was
        read, whatever the index had has left the queue. On Redis alone: elsewhere what somebody looks at is
        missing in the count for that time.
        """
        if not self._broker.is_redis:
            return
        try:
            left_behind = self._index.jobs(_LEFT_BEHIND)
            if not left_behind or self.remaining():
                return
            for job in left_behind:
                self._count(job.window_id, Count.RELEASED, job.operation)
                self._announce(EventName.JOB_RELEASED, **job.told)
                self._index.gone(job)
        except StoreError as error:
            log.warning("the index of parked jobs may list some that were released: %s", error)
