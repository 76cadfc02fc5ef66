"""What a worker does when its gate changes: cordon, set reserved jobs aside, report.

The agent's thread calls; whatever touches the consumer is handed to the main loop.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from guard.clock import boot_ms
from guard.core.agents import AgentReport, RunningJob
from guard.core.modes import Gate
from guard.core.named_events import EventName
from guard.gates.inner_celery import active_requests
from guard.gates.page import Rung, SlotState, is_alive
from guard.worker.census import Census, Rehearsal
from guard.worker.reserved import count_reserved, set_reserved_aside
from guard.worker.running import attempts, time_limit_of
from guard.worker.runtimes import Runtimes

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.counts import Counts
    from guard.core.named_events import Announces
    from guard.core.state import GuardState
    from guard.gates.inner_celery import Consumer
    from guard.gates.page import SharedPage
    from guard.gates.receipt import ReceiptGate
    from guard.worker.cordon import Cordon
    from guard.worker.ladder import Ladder
    from guard.worker.lanes import Lanes
    from guard.worker.running import Attempt

__all__ = ["WorkerFollower"]

log = logging.getLogger(__name__)


_NOTHING: tuple[tuple[tuple[int, int, int, Rung], ...], int, int] = ((), 0, 0)
_ASKED = frozenset({Rung.ASKED, Rung.SIGNALLED})
_REAL = frozenset({Gate.NORMAL, Gate.EMERGENCY})
"""What a window makes of the gate that takes a census. A gate that is closed for want of trust has none."""


class WorkerFollower:
    """Follows the gate in a worker's main process.

    Args:
        on_open: called when the gate opens after it was closed: parked jobs may go back.
        make_ladder: called when the first emergency meets a running job.
        count: adds one to a counter of a window.
        grace: seconds between asking a job to stop and ending it, where the window does not say.
        queues: gives the queues that are chosen here, the cordoned ones too.
    """

    def __init__(
        self,
        *,
        page: SharedPage,
        cordon: Cordon,
        lanes: Lanes,
        gate: ReceiptGate,
        on_open: Callable[[], None],
        make_ladder: Callable[[], Ladder],
        count: Counts,
        grace: float,
        queues: Callable[[], tuple[str, ...]],
        announce: Announces,
    ) -> None:
        self._page = page
        self._cordon = cordon
        self._lanes = lanes
        self._gate = gate
        self._on_open = on_open
        self._make_ladder = make_ladder
        self._ladder: Ladder | None = None
        self._consumer: Consumer | None = None
        self._seen = _NOTHING
        self._runtimes = Runtimes()
        gate.scoping.usual = self._runtimes.usual
        self._census = Census(count=count, was_asked=lambda attempt: page.was_asked(attempt[1]))
        self._rehearsal = Rehearsal(count)
        self._grace = grace
        self._queues = queues
        self._announce = announce
        self._busy = True
        """Until a tick has seen that nothing is left."""

    def attach(self, consumer: Consumer) -> None:
        """A consumer that is about to start. Main thread."""
        self._consumer = consumer
        self._gate.consumer = consumer
        self._lanes.attach(consumer)  # first: what it looks at is what the consumer brings
        self._cordon.attach(consumer)

    def adopted(self, state: GuardState) -> None:
        try:
            if self._census.window_id not in {"", state.window_id if state.gate in _REAL else ""}:
                self._end_census()
            busy = any(slot.is_busy for slot in self._page.slots())
            if busy and state.gate in _REAL:
                self._take_census(state)  # before the ladder asks: a job that listens is gone in a moment
            if self._ladder is None and busy and state.gate is Gate.EMERGENCY:
                self._ladder = self._make_ladder()
            if self._ladder is not None:
                self._ladder.follow(state)
        except Exception:  # the gate must close all the same
            log.exception("the emergency ladder could not be begun; running jobs are not asked to stop")

    def stop(self, within: float) -> None:
        """The worker ends: wait for this long at most until what the ladder has begun is done."""
        if self._ladder is not None:
            self._ladder.stop(within)
        self._census.worker_ends(*self._what_runs())

    def gate_is(self, gate: Gate) -> None:
        epoch = self._gate.where()["epoch"]
        self._announce(EventName.GATE_TURNED, gate=gate.name.lower(), epoch=epoch)
        self._busy = True
        if self._consumer is not None:
            self._consumer.call_soon(self._follow)
        if gate is Gate.OPEN:
            self._on_open()

    def is_quiet(self) -> bool:
        return not self._page.anyone_entering()

    @property
    def is_busy(self) -> bool:
        return self._busy

    def tick(self, state: GuardState) -> bool:
        seen = (
            tuple(
                (slot.index, slot.pid, slot.started_ms, slot.rung)
                for slot in self._page.slots()
                if slot.is_busy
            ),
            count_reserved(self._consumer, self._gate),
            len(self._taken_by_the_pool()),
        )
        if seen[0] and state.gate is Gate.EMERGENCY:
            self.adopted(state)  # for a job that was between look and start when the state was adopted
        changed, self._seen = seen != self._seen, seen
        if state.gate is Gate.TEST:
            self._rehearse(state)
            self._busy = False  # nobody waits for these jobs
            return False
        if (changed or self._busy) and state.gate in _REAL:
            self._take_census(state)
        self._busy = seen != _NOTHING
        return changed

    def _rehearse(self, state: GuardState) -> None:
        running, _ = attempts(self._page)
        operations = {
            attempt.key: kind.name
            for attempt in running
            if attempt.request is not None
            and Gate.NORMAL in (kind := self._gate.kind_of(attempt.request.message)).blocked_by
            and self._gate.is_in_scope(attempt.request.message, since=_began(attempt))
        }
        grace = state.terms.grace if state.terms.grace is not None else self._grace
        over = state.started_at is not None and time.time() > state.started_at + grace
        self._rehearsal.look(state.window_id, operations, grace_is_over=over)

    def _take_census(self, state: GuardState) -> None:
        running, _ = attempts(self._page)
        operations = {
            attempt.key: self._operation(attempt) for attempt in running if self._is_blocked(attempt)
        }
        self._census.look(state.window_id, operations, self._died())

    def _end_census(self) -> None:
        """The window is over. First the ladder leaves alone what it has only asked: that counts here. It asks
        for the next window when the census of that was taken."""
        if self._ladder is not None:
            self._ladder.leave_off()
        self._census.window_ended(*self._what_runs())

    def _what_runs(self) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
        """Attempts that run, and those whose process died in the middle."""
        return {attempt.key for attempt in attempts(self._page)[0]}, self._died()

    def _died(self) -> set[tuple[int, int]]:
        return {
            (slot.pid, slot.started_ms)
            for slot in self._page.slots()
            if slot.state is SlotState.RUNNING and not is_alive(slot.pid)
        }

    def _operation(self, attempt: Attempt) -> str:
        return self._gate.kind_of(attempt.request.message).name if attempt.request is not None else "unknown"

    def sample(self) -> None:
        running, _ = attempts(self._page)
        self._runtimes.look({attempt.key: attempt.task for attempt in running}, boot_ms() / 1000)

    def report(self) -> AgentReport:
        running, lost = attempts(self._page)
        return AgentReport(
            running=tuple(self._described(attempt) for attempt in running if self._is_blocked(attempt)),
            reserved=count_reserved(self._consumer, self._gate),
            cordoned=self._cordon.cordoned,
            lost_slots=lost,
            ending=len(self._taken_by_the_pool() - {attempt.task_id for attempt in running}),
            queues=self._queues(),
        )

    def _taken_by_the_pool(self) -> set[str]:
        """Blocked jobs from when the pool takes them until Celery knows their end. Until then a job may still
        publish what follows it, although its slot is free."""
        return {str(request.id) for request in active_requests() if self._gate.covers(request.message)}

    def _is_blocked(self, attempt: Attempt) -> bool:
        """Whether the gate blocks this job. What it does not know counts as blocked."""
        return attempt.request is None or self._gate.covers(attempt.request.message, since=_began(attempt))

    def _described(self, attempt: Attempt) -> RunningJob:
        request = attempt.request
        return RunningJob(
            task_id=attempt.task_id,
            task=attempt.task,
            since=_began(attempt),
            operation=self._operation(attempt),
            limit=time_limit_of(request),
            asked=attempt.slot.rung in _ASKED,
            usual=self._runtimes.usual(attempt.task),
            longest=self._runtimes.longest(attempt.task),
        )

    def _follow(self) -> None:
        """In the main loop: cordon or uncordon, and set aside what has not started."""
        consumer = self._consumer
        if consumer is None:
            return
        self._cordon.apply()
        self._lanes.follow()
        if set_reserved_aside(consumer, self._gate):
            consumer.call_soon(self._follow)


def _began(attempt: Attempt) -> float:
    """UTC seconds."""
    return time.time() - (boot_ms() - attempt.slot.started_ms) / 1000
