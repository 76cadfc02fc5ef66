"""The stores of one app, made at first use and shared within a process."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING

from guard.clock import SystemClock
from guard.core.named_events import not_announced
from guard.store.redis.figures import RedisFigures
from guard.store.redis.keys import Keys
from guard.store.redis.parked import RedisParkedIndex
from guard.store.redis.plane import RedisControlPlane
from guard.store.redis.tally import RedisTally
from guard.store.redis.wake import RedisWakeUp
from guard.store.sql.glance import Glance

if TYPE_CHECKING:
    from collections.abc import Collection

    from celery import Celery
    from redis import Redis

    from guard.bootstrap.addressing import Addressing
    from guard.core.audit_chain import ChainKeys, Head
    from guard.core.named_events import Announces
    from guard.settings import Settings
    from guard.store.head_apart import HeadApart
    from guard.store.redis.attempts import RedisAttempts
    from guard.store.redis.bypasses import RedisBypasses
    from guard.store.redis.finishing import RedisFinishingSteps
    from guard.store.redis.ledger import RedisLedger
    from guard.store.redis.lock import RedisLock
    from guard.store.redis.outcomes import RedisOutcomes
    from guard.store.redis.sessions import RedisSessionMarks
    from guard.store.sealing import Sealer
    from guard.store.sql.alerts import SqlAlerts
    from guard.store.sql.audit_chain import SqlAuditChain
    from guard.store.sql.bypasses import SqlBypasses
    from guard.store.sql.drills import SqlDrills
    from guard.store.sql.found import SqlFound
    from guard.store.sql.journal import SqlJournal
    from guard.store.sql.outbox import SqlOutbox
    from guard.store.sql.schedules import SqlSchedules
    from guard.store.sql.secrets import SqlSecrets
    from guard.store.sql.store import SqlStore
    from guard.store.sql.window_lease import SqlWindowLeases

__all__ = ["Stores"]

log = logging.getLogger(__name__)

_COMMAND_SECONDS = 3.0
"""How long a person's command may wait for Redis; renewals wait for less."""


class Stores:
    """Control plane and durable store of one app."""

    def __init__(self, app: Celery, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self.clock = SystemClock()
        self.keys = Keys(settings.guard_namespace)
        self._bypass_client: Redis | None = None
        self._head_client: Redis | None = None
        self.announce: Announces = not_announced

    @functools.cached_property
    def redis_url(self) -> str:
        """Where the control plane is."""
        conf = self._app.conf
        return self._settings.control_plane_url(str(conf.broker_write_url or conf.broker_url or ""))

    @functools.cached_property
    def durable(self) -> SqlStore:
        """The durable store, whole: loads SQLAlchemy."""
        from guard.store.sql.store import SqlStore

        url = str(self._settings.database_url)
        return SqlStore(
            url,
            clock=self.clock,
            auto_migrate=url.startswith("sqlite"),
            keys=self.chain_keys,
            on_head=self._tell_head,
            deliveries=self.addressing.of_change,
            before_telling=self.addressing.refresh,
        )

    @functools.cached_property
    def addressing(self) -> Addressing:
        """Where messages go, and what they are made of."""
        from guard.bootstrap.addressing import Addressing

        return Addressing(self._settings, clock=self.clock, kept=self._kept)

    def _kept(self, names: Collection[str]) -> dict[str, str | None]:
        return self.secrets.texts(names)

    def secrets_changed(self) -> None:
        """What is kept is read anew."""
        self.addressing.forget()

    @functools.cached_property
    def outbox(self) -> SqlOutbox:
        """Messages on their way to people."""
        from guard.store.sql.outbox import SqlOutbox

        return SqlOutbox(self.durable)

    def _tell_head(self, head: Head) -> None:
        try:
            apart = self.head_apart  # made when the first row is written
        except ValueError as error:  # an address that is none: others say so, and what was written is written
            log.warning("the journal's head is not kept in Redis: %s", type(error).__name__)
            return
        apart.tell(head)

    @functools.cached_property
    def chain_keys(self) -> ChainKeys:
        """What the journal's links are made with."""
        from guard.core.audit_chain import ChainKeys

        return ChainKeys(self._settings.secret, self._settings.former_secrets)

    @functools.cached_property
    def audit_chain(self) -> SqlAuditChain:
        """The journal's chain, for those who judge it."""
        from guard.store.sql.audit_chain import SqlAuditChain

        return SqlAuditChain(self.durable)

    @functools.cached_property
    def head_apart(self) -> HeadApart:
        """The journal's newest row, kept in Redis too. With little patience: a change does not wait."""
        from guard.store.head_apart import HeadApart
        from guard.store.redis.audit_head import RedisAuditHead
        from guard.store.redis.client import connect

        self._head_client = connect(self.redis_url, timeout=self._settings.lease.timeout, name="guard-audit")
        return HeadApart(RedisAuditHead(self._head_client, self.keys), self.audit_chain, self.clock)

    @functools.cached_property
    def sealer(self) -> Sealer:
        """Seals what is kept encrypted."""
        from guard.store.sealing import Sealer

        settings = self._settings
        return Sealer(settings.encryption_keys, settings.secret, settings.former_secrets)

    @functools.cached_property
    def secrets(self) -> SqlSecrets:
        """Secrets that are kept in the database."""
        from guard.store.sql.secrets import SqlSecrets

        return SqlSecrets(self.durable, self.sealer)

    @functools.cached_property
    def alerts(self) -> SqlAlerts:
        """What a person should know."""
        from guard.store.sql.alerts import SqlAlerts

        return SqlAlerts(self.durable, deliveries=self.addressing.of_alert, announce=self.announce)

    @functools.cached_property
    def found(self) -> SqlFound:
        """What windows found when they opened."""
        from guard.store.sql.found import SqlFound

        return SqlFound(self.durable)

    @functools.cached_property
    def window_leases(self) -> SqlWindowLeases:
        """Who runs the automated window."""
        from guard.store.sql.window_lease import SqlWindowLeases

        return SqlWindowLeases(self.durable)

    @functools.cached_property
    def schedules(self) -> SqlSchedules:
        """Plans, and what became of their starts."""
        from guard.store.sql.schedules import SqlSchedules

        return SqlSchedules(self.durable, tells=self.addressing.of_notice)

    @functools.cached_property
    def drills(self) -> SqlDrills:
        """Drills, and what people say in them."""
        from guard.store.sql.drills import SqlDrills

        return SqlDrills(self.durable)

    @functools.cached_property
    def glance(self) -> Glance:
        """The durable store, for those who only read the state."""
        return Glance(str(self._settings.database_url), whole=lambda: self.durable)

    @functools.cached_property
    def plane(self) -> RedisControlPlane:
        """The control plane, with a person's patience."""
        return self.impatient_plane(_COMMAND_SECONDS)

    def impatient_plane(self, timeout: float) -> RedisControlPlane:
        """A control plane of its own connections, for an agent."""
        return RedisControlPlane(self.redis_url, self.keys, secret=self._settings.secret, timeout=timeout)

    def wake_up(self, channel: str, *, name: str, timeout: float = _COMMAND_SECONDS) -> RedisWakeUp:
        """A listener on one channel."""
        return RedisWakeUp(self.redis_url, channel, timeout=timeout, name=name)

    def listen(self, name: str) -> RedisWakeUp:
        """A listener to changes of the state."""
        return self.wake_up(self.keys.wake, name=name)

    @functools.cached_property
    def journal(self) -> SqlJournal:
        """The journal, for those who read it."""
        from guard.store.sql.journal import SqlJournal

        return SqlJournal(self.durable)

    @functools.cached_property
    def index(self) -> RedisParkedIndex:
        """The index of parked jobs."""
        return RedisParkedIndex(self.plane.client, self.keys)

    @functools.cached_property
    def tally(self) -> RedisTally:
        """The counters of windows."""
        return RedisTally(self.plane.client, self.keys)

    @functools.cached_property
    def figures(self) -> RedisFigures:
        """Sums of figures, over all processes and windows."""
        return RedisFigures(self.plane.client, self.keys)

    @functools.cached_property
    def attempts(self) -> RedisAttempts:
        """Requests that windows refused."""
        from guard.store.redis.attempts import RedisAttempts

        return RedisAttempts(self.plane.client, self.keys)

    @functools.cached_property
    def outcomes(self) -> RedisOutcomes:
        """What became of jobs that an emergency asked to stop."""
        from guard.store.redis.outcomes import RedisOutcomes

        return RedisOutcomes(self.plane.client, self.keys)

    @functools.cached_property
    def finishing(self) -> RedisFinishingSteps:
        """Steps that go on while a window drains."""
        from guard.store.redis.finishing import RedisFinishingSteps

        return RedisFinishingSteps(self.plane.client, self.keys)

    @functools.cached_property
    def ledger(self) -> RedisLedger:
        """Accepted jobs that have not ended."""
        from guard.store.redis.ledger import RedisLedger

        return RedisLedger(self.plane.client, self.keys)

    @functools.cached_property
    def bypasses(self) -> SqlBypasses:
        """Bypass tokens that were made."""
        from guard.store.sql.bypasses import SqlBypasses

        return SqlBypasses(self.durable)

    @functools.cached_property
    def bypass_marks(self) -> RedisBypasses:
        """Which of them stand. By a connection of its own: a worker that is shown one must not
        wait for long."""
        from guard.store.redis.bypasses import RedisBypasses
        from guard.store.redis.client import connect

        self._bypass_client = connect(
            self.redis_url, timeout=self._settings.lease.timeout, name="guard-bypasses"
        )
        return RedisBypasses(self._bypass_client, self.keys)

    @functools.cached_property
    def session_marks(self) -> RedisSessionMarks:
        """How far the deletion of invalidated sessions has come."""
        from guard.store.redis.sessions import RedisSessionMarks

        return RedisSessionMarks(self.plane.client, self.keys)

    def lock(self, name: str) -> RedisLock:
        """A lock of the whole fleet."""
        from guard.store.redis.lock import RedisLock

        return RedisLock(self.plane.client, self.keys, name)

    def close(self) -> None:
        """Close every connection that was made."""
        if "plane" in self.__dict__:
            self.plane.close()
        if "durable" in self.__dict__:
            self.durable.close()
        if self._bypass_client is not None:
            self._bypass_client.close()
        if self._head_client is not None:
            self._head_client.close()
