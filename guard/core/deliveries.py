"""The life of a delivery: one message to one receiver. Pure; chance and time are given.

    waiting → (held by a sender) → sent | waiting again, later | given up

Rules:

- Whoever sends holds the delivery first, for longer than sending may take. If that process dies it is due
  again when the hold is over, under the same id: at most one copy too many, which the id shows.
- To one receiver messages go in the order in which they were made: only the oldest that is not over is due.
- A receiver that is away is tried again after pauses that double, up to ten minutes, moved at random so that
  many deliveries do not come at once. After three days it is given up, and somebody is told.
- What a receiver refuses for good (no such mailbox) is given up at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "GIVE_UP_SECONDS",
    "HOLD_SECONDS",
    "Channel",
    "Delivery",
    "Failure",
    "Stage",
    "again",
    "failed",
    "held",
    "is_due",
    "pause",
    "sent",
]

FIRST_PAUSE = 10.0
LONGEST_PAUSE = 600.0
LONGEST_WISH = 3600.0
"""Seconds for which a receiver may ask to be left alone (Retry-After)."""
GIVE_UP_SECONDS = 3 * 86_400.0
HOLD_SECONDS = 120.0
"""Longer than one attempt may take (see `guard.notify.time_limit`), and a clock may be wrong."""
_LONGEST_PROBLEM = 300


class Channel(StrEnum):
    """How a delivery travels."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class Stage(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an attempt failed.

    Attributes:
        problem: one sentence for a person; no secrets.
        refused: whether trying again is of no use.
        unreachable: whether the server itself did not answer, so that it would not for others either.
        retry_after: seconds for which the receiver asks to be left alone; None: it did not say.
    """

    problem: str
    refused: bool = False
    unreachable: bool = False
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one receiver. Times are UTC seconds.

    Attributes:
        delivery_id: a UUID, the same in every attempt: Message-ID of a mail, `X-Guard-Delivery` of a webhook.
        receiver: a mail address; empty for the webhook.
        event: the kind of message, for example ``window.opened``.
        payload: what it says: `to`, `occurred_at`, `rehearsal`, `about`.
        seq: its place in the order of all; 0 before it is kept.
        attempts: how many were begun.
        next_at: not before.
        give_up_at: not after.
        held_by, held_until: who is sending it, and until when that is believed.
        ended_at: when it was sent or given up.
        problem: of the last attempt; empty when it succeeded.
    """

    delivery_id: str
    channel: Channel
    receiver: str
    event: str
    payload: Mapping[str, Any]
    made_at: float
    next_at: float
    give_up_at: float
    stage: Stage = Stage.WAITING
    attempts: int = 0
    held_by: str = ""
    held_until: float | None = None
    ended_at: float | None = None
    problem: str = ""
    seq: int = 0

    @classmethod
    def first(
        cls,
        *,
        delivery_id: str,
        channel: Channel,
        receiver: str,
        event: str,
        payload: Mapping[str, Any],
        now: float,
    ) -> Delivery:
        """One that nobody has tried."""
        return cls(
            delivery_id=delivery_id,
            channel=channel,
            receiver=receiver,
            event=event,
            payload=payload,
            made_at=now,
            next_at=now,
            give_up_at=now + GIVE_UP_SECONDS,
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types, for people: what it says is left out."""
        return {
            "delivery_id": self.delivery_id,
            "channel": self.channel.value,
            "receiver": self.receiver or None,
            "event": self.event,
            "stage": self.stage.value,
            "attempts": self.attempts,
            "made_at": self.made_at,
            "next_at": self.next_at if self.stage is Stage.WAITING else None,
            "ended_at": self.ended_at,
            "problem": self.problem or None,
        }


def is_due(delivery: Delivery, now: float) -> bool:
    """Whether it may be held now, if it is the oldest of its receiver."""
    free = delivery.held_until is None or delivery.held_until <= now
    return delivery.stage is Stage.WAITING and delivery.next_at <= now and free


def held(delivery: Delivery, *, by: str, now: float) -> Delivery:
    """An attempt begins. It counts from here, also if nobody hears how it went."""
    return replace(
        delivery, attempts=delivery.attempts + 1, held_by=by, held_until=now + HOLD_SECONDS, next_at=now
    )


def sent(delivery: Delivery, *, now: float) -> Delivery:
    """The receiver has it."""
    return replace(delivery, stage=Stage.SENT, held_by="", held_until=None, ended_at=now, problem="")


def failed(delivery: Delivery, failure: Failure, *, now: float, dice: float) -> Delivery:
    """The attempt failed.

    Args:
        dice: at random, 0 to 1.
    """
    after = replace(delivery, held_by="", held_until=None, problem=failure.problem[:_LONGEST_PROBLEM])
    if failure.refused or now >= delivery.give_up_at:
        return replace(after, stage=Stage.GIVEN_UP, ended_at=now)
    wish = min(failure.retry_after or 0.0, LONGEST_WISH)
    return replace(after, next_at=now + max(pause(delivery.attempts, dice), wish))


def again(delivery: Delivery, *, now: float) -> Delivery:
    """Somebody wants it tried at once: what waits for its next turn, or was given up, in full anew."""
    return replace(
        delivery,
        stage=Stage.WAITING,
        next_at=now,
        give_up_at=now + GIVE_UP_SECONDS,
        held_by="",
        held_until=None,
        ended_at=None,
    )


def pause(attempts: int, dice: float) -> float:
    """Seconds until the next attempt, from half of the full pause to all of it.

    Args:
        attempts: how many there were, from 1.
        dice: at random, 0 to 1.
    """
    full = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(max(attempts, 1) - 1, 16))
    return full * (0.5 + dice / 2)
