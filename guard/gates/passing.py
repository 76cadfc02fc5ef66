"""What may pass while closed: jobs with a bypass, and steps of workflows that go on while a window drains.

Both travel in the lane beside their queue (`guard.core.lanes`), which workers take from while they take
nothing from the queue itself.
"""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any

from guard.core.counts import Count
from guard.core.headers import BYPASS_HEADER, FINISHING_HEADER
from guard.core.lanes import is_lane, lane_of, queue_of
from guard.core.modes import Gate
from guard.core.named_events import EventName

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery, Task
    from kombu import Queue

    from guard.core.bypass import Bypass
    from guard.core.named_events import Announces
    from guard.core.operations import OperationKind
    from guard.gates.finishing import Finishing
    from guard.gates.runtime import Runtime

__all__ = ["Passing", "leave_lane"]


class Passing:
    """Who may pass, of one app in one process.

    Args:
        bypass_of: what a token says that lets an operation pass now; None when it does not, or was revoked.
        note_bypass: notes one use for the journal.
        make_queue: gives a durable queue of the guard's by its name.
        make_finishing: called for the first step that goes on.
    """

    def __init__(
        self,
        *,
        app: Celery,
        runtime: Runtime,
        bypass_of: Callable[[str, OperationKind], Bypass | None],
        note_bypass: Callable[[Bypass, OperationKind], None],
        make_queue: Callable[[str], Queue],
        make_finishing: Callable[[], Finishing],
        announce: Announces,
    ) -> None:
        self._announce = announce
        self._app = app
        self._runtime = runtime
        self._bypass_of = bypass_of
        self._note_bypass = note_bypass
        self._make_queue = make_queue
        self._make_finishing = make_finishing

    @cached_property
    def finishing(self) -> Finishing:
        """Steps that go on. Loaded for the first of them."""
        return self._make_finishing()

    # -- a bypass --------------------------------------------------------------------------------

    def token_of_this_job(self) -> object:
        """The bypass of the job that publishes here: its steps and children have it too."""
        task = self._app.current_worker_task if self._runtime.is_worker else None
        return task.request.get(BYPASS_HEADER) if task is not None else None

    def may_bypass(self, token: object, kind: OperationKind) -> bool:
        """Whether a valid bypass for this operation was shown, and is honoured now."""
        return self._runtime.honours_bypass() and self.is_valid_bypass(token, kind)

    def is_valid_bypass(self, token: object, kind: OperationKind) -> bool:
        """Whether a token is valid for this operation, honoured now or not."""
        return isinstance(token, str) and self._bypass_of(token, kind) is not None

    def starts_by_bypass(self, token: object, kind: OperationKind, task: Task[..., Any]) -> bool:
        """The same for a job that starts now: a use, which is counted, logged and noted for the journal."""
        if not isinstance(token, str) or not self._runtime.honours_bypass():
            return False
        said = self._bypass_of(token, kind)
        if said is None:
            return False
        self._runtime.count(Count.BYPASSED, kind.name)
        self._note_bypass(said, kind)
        self._announce(
            EventName.BYPASS_USED,
            bypass_id=said.bypass_id,
            holder=said.holder,
            given_by=said.by,
            user=said.user,
            operation=kind.name,
            task_id=str(task.request.id or ""),
            task=task.name,
        )
        return True

    def publish_with_bypass(
        self, token: object, name: str, args: Any, kwargs: Any, options: dict[str, Any]
    ) -> None:
        """Send a job beside its queue, token and all; where it says, if it names an exchange of its own."""
        options["headers"] = {**(options.get("headers") or {}), BYPASS_HEADER: token}
        self._take_lane(self._destination(name, args, kwargs, options), options)

    # -- a step that goes on ---------------------------------------------------------------------

    def publish_step(self, name: str, args: Any, kwargs: Any, options: dict[str, Any]) -> bool:
        """Send the next step of a running workflow beside its queue, if it may go on; else change nothing."""
        queue = self._destination(name, args, kwargs, options)
        task_id = options.get("task_id") or str(uuid.uuid4())
        mark = self.finishing.begin(name=name, task_id=task_id, queue=queue) if queue else ""
        if mark:
            options["task_id"] = task_id
            options["headers"] = {**(options.get("headers") or {}), FINISHING_HEADER: mark}
            self._take_lane(queue, options)
        return bool(mark)

    def goes_on(self, mark: object) -> bool:
        """Whether a step with this mark may run here and now. Only in a normal window: nothing goes on in an
        emergency."""
        if mark is None or self._runtime.view_of_page() is not Gate.NORMAL:
            return False
        return self.finishing.holds(mark)

    def step_is_over(self, mark: object) -> None:
        """If a message had a mark: its step goes on no longer, and the drain need not wait for it."""
        if mark is not None:
            self.finishing.end(mark)

    # -- lanes -----------------------------------------------------------------------------------

    def _destination(self, name: str, args: Any, kwargs: Any, options: dict[str, Any]) -> str:
        """The queue that a job is routed to; empty when it is sent to an exchange by its own words."""
        routed = self._app.amqp.router.route(dict(options), name, args or (), kwargs or {})
        queue = routed.get("queue")
        return queue_of(queue.name) if queue is not None else ""

    def _take_lane(self, queue: str, options: dict[str, Any]) -> None:
        if queue:
            lane = self._make_queue(lane_of(queue))
            options.update(queue=lane, exchange="", routing_key=lane.name)


def leave_lane(options: dict[str, Any]) -> None:
    """A retry goes where its message came from: to the queue, even if that was the lane beside it."""
    queue = options.get("queue")
    name = queue if isinstance(queue, str) else getattr(queue, "name", None)
    if name is not None and is_lane(name):
        options["queue"] = queue_of(name)
