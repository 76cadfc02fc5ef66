"""Which of several copies of a job may run. Asked only of messages that were released or delivered before.

A released copy must be the one that claims its park id. A message that is delivered again may have been
parked by a worker that died before it could acknowledge: then its parked copy is there too, and that one
runs. For the message may be a leftover of a connection that was lost, which will not run: in its favour
nothing that is safe may be dropped. Where a ledger is kept, a job that runs already does not run a second
time.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from guard.core.headers import COPY_HEADER, ORIGINAL
from guard.errors import StoreUnavailable
from guard.gates.messages import generation_of, job_of, publication_of, was_delivered_before

if TYPE_CHECKING:
    from kombu.message import Message

    from guard.gates.inner_celery import Request
    from guard.ports import ParkedIndex

__all__ = ["Copies", "Keeps", "Second", "is_copy"]

log = logging.getLogger(__name__)


class Second(StrEnum):
    """What to do with a message that is released or delivered again."""

    RUN = "run"
    PARK = "park"
    """Its job runs now: look again when that has ended."""
    DROP = "drop"


class Keeps(Protocol):
    """Who keeps the ledger of accepted jobs."""

    def started(self, request: Request) -> None:
        """A child has taken a job."""

    def failed(self, request: Request, error: object) -> None:
        """A job came back from its child without success."""

    def second(self, task_id: str, publication: str) -> Second:
        """What to do with a message that is delivered again."""


def is_copy(message: Message) -> bool:
    """Whether there may be another of this message."""
    return COPY_HEADER in message.headers or was_delivered_before(message)


class Copies:
    """The judge of one worker. When a store does not answer, a copy runs: as without the guard."""

    def __init__(self, index: ParkedIndex) -> None:
        self._index = index
        self.bookkeeper: Keeps | None = None
        """Where a ledger is kept."""

    def judge(self, message: Message) -> Second:
        """What to do with a copy."""
        task_id, *_ = job_of(message)
        if not self._is_the_one(message):
            log.warning("a second copy of job %s is dropped", task_id)
            return Second.DROP
        if self.bookkeeper is None:
            return Second.RUN
        return self.bookkeeper.second(task_id, publication_of(message))

    def forbid(self, park_id: str) -> None:
        """The job of this parked copy has finished after all: the copy must not run.

        Raises:
            StoreError: try again.
        """
        self._index.claim(park_id, ORIGINAL)

    def _is_the_one(self, message: Message) -> bool:
        released = message.headers.get(COPY_HEADER)
        publication = publication_of(message)
        try:
            if isinstance(released, dict) and not self._index.claim(
                str(released.get("park_id")), str(released.get("copy"))
            ):
                return False
            if not publication or not was_delivered_before(message):
                return True
            return self._index.claim_original(publication, generation_of(message))
        except StoreUnavailable:
            return True
