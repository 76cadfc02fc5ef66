"""What a guarded worker answers over Celery's remote control: which queues it consumes, and who it is.

The queues are those that are chosen, by the command line or since then by `add_consumer` and
`cancel_consumer`; whether they are cordoned now is another question. What else it says is for the doctor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.clock import SystemClock
from guard.core.agents import QUEUES_QUESTION
from guard.core.lanes import is_lane
from guard.observe.release import release

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

__all__ = ["answer_questions", "chosen_queues"]


def answer_questions(agent_id: Callable[[], str], *, key: str) -> None:
    """Answer from now on, in this process.

    Args:
        key: the fingerprint of its GUARD_SECRET_KEY.
    """
    from celery.worker.control import inspect_command  # not in processes that only publish

    runs = release()  # what is installed when somebody asks may be newer

    @inspect_command(name=QUEUES_QUESTION)
    def guard_queues(state: Any) -> dict[str, Any]:
        """The queues that this worker consumes when no window is open, its time, release and key."""
        return {
            "agent_id": agent_id(),
            "queues": list(chosen_queues(state.app)),
            "wall": SystemClock().wall(),
            "key": key,
            "release": runs,
            "beat": bool(getattr(state.consumer.controller, "beat", False)),
        }


def chosen_queues(app: Celery) -> tuple[str, ...]:
    """Names, sorted. From any thread: the list of a dict is made in one step."""
    return tuple(sorted(str(name) for name in list(app.amqp.queues.consume_from) if not is_lane(str(name))))
