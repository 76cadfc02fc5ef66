"""The story that the demo plays: submit, close in the middle, submit more, maintain, open, wait for all."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from guard import MaintenanceActive
from tasks.demo.ledger import Job, Ledger, Outcome
from tasks.demo.outcomes import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from celery import Celery

    from guard import Guard, Status, Window
    from tasks.demo.screen import Screen
    from tasks.demo.servers import Servers
    from tasks.demo.workload import Order, Workload
    from tasks.results.store import ResultStore

BY: Final = "demo"
REASON: Final = "Compacting the results database"
PLANNED_SECONDS: Final = 120
DONE_BEFORE_CLOSING: Final = 0.3
"""Share of the first jobs that has ended when the window opens."""
QUIET_SECONDS: Final = 3.0
PATIENCE_SECONDS: Final = 30.0
"""How long nothing may happen before the demo stops waiting."""
_LOOK_SECONDS: Final = 0.1
_SUBMIT_AT_ONCE: Final = 4


@dataclass(slots=True, kw_only=True)
class Story:
    """What happened, for the account."""

    ledger: Ledger = field(default_factory=Ledger)
    closed: Window | None = None
    """As `enable` reported it."""
    opened: Window | None = None
    """As `disable` reported it."""
    closed_at: float = 0.0
    """UTC seconds: `enable` had returned."""
    opened_at: float = 0.0
    """UTC seconds: `disable` was about to be called."""
    held: int = 0
    """Jobs in their own queues just before `disable`."""
    drained: bool = False
    """Whether the jobs that ran at the closing ended while it was closed."""
    untouched: bool = False
    """Whether no job wrote a result while the maintenance itself went on."""


class Scenario:
    """Plays the story once.

    Args:
        maintain: the maintenance itself; it may rely on no guarded job running.
    """

    def __init__(
        self,
        *,
        app: Celery,
        guard: Guard,
        servers: Servers,
        results: ResultStore,
        screen: Screen,
        maintain: Callable[[], str],
    ) -> None:
        self._app = app
        self._guard = guard
        self._servers = servers
        self._results = results
        self._screen = screen
        self._maintain = maintain
        self._story = Story()
        self._status: Status | None = None

    def play(self, workload: Workload) -> Story:
        """Play it to the end.

        Raises:
            ProcessFailed: A server or worker died.
            GuardError: The guard could not open or end the window.
        """
        self._work(workload.before)
        self._close()
        self._submit_while_closed(workload)
        self._use_the_window()
        self._open()
        self._wait_for_all()
        return self._story

    def _work(self, orders: Iterable[Order]) -> None:
        count = self._submit(orders)[0]
        self._screen.step("Working", f"{count} jobs submitted: images, captions and batches of both")
        enough = int(count * DONE_BEFORE_CLOSING)
        self._until(lambda: self._story.ledger.ended >= enough)

    def _close(self) -> None:
        window = self._guard.enable(reason=REASON, by=BY, duration=PLANNED_SECONDS)
        self._story.closed, self._story.closed_at = window, time.time()
        self._look()
        who = " and ".join(name.partition("@")[0] for name in window.acknowledged or ()) or "nobody"
        how = f"closed in {window.took * 1000:.0f} ms, acknowledged by {who}"
        if window.unconfirmed:
            how += f"; the lease of {', '.join(window.unconfirmed)} ran out"
        running = f"{len(window.running or ())} jobs run and may finish, no other guarded job starts"
        self._screen.step("Closed", f"a window was opened: {how}; {running}")

    def _submit_while_closed(self, workload: Workload) -> None:
        _, refused = self._submit(workload.refused)
        self._screen.step(
            "Refused", f"{refused} new jobs: each caller was told at once, and when to try again"
        )
        held, _ = self._submit(workload.held)
        self._screen.step(
            "Held", f"{held} new jobs that ask to wait: they stay in their queues, with those from before"
        )
        parked, _ = self._submit(workload.parked)
        self._until(lambda: self._status is not None and (self._status.parked or 0) >= parked)
        self._screen.step(
            "Parked", f"{parked} more, sent to the queue that beat's heartbeat needs: taken out and stored"
        )

    def _use_the_window(self) -> None:
        story = self._story
        story.drained = self._until(lambda: self._status is not None and self._status.active_jobs_count == 0)
        before = self._results.runs()
        what = self._maintain()
        quiet_until = time.monotonic() + QUIET_SECONDS
        self._until(lambda: time.monotonic() >= quiet_until)
        story.untouched = self._results.runs() == before
        story.held = (self._status.held if self._status else None) or 0
        quiet = f"for {QUIET_SECONDS:.0f} s no job touched it" if story.untouched else "but jobs wrote to it"
        self._screen.step("Maintained", f"{what}; {quiet}")

    def _open(self) -> None:
        self._story.opened_at = time.time()
        window = self._guard.disable(by=BY)
        self._story.opened = window
        self._status = None
        self._screen.step(
            "Opened", f"{window.released} parked jobs went back to their queue, the held ones simply go on"
        )

    def _wait_for_all(self) -> None:
        finished = self._until(lambda: not self._story.ledger.unsettled)
        self._screen.step("Finished", "no job is left" if finished else "waiting is given up")

    def _submit(self, orders: Iterable[Order]) -> tuple[int, int]:
        """Submit, a few at a time, so that it can be watched.

        Returns:
            How many were accepted, and how many refused.
        """
        refused = 0
        number = 0
        for number, order in enumerate(orders, start=1):
            refused += not self._submit_one(order)
            if number % _SUBMIT_AT_ONCE == 0:
                self._look()
        self._look()
        return number - refused, refused

    def _submit_one(self, order: Order) -> bool:
        job = Job(task_id=str(uuid.uuid4()), task=order.task, files=tuple(map(str, order.files)))
        options: dict[str, Any] = {"when_closed": "hold"} if order.hold else {}
        try:
            self._app.send_task(order.task, order.args, task_id=job.task_id, queue=order.queue, **options)
        except MaintenanceActive as refusal:
            job.outcome, job.why = Outcome.REFUSED, refusal.message
        self._story.ledger.add(job)
        return job.outcome is None

    def _until(self, reached: Callable[[], bool]) -> bool:
        """Look on until it is reached; false when nothing has happened for too long."""
        seen, since = -1, time.monotonic()
        while True:
            self._look()
            if reached():
                return True
            now = time.monotonic()
            if self._story.ledger.ended != seen:
                seen, since = self._story.ledger.ended, now
            if now - since > PATIENCE_SECONDS:
                return False
            time.sleep(_LOOK_SECONDS)

    def _look(self) -> None:
        self._servers.check()
        settle(self._app, self._story.ledger)
        closed = self._story.closed is not None and self._story.opened is None
        self._status = self._guard.status() if closed else None
        self._screen.show(self._story.ledger, self._status)
