"""`Guard.ledger`: the jobs that were accepted and have not ended, and those that are lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.api.journal import note
from guard.errors import InvalidRequest, NotLost

if TYPE_CHECKING:
    from guard.api.parts import Parts
    from guard.core.ledger import LostJob
    from guard.ports import LedgerBooks

__all__ = ["LedgerView"]


class LedgerView:
    """The ledger of an app. Every call raises InvalidRequest when the ledger is switched off."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def __len__(self) -> int:
        """How many jobs were accepted and have not ended."""
        return self._books.open()

    @property
    def can_look(self) -> bool:
        """Whether lost jobs can be found: RabbitMQ lets nobody look into a queue."""
        return self._parts.broker.is_redis

    def lost(self) -> list[LostJob]:
        """Jobs that are nowhere, oldest first. They stay here until somebody forgets them."""
        return self._books.lost()

    def forget(self, task_id: str, *, by: str) -> None:
        """Strike a lost job off, once it was dealt with. The journal says who did.

        Raises:
            NotLost: no lost job has this id.
        """
        if not self._books.forget(task_id):
            raise NotLost(task_id)
        note(self._parts, "forget lost job", by=by, detail={"task_id": task_id})

    @property
    def _books(self) -> LedgerBooks:
        if not self._parts.settings.guard_ledger:
            raise InvalidRequest("the ledger is switched off: set GUARD_LEDGER=true for every process")
        return self._parts.stores.ledger
