"""The journal's head, kept a second time in another store than the journal.

Rules:
- A change waits for it no longer than one renewal may take, and not at all for half a minute after it did
  not answer: then the head apart is older than the journal, which proves less and is nothing wrong.
- A head is replaced only when the journal still has the row that it names. Otherwise it is evidence: it
  stays, and `audit verify` tells, until somebody accepts what happened.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from guard.errors import StoreError

if TYPE_CHECKING:
    from guard.core.audit_chain import Head
    from guard.ports import Clock
    from guard.store.redis.audit_head import RedisAuditHead
    from guard.store.sql.audit_chain import SqlAuditChain

__all__ = ["HeadApart"]

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 30.0


class HeadApart:
    """Keeps the head of one installation in Redis."""

    def __init__(self, kept: RedisAuditHead, chain: SqlAuditChain, clock: Clock) -> None:
        self._kept = kept
        self._chain = chain
        self._clock = clock
        self._not_before = 0.0

    def tell(self, head: Head) -> None:
        """A row was written, and is the newest. Never raises for a store that is away."""
        if self._clock.boot() < self._not_before:
            return
        try:
            self._advance(head)
        except StoreError as error:
            self._not_before = self._clock.boot() + _PAUSE_SECONDS
            log.info("the journal's head is not kept in Redis for now: %s", error)

    def _advance(self, head: Head) -> None:
        text, held = self._kept.read()
        if held is not None and held.number >= head.number:
            return
        if text and (held is None or not self._is_ours(held)):
            log.error(
                "the journal does not have the row that Redis knows of: rows were cut off or replaced, "
                "run `maintenance audit verify`"
            )
            return
        self._kept.replace(text, head)

    def _is_ours(self, held: Head) -> bool:
        if self._chain.link(held.number) == held.link:
            return True
        anchor = self._chain.anchor()
        return anchor is not None and held.number <= anchor.number

    def read(self) -> Head | None:
        """The head; None when there is none. Raises StoreUnavailable."""
        return self._kept.read()[1]

    def force(self, head: Head) -> None:
        """Keep this one whatever is there: somebody has accepted what happened.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        self._kept.replace(self._kept.read()[0], head)
