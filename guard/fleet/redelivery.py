"""Jobs of a worker that is gone go back to their queues now, not after Redis' visibility timeout.

The theory is in `guard.core.redelivery`. Giving back is kombu's own step, one transaction: a job that was
acknowledged in the meantime stays acknowledged, and two who give back the same job do it once.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from guard.core.lanes import queue_of
from guard.core.redelivery import Unacknowledged, left_behind
from guard.fleet.unacked import unacked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from celery import Celery
    from kombu.message import Message

    from guard.core.agents import AgentReport
    from guard.core.state import GuardState
    from guard.fleet.broker import Broker

__all__ = ["Redelivery"]

log = logging.getLogger(__name__)


class Redelivery:
    """Gives back the jobs of workers that are gone.

    Args:
        is_blocked: whether a window in this state blocks a job, given its message and its queue.
        strangers: consumers of these queues that have no guard; None when that cannot be told.
        is_current: whether the guard is still in this state.
    """

    def __init__(
        self,
        *,
        app: Celery,
        broker: Broker,
        is_blocked: Callable[[GuardState, Message, str], bool],
        strangers: Callable[[Collection[str]], list[str] | None],
        is_current: Callable[[GuardState], bool],
    ) -> None:
        self._app = app
        self._broker = broker
        self._is_blocked = is_blocked
        self._strangers = strangers
        self._is_current = is_current

    def bring_back(
        self,
        state: GuardState,
        *,
        gone: Collection[AgentReport | None],
        others: Collection[AgentReport | None],
    ) -> tuple[str, ...] | None:
        """Give back the jobs that this window blocks and that workers had which are gone.

        Args:
            gone: the last reports of those workers; None for one that never made one in this epoch.
            others: the last reports of all other workers.

        Returns:
            The ids of what was given back; none where the broker does it by itself. None when it cannot be
            told yet which jobs they are, the broker is away, or the state is another one by now: ask again.
        """
        try:
            if not self._broker.is_redis:
                return ()
            with self._broker.channel() as channel:
                self._know_exchanges(channel)
                left = left_behind(self._taken(channel, state), gone=gone, others=others)
            if left is None or (left.by_exclusion and not self._are_ours(left.jobs)):
                return None
            # If the gate has opened since the reports, a job that has begun meanwhile looks like nobody's.
            if left.jobs and not self._is_current(state):
                return None
            with self._broker.channel() as channel:
                for job in left.jobs:
                    channel.qos.restore_by_tag(job.tag)
        except self._broker.errors as error:
            log.warning("the jobs of a worker that is gone are not back yet: %s", error)
            return None
        return tuple(job.task_id for job in left.jobs)

    def _are_ours(self, jobs: Collection[Unacknowledged]) -> bool:
        return not jobs or self._strangers({job.queue for job in jobs}) == []

    def _taken(self, channel: Any, state: GuardState) -> Iterator[Unacknowledged]:
        """All unacknowledged jobs that the window blocks. One that would find no way back is left alone."""
        for entry in unacked(channel):
            queues = channel._lookup(entry.exchange, entry.routing_key)  # noqa: SLF001 - it gives back by the same
            if not queues or not entry.task_id:
                continue
            queue = queue_of(min(map(str, queues)))
            try:
                blocked = self._is_blocked(state, channel.message_to_python(entry.message), queue)
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                log.warning("message %.60s is no job, and is left alone: %s", entry.tag, error)
                continue
            if blocked:
                yield Unacknowledged(tag=entry.tag, task_id=entry.task_id, queue=queue)

    def _know_exchanges(self, channel: Any) -> None:
        """A connection of a virtual transport knows only exchanges that it has declared itself."""
        for queue in self._app.amqp.queues.values():
            if queue.exchange is not None and queue.exchange.name:
                queue.exchange(channel).declare()
