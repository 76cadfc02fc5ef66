"""`Guard.notifications`: what was told to whom, what waits, and sending it."""

from __future__ import annotations

import logging
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.api.journal import note
from guard.errors import GuardError, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from guard.api.parts import Parts
    from guard.core.deliveries import Delivery
    from guard.core.notifications import Message
    from guard.notify.sender import SentReport

__all__ = ["Notifications", "NotificationsStanding"]

log = logging.getLogger(__name__)

_MOST = 1000
_STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsStanding:
    """Where notifications stand.

    Attributes:
        enabled: whether anybody is told of anything.
        mail_server: whether one is named, so that mails can be sent.
        mail_by: which, masked; empty: none.
        webhook: where it leads, masked; empty: there is none.
        signed: whether what is posted is signed.
        alerts_by_mail: whether alerts go out by mail.
        addresses: how many of each audience.
        counts: deliveries by stage: ``waiting``, ``sent``, ``given up``.
        oldest_waiting: when the oldest was made that was not sent, UTC seconds; None: none waits.
    """

    enabled: bool
    mail_server: bool
    mail_by: str
    webhook: str
    signed: bool
    alerts_by_mail: bool
    addresses: Mapping[str, int]
    counts: Mapping[str, int]
    oldest_waiting: float | None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "enabled": self.enabled,
            "mail_server": self.mail_server,
            "mail_by": self.mail_by or None,
            "webhook": self.webhook or None,
            "signed": self.signed,
            "alerts_by_mail": self.alerts_by_mail,
            "addresses": dict(self.addresses),
            "counts": dict(self.counts),
            "oldest_waiting": self.oldest_waiting,
        }


class Notifications:
    """The notifications of an app. Every call but `follow` and `wait` may raise StoreUnavailable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._follower: threading.Thread | None = None
        self._wanted = False
        self._lock = threading.Lock()

    def recent(self, limit: int = 50, *, stage: str | None = None) -> list[Delivery]:
        """The last deliveries, newest first.

        Args:
            stage: ``waiting``, ``sent`` or ``given up``; None: all.

        Raises:
            InvalidRequest: `limit` is not 1 to 1000, or there is no such stage.
        """
        from guard.core.deliveries import Stage

        if not 1 <= limit <= _MOST:
            raise InvalidRequest(f"limit {limit} is out of range: from 1 to {_MOST}")
        if stage is not None and stage not in set(Stage):
            raise InvalidRequest(f"there is no stage {stage[:40]!r}: {', '.join(one.value for one in Stage)}")
        return self._parts.notify.outbox.recent(limit, Stage(stage) if stage is not None else None)

    def standing(self) -> NotificationsStanding:
        """What is set up, and how much waits."""
        from guard.core.notifications import Audience

        notify = self._parts.notify
        settings, receivers, outbox = notify.settings, notify.receivers, notify.outbox
        return NotificationsStanding(
            enabled=settings.maintenance_notifications_enabled,
            mail_server=bool(settings.guard_smtp_url),
            mail_by=getattr(settings.guard_smtp_url, "masked", ""),
            webhook=getattr(settings.maintenance_webhook_url, "masked", ""),
            signed=settings.guard_webhook_secrets is not None,
            alerts_by_mail=settings.maintenance_email_alerts,
            addresses={audience.value: len(receivers.addresses(audience)) for audience in Audience},
            counts={stage.value: count for stage, count in outbox.counts().items()},
            oldest_waiting=outbox.oldest_waiting(),
        )

    def send(self, message: Message) -> Sequence[Delivery]:
        """Have people told something; the sender takes it within seconds. The same key is sent once. Gives
        its deliveries; none when nobody is to be told, by the settings."""
        made = self._parts.notify.send(message)
        self.follow()
        return made

    def send_test(self, *, by: str, to: Collection[str] = ()) -> Sequence[Delivery]:
        """Have a test message sent, marked as one.

        Args:
            by: who, for the journal and the message.
            to: ``users``, ``operators``, ``emergency team``; empty: operators.

        Raises:
            InvalidRequest: there is no such audience, or nobody is to be told by the settings.
        """
        from guard.core.changes import checked_actor
        from guard.core.notifications import Audience, trial_message

        by = checked_actor(by)
        unknown = sorted(set(to) - set(Audience))
        if unknown:
            known = ", ".join(audience.value for audience in Audience)
            raise InvalidRequest(f"there is no audience {unknown[0][:40]!r}: {known}")
        audiences = [Audience(name) for name in to] or [Audience.OPERATORS]
        now = self._parts.clock.wall()
        made = self._parts.notify.send(trial_message(to=audiences, key=str(uuid.uuid4()), at=now, by=by))
        if not made:
            raise InvalidRequest(
                "nobody would be told: notifications are off, or no receiver is named for this audience "
                "(MAINTENANCE_NOTIFICATIONS_ENABLED, GUARD_MAIL_OPERATORS, MAINTENANCE_WEBHOOK_URL, …)"
            )
        note(self._parts, "send test message", by=by, detail={"to": [one.value for one in audiences]})
        return made

    def retry(self, delivery_id: str | None = None, *, by: str) -> int:
        """Try deliveries at once that wait for their turn or were given up: this one, or all of them.

        Returns:
            How many; what is being sent just now, or was sent, is left alone.
        """
        from guard.core.changes import checked_actor

        by = checked_actor(by)
        count = self._parts.notify.outbox.again(self._parts.clock.wall(), delivery_id)
        if count:
            note(self._parts, "retry notifications", by=by, detail={"count": count, "id": delivery_id})
        return count

    def step(self) -> SentReport | None:
        """Tell of a window that is past its planned end, and send what is due. For a task that beat ticks;
        any number of processes may. None when another process is sending.

        Raises:
            InvalidRequest: receivers are named, and the extra `notify` is not installed.
        """
        self._parts.notify.look_for_overrun()
        return self._parts.notify.run()

    def follow(self) -> None:
        """Begin to send what has just been written, beside whatever this process does, for some seconds.
        Nothing rests on it: what it does not send, the next tick does."""
        if not self._parts.settings.maintenance_notifications_enabled:
            return
        settings = self._parts.notify.settings
        if not (settings.guard_smtp_url or settings.maintenance_webhook_url):
            return
        with self._lock:
            self._wanted = True
            if self._follower is not None and self._follower.is_alive():
                return  # it looks once more before it ends
            # Not a daemon: a script that opens a window and ends does not leave a mail half sent.
            self._follower = threading.Thread(target=self._follow, name="guard-notify", daemon=False)
            self._follower.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until `follow` has ended, at most so long. Whether it has."""
        follower = self._follower
        if follower is None:
            return True
        follower.join(seconds)
        return not follower.is_alive()

    def close(self) -> None:
        """Wait for `follow`, if it goes on."""
        if self._follower is not threading.current_thread():
            self.wait(_STOP_SECONDS)

    def _follow(self) -> None:
        while self._is_wanted():
            try:
                self._parts.notify.run_quickly()
            except GuardError as error:
                log.warning("messages wait to be sent: %s", error)
            except Exception:  # nobody would hear of it
                log.exception("messages wait to be sent")

    def _is_wanted(self) -> bool:
        """Whether there may be something that no round has seen. If not, this thread ends, and is not counted
        on any more."""
        with self._lock:
            wanted, self._wanted = self._wanted, False
            if not wanted:
                self._follower = None
            return wanted
