"""Notifications, wired. What writes and sends them is loaded when there is something to send."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Any

from guard.core.deliveries import Channel
from guard.core.notifications import deliveries_of, overrun_message
from guard.errors import InvalidRequest, StoreError
from guard.settings.notifications import receivers_of, webhook_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guard.bootstrap.wiring import Wiring
    from guard.core.deliveries import Delivery
    from guard.core.notifications import Message, Receivers
    from guard.notify.sender import Carrier, SentReport
    from guard.ports import Clock
    from guard.settings import Settings
    from guard.store.sql.outbox import SqlOutbox

__all__ = ["Notifying"]

log = logging.getLogger(__name__)

_DICE = random.SystemRandom()
_QUICK_ROUND = 5.0
_QUICK_ANSWER = 5.0
_QUICK_MAIL = 10.0


class Notifying:
    """What tells people, for one app."""

    def __init__(self, wiring: Wiring) -> None:
        self._stores = wiring.stores
        self._announce = wiring.announcer.announce

    @property
    def settings(self) -> Settings:
        """The settings, with what is kept in the database where the environment has nothing. May read it."""
        return self._stores.addressing.current()

    @property
    def receivers(self) -> Receivers:
        """Where messages go, by these settings."""
        return receivers_of(self.settings)

    @property
    def outbox(self) -> SqlOutbox:
        return self._stores.outbox

    def send(self, message: Message) -> Sequence[Delivery]:
        """Keep a message for those whom it is for; the sender takes it within seconds. The same key is sent
        once, whoever sends it again. Gives its deliveries; none when nobody is to be told by the settings.

        Raises:
            StoreUnavailable: nothing is kept, nobody will be told.
        """
        made = deliveries_of(message, self.receivers, now=self._stores.clock.wall())
        self.outbox.put(made)
        return made

    def look_for_overrun(self) -> None:
        """Tell of the open window if it is past its planned end. Raises StoreError."""
        message = overrun_message(self._stores.durable.read(), now=self._stores.clock.wall())
        if message is not None:
            self.send(message)

    def run(self) -> SentReport | None:
        """One round of the sender, unless another process is at it: then None.

        Raises:
            InvalidRequest: the extra `notify` is not installed.
            StoreUnavailable: the outbox did not answer.
        """
        lock = self._stores.lock("notifications")
        try:
            if not lock.acquire():
                return None
            give_back: Callable[[], object] = lock.give_back
        except StoreError as error:  # it only saves work: each delivery is held by itself
            log.info("sending without the lock: %s", error)
            give_back = _nothing
        try:
            return self._round(self.carriers())
        finally:
            try:
                give_back()
            except StoreError as error:
                log.debug("the lock of the sender runs out by itself: %s", error)

    def run_quickly(self) -> SentReport:
        """A short round beside what this process does: as `run`, without a lock."""
        return self._round(self.carriers(quickly=True), round_seconds=_QUICK_ROUND)

    def _round(self, carriers: dict[Channel, Carrier], **times: Any) -> SentReport:
        from guard.notify.sender import Sender

        stores = self._stores
        return Sender(
            outbox=self.outbox,
            carriers=carriers,
            alerts=stores.alerts,
            clock=stores.clock,
            dice=_DICE.random,
            announce=self._announce,
            **times,
        ).run()

    def carriers(self, *, quickly: bool = False) -> dict[Channel, Carrier]:
        """One for each channel that the settings name; for one thread.

        Raises:
            InvalidRequest: the extra `notify` is not installed.
        """
        settings = self.settings
        if not settings.maintenance_notifications_enabled:
            return {}
        try:
            made: dict[Channel, Carrier] = {}
            if settings.guard_smtp_url:
                made[Channel.MAIL] = _mail(settings, quickly=quickly)
            if settings.maintenance_webhook_url:
                made[Channel.WEBHOOK] = _webhook(settings, self._stores.clock)
        except ModuleNotFoundError as error:
            raise InvalidRequest(
                f"this needs the extra `notify` ({error.name} is missing): "
                "pip install 'celery-maintenance-guard[notify]'"
            ) from error
        return made


def _mail(settings: Settings, *, quickly: bool) -> Carrier:
    from guard.core.mail_server import mail_server, split_sender
    from guard.notify.smtp import ANSWER_SECONDS, MAIL_SECONDS, SmtpCarrier
    from guard.notify.writing import Writer

    sender = split_sender(settings.guard_mail_from)
    writer = Writer(sender=sender, zone=settings.guard_time_zone, folder=settings.guard_mail_templates)
    return SmtpCarrier(
        mail_server(str(settings.guard_smtp_url)),
        writer=writer,
        sender=sender[1],
        answer_seconds=_QUICK_ANSWER if quickly else ANSWER_SECONDS,
        mail_seconds=_QUICK_MAIL if quickly else MAIL_SECONDS,
    )


def _webhook(settings: Settings, clock: Clock) -> Carrier:
    from guard.notify.webhook import WebhookCarrier

    return WebhookCarrier(
        str(settings.maintenance_webhook_url), secrets=webhook_secrets(settings), clock=clock
    )


def _nothing() -> None:
    """There is no lock to give back."""
