"""The worker's side of the ledger: which jobs run here, which have ended, and what a second delivery may do.

A broker delivers a message again when it has waited too long for an acknowledgement (Redis: the visibility
timeout) or has lost the connection, also while the job still runs. Celery runs it twice then. With a ledger
the second delivery is parked: it is looked at again when it comes back, dropped once the job has ended, and
run if the first run was lost with its worker.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from celery.exceptions import Ignore
from celery.signals import task_failure, task_revoked, task_success

from guard.errors import StoreError
from guard.gates.copies import Second
from guard.gates.inner_celery import active_requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery, Task

    from guard.gates.inner_celery import Request
    from guard.ports import Ledger

__all__ = ["Bookkeeper"]

log = logging.getLogger(__name__)


class Bookkeeper:
    """Keeps the ledger of one worker. What cannot be written is logged: jobs do not wait for the ledger.

    Args:
        is_kept: whether jobs of a task of this name may be in the ledger.
    """

    def __init__(self, app: Celery, ledger: Ledger, *, is_kept: Callable[[str], bool]) -> None:
        self._app = app
        self._ledger = ledger
        self._is_kept = is_kept
        self.agent_id = ""

    def watch(self) -> None:
        """Hear of each end. Most are told in the pool child, by Celery's signals."""
        task_success.connect(self._succeeded, weak=False)
        task_failure.connect(self._failed, weak=False)
        task_revoked.connect(self._revoked, weak=False)

    def started(self, request: Request) -> None:
        """A child has taken a job."""
        if self._is_kept(request.task.name):
            self._try(lambda: self._ledger.started(request.id, self.agent_id), request.id)

    def failed(self, request: Request, error: object) -> None:
        """A job came back from its child without success: it goes back to its broker, or its failure is told
        right afterwards. One that is ignored has ended, and no signal says so."""
        if isinstance(error, Ignore):
            self._ended(request.task, request.id)
        elif self._is_kept(request.task.name):
            self._try(lambda: self._ledger.stopped(request.id), request.id)

    def _ended(self, task: Task[..., Any], task_id: str) -> None:
        def end() -> None:
            if self._ledger.ended(task_id):
                log.warning("job %s, which was given up as lost, has ended after all", task_id)

        if task.app is self._app and self._is_kept(task.name):
            self._try(end, task_id)

    def second(self, task_id: str, publication: str) -> Second:
        """What to do with a message that is delivered again. When the ledger does not answer it runs, as it
        would without one."""
        try:
            if publication and self._ledger.has_ended(publication):
                log.warning("job %s has ended: its second delivery is dropped", task_id)
                return Second.DROP
            if not self._runs(task_id, self._ledger.runner(task_id)):
                return Second.RUN
            self._ledger.note_second(task_id, publication)
        except StoreError as error:
            log.warning("the ledger does not answer, job %s may run twice: %s", task_id, error)
            return Second.RUN
        log.warning("job %s runs already: its second delivery is parked", task_id)
        return Second.PARK

    def _runs(self, task_id: str, runner: str | None) -> bool:
        if runner == self.agent_id:
            return any(request.id == task_id for request in active_requests())
        return runner is not None

    def _try(self, write: Callable[[], object], task_id: str) -> None:
        try:
            write()
        except StoreError as error:
            log.warning("the ledger was not told of job %s: %s", task_id, error)

    def _succeeded(self, sender: Any = None, **_signal: Any) -> None:
        self._ended(sender, sender.request.id)

    def _failed(self, sender: Any = None, task_id: str = "", **_signal: Any) -> None:
        self._ended(sender, task_id)

    def _revoked(self, sender: Any = None, request: Any = None, **_signal: Any) -> None:
        self._ended(sender, request.id)
