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
from guard.gates.inner_celery import Consumer, worker_state
from guard.gates.page import SlotState, is_alive, mark_of
from guard.worker.reserved import count_reserved, set_reserved_aside

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.state import GuardState
    from guard.gates.page import SharedPage
    from guard.gates.receipt import ReceiptGate
    from guard.worker.cordon import Cordon

__all__ = ["WorkerFollower"]

log = logging.getLogger(__name__)


_NOTHING: tuple[tuple[tuple[int, int, int], ...], int] = ((), 0)


class WorkerFollower:
    """Follows the gate in a worker's main process.

    Args:
        on_open: called when the gate opens after it was closed: parked jobs may go back.
    """

    def __init__(
        self, *, page: SharedPage, cordon: Cordon, gate: ReceiptGate, on_open: Callable[[], None]
    ) -> None:
        self._page = page
        self._cordon = cordon
        self._gate = gate
        self._on_open = on_open
        self._consumer: Consumer | None = None
        self._seen: tuple[tuple[tuple[int, int, int], ...], int] = _NOTHING
        self._busy = True
        """Until a tick has seen that nothing is left."""

    def attach(self, consumer: Consumer) -> None:
        """A consumer that is about to start. Main thread."""
        self._consumer = consumer
        self._gate.consumer = consumer
        self._cordon.attach(consumer)

    def gate_is(self, gate: Gate) -> None:
        log.info("the gate is %s", gate.name.lower())
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

    def tick(self, state: GuardState) -> bool:  # noqa: ARG002 - a place for what the state asks of running jobs
        seen = (
            tuple(
                (slot.index, slot.pid, slot.started_ms)
                for slot in self._page.slots()
                if slot.state in {SlotState.RUNNING, SlotState.ENTERING}
            ),
            count_reserved(self._consumer),
        )
        changed, self._seen = seen != self._seen, seen
        self._busy = seen != _NOTHING
        return changed

    def report(self) -> AgentReport:
        running = []
        lost = 0
        now_ms, now = boot_ms(), time.time()
        by_mark = {mark_of(task_id): request for task_id, request in list(worker_state.requests.items())}
        by_pid = {request.worker_pid: request for request in list(worker_state.active_requests)}
        for slot in self._page.slots():
            if slot.state not in {SlotState.RUNNING, SlotState.ENTERING}:
                continue
            if not is_alive(slot.pid):
                lost += 1
                continue
            if slot.state is SlotState.RUNNING:
                request = by_mark.get(slot.mark) if slot.mark else by_pid.get(slot.pid)
                task_id, name = (request.id, request.name) if request is not None else ("?", "?")
                since = now - (now_ms - slot.started_ms) / 1000
                running.append(RunningJob(task_id=task_id, task=name, since=since))
        return AgentReport(
            running=tuple(running),
            reserved=count_reserved(self._consumer),
            cordoned=self._cordon.cordoned,
            lost_slots=lost,
        )

    def _follow(self) -> None:
        """In the main loop: cordon or uncordon, and set aside what has not started."""
        consumer = self._consumer
        if consumer is None:
            return
        self._cordon.apply()
        if set_reserved_aside(consumer, self._gate):
            consumer.call_soon(self._follow)
