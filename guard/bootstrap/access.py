"""Access, wired. Loaded only by a process that asks who may do what."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from guard.access.admission import Admission
from guard.access.journal import AccessJournal
from guard.access.limits import Limits
from guard.access.pages import Pages
from guard.access.step_up import StepUp
from guard.access.tokens import Tokens
from guard.store.redis.rates import redis_counts
from guard.store.sql.approvals import SqlApprovals
from guard.store.sql.page_sessions import SqlPageSessions
from guard.store.sql.second_factors import SqlSecondFactors
from guard.store.sql.tokens import SqlTokens

if TYPE_CHECKING:
    from limits.storage import Storage
    from redis import Redis

    from guard.bootstrap.wiring import Wiring

__all__ = ["AccessParts"]


class AccessParts:
    """The parts for access to one app."""

    def __init__(self, wiring: Wiring) -> None:
        self._settings = wiring.settings
        self._stores = wiring.stores
        self._clock = wiring.clock
        self._announce = wiring.announcer.announce
        self._issuer = f"Maintenance of {wiring.app.main or wiring.settings.guard_namespace}"
        self._client: Redis | None = None

    @functools.cached_property
    def journal(self) -> AccessJournal:
        return AccessJournal(self._stores.durable, self._clock, self._announce)

    @functools.cached_property
    def limits(self) -> Limits:
        return Limits(self._counts, self._clock)

    @functools.cached_property
    def tokens(self) -> Tokens:
        return Tokens(
            store=SqlTokens(self._stores.durable),
            sessions=SqlPageSessions(self._stores.durable),
            limits=self.limits,
            journal=self.journal,
            clock=self._clock,
        )

    @functools.cached_property
    def step_up(self) -> StepUp:
        return StepUp(
            store=SqlSecondFactors(self._stores.durable),
            seal=self._stores.sealer,
            limits=self.limits,
            journal=self.journal,
            alerts=self._stores.alerts,
            clock=self._clock,
            issuer=self._issuer,
        )

    @functools.cached_property
    def pages(self) -> Pages:
        return Pages(
            store=SqlPageSessions(self._stores.durable),
            tokens=self.tokens,
            step_up=self.step_up,
            journal=self.journal,
            clock=self._clock,
        )

    @functools.cached_property
    def admission(self) -> Admission:
        return Admission(
            approvals=SqlApprovals(self._stores.durable),
            step_up=self.step_up,
            journal=self.journal,
            clock=self._clock,
            second_approver=self._settings.second_approver,
            announce=self._announce,
        )

    def _counts(self) -> Storage:
        counts, self._client = redis_counts(self._stores.redis_url, self._stores.keys)
        return counts

    def close(self) -> None:
        """Write down what was counted, and close the connections that were made here."""
        if "journal" in self.__dict__:
            self.journal.flush()
        if self._client is not None:
            self._client.close()
