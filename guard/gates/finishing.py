"""Lets continuations go on while a window drains, where their task says ``continuation="finish"``.

The step travels in the lane beside its queue (`guard.core.lanes`), with a mark that must be entered in Redis:
a mark that somebody made up, or kept from another window, lets nothing pass.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any

from celery.signals import task_postrun, task_revoked

from guard.core.finishing import FinishingStep, lets_finish, read_mark, write_mark
from guard.core.headers import FINISHING_HEADER
from guard.errors import GuardError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.state import GuardState
    from guard.ports import Clock, FinishingSteps

__all__ = ["Finishing"]

log = logging.getLogger(__name__)


class Finishing:
    """The steps of one app's workflows.

    Args:
        steps: gives the store of steps.
        state: reads the guard state now: a pool child believes the page, which does not tell the phase.
    """

    def __init__(
        self, *, steps: Callable[[], FinishingSteps], state: Callable[[], GuardState], clock: Clock
    ) -> None:
        self._steps = steps
        self._state = state
        self._clock = clock

    def begin(self, *, name: str, task_id: str, queue: str) -> str:
        """Enter a step that is about to be published; its mark, or empty when it has to wait."""
        try:
            state = self._state()
            step = FinishingStep(
                token=uuid.uuid4().hex, task_id=task_id, task=name, queue=queue, since=self._clock.wall()
            )
            if lets_finish(state) and self._steps().begin(state.window_id, step):
                return write_mark(state.window_id, step.token)
        except GuardError as error:
            log.warning("the next step %s (%s) waits for the end of the window: %s", task_id, name, error)
        return ""

    def holds(self, mark: object) -> bool:
        """Whether a step with this mark goes on. Not when nobody can say."""
        read = read_mark(mark)
        try:
            return read is not None and self._steps().holds(*read)
        except StoreError as error:
            log.warning("a step that goes on is set aside: %s", error)
            return False

    def end(self, mark: object) -> None:
        """A step has ended, or waits like the others now. Until this is told it holds up the drain."""
        read = read_mark(mark)
        if read is None:
            return
        try:
            self._steps().end(*read)
        except StoreError as error:
            log.warning("a step has ended and still holds up the drain (say `drain --vouch`): %s", error)

    def watch(self) -> None:
        """In a worker, before its pool forks: hear when a job is over and what follows it was published."""
        task_postrun.connect(self._postrun, weak=False)
        task_revoked.connect(self._revoked, weak=False)

    def _postrun(self, sender: Any = None, **_signal: Any) -> None:
        self._over(sender.request.get(FINISHING_HEADER))

    def _revoked(self, request: Any = None, **_signal: Any) -> None:
        """Expired, or revoked: told in the main process, with Celery's request or its context."""
        said = getattr(request, "request_dict", None) or vars(request)
        self._over(said.get(FINISHING_HEADER))

    def _over(self, mark: object) -> None:
        if mark is not None:
            self.end(mark)
