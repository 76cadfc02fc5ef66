"""The sender: takes what is due out of the outbox, has it carried, and writes down how it went.

Any number of senders may run at once, and any may die at any moment:

- A delivery is held before it is carried. Of two senders one gets it.
- After it was carried, writing that down is tried for a while: a database that is away for a moment is no
  reason to send twice. If it cannot be written the hold runs out, and the same delivery goes again, with the
  same id.
- To one receiver only the oldest delivery is due, so the next one goes when that is over.
- A server that does not answer is not asked again in this round for the others.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from guard.core.alerts import Alert, Severity
from guard.core.deliveries import Stage, failed, held, sent
from guard.core.named_events import EventName, not_announced
from guard.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from guard.core.deliveries import Channel, Delivery, Failure
    from guard.core.named_events import Announces
    from guard.ports import Alerts, Clock

__all__ = ["Carrier", "Outbox", "Sender", "SentReport"]

log = logging.getLogger(__name__)

_AT_ONCE = 50
_ROUND_SECONDS = 40.0
_WRITE_SECONDS = 20.0


class Outbox(Protocol):
    """Messages on their way to people."""

    def due(self, now: float, limit: int, *, channels: Collection[Channel]) -> list[Delivery]:
        """The oldest delivery of each receiver that is not over, where that one is due; oldest first."""

    def replace(self, before: Delivery, after: Delivery) -> bool:
        """Write a row if it still is as it was read. False, and nothing changed, when it is not."""


class Carrier(Protocol):
    """Carries deliveries of one channel. Used by one thread."""

    def carry(self, delivery: Delivery) -> Failure | None:
        """Send one; None: the receiver has it. Never raises for what a server does."""

    def close(self) -> None:
        """End its connection, if it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentReport:
    """What a round did. `problems`: one sentence for each channel that failed."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    problems: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "sent": self.sent,
            "failed": self.failed,
            "given_up": self.given_up,
            "problems": list(self.problems),
        }


class Sender:
    """Sends what is due.

    Args:
        carriers: by channel; what has none stays for a process that has one.
        dice: at random, 0 to 1.
        round_seconds: after which no further delivery is begun.
        write_seconds: for how long writing down a result is tried.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        carriers: Mapping[Channel, Carrier],
        alerts: Alerts,
        clock: Clock,
        dice: Callable[[], float],
        announce: Announces = not_announced,
        round_seconds: float = _ROUND_SECONDS,
        write_seconds: float = _WRITE_SECONDS,
    ) -> None:
        self._outbox = outbox
        self._carriers = carriers
        self._alerts = alerts
        self._clock = clock
        self._dice = dice
        self._announce = announce
        self._round_seconds = round_seconds
        self._write_seconds = write_seconds

    def run(self) -> SentReport:
        """One round: until nothing is due, or its time is over.

        Raises:
            StoreUnavailable: the outbox did not answer. What was sent stands.
        """
        until = self._clock.boot() + self._round_seconds
        counts = dict.fromkeys(Stage, 0)
        away: dict[Channel, str] = {}
        problems: list[str] = []
        try:
            while self._clock.boot() < until:
                channels = [channel for channel in self._carriers if channel not in away]
                due = self._outbox.due(self._clock.wall(), _AT_ONCE, channels=channels) if channels else []
                if not due:
                    break
                for delivery in due:
                    if delivery.channel not in away and self._clock.boot() < until:
                        after = self._send(delivery, away)
                        if after is not None:
                            counts[after.stage] += 1
                            problems += [after.problem] if after.problem else []
        finally:
            for carrier in self._carriers.values():
                carrier.close()
        return SentReport(
            sent=counts[Stage.SENT],
            failed=counts[Stage.WAITING],
            given_up=counts[Stage.GIVEN_UP],
            problems=tuple(dict.fromkeys(problems)),
        )

    def _send(self, delivery: Delivery, away: dict[Channel, str]) -> Delivery | None:
        """The delivery after an attempt; None when another sender has it."""
        ours = held(delivery, by=str(uuid.uuid4()), now=self._clock.wall())
        if not self._outbox.replace(delivery, ours):
            return None
        failure = self._carriers[delivery.channel].carry(ours)
        now = self._clock.wall()
        if failure is None:
            after = sent(ours, now=now)
            self._announce(EventName.DELIVERY_SENT, **_told(ours))
        else:
            after = failed(ours, failure, now=now, dice=self._dice())
            if failure.unreachable:
                away[delivery.channel] = failure.problem
            self._announce(
                EventName.DELIVERY_FAILED,
                **_told(ours),
                why=failure.problem,
                given_up=after.stage is Stage.GIVEN_UP,
            )
        self._write_down(ours, after)
        return after

    def _write_down(self, ours: Delivery, after: Delivery) -> None:
        patient = Retrying(
            retry=retry_if_exception_type(StoreError),
            stop=stop_after_delay(self._write_seconds),
            wait=wait_random_exponential(multiplier=0.1, max=2.0),
            reraise=True,
        )
        if not patient(self._outbox.replace, ours, after):
            log.warning("delivery %s was taken over, and may arrive twice", ours.delivery_id)
        elif after.stage is Stage.GIVEN_UP:
            self._tell(after)

    def _tell(self, delivery: Delivery) -> None:
        whom = delivery.receiver or "the webhook"
        try:
            self._alerts.raise_alert(
                Alert(
                    at=self._clock.wall(),
                    severity=Severity.WARNING,
                    kind="notification given up",
                    message=f"{delivery.event} could not be sent to {whom}: {delivery.problem}",
                    detail={"delivery_id": delivery.delivery_id, "attempts": delivery.attempts},
                )
            )
        except StoreError as error:
            log.warning("an alert is not kept: %s", error)


def _told(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery_id": delivery.delivery_id,
        "about": delivery.event,
        "channel": delivery.channel.value,
        "attempt": delivery.attempts,
    }
