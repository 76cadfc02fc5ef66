"""Who is told what, when the guard state changes. Pure: states in, messages out.

Rules:

- A message says that something happened; it is made once, under a key that says what it is about. Whoever
  makes the same message twice makes the same key, so a receiver can tell.
- Users are told unless it was agreed that they are not; operators always; the emergency team whenever an
  emergency begins, changes or ends.
- A rehearsal (test mode) is told to operators alone, and marked as one.
- A window that the durable store learns of only when it is over was opened and has ended: both are told.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from guard.core.alerts import Severity
from guard.core.deliveries import Channel, Delivery
from guard.core.modes import CLOSED_PHASES, Mode

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from guard.core.acts import Notice
    from guard.core.state import GuardState

__all__ = [
    "Audience",
    "Kind",
    "Message",
    "Receivers",
    "alert_message",
    "deliveries_of",
    "messages_of_change",
    "notice_message",
    "overrun_message",
    "trial_message",
]

OVERRUN_PATIENCE = 60.0
"""Seconds after the planned end: whoever ends a window half a minute late has not overrun it."""
_IDS = uuid.UUID("b0d7c6de-6a4c-4d0e-9d0a-3b1f6f0f7a52")


class Kind(StrEnum):
    """What happened. The values are what a webhook's receiver sees: they are never changed, only added."""

    PLANNED = "window.planned"
    CANCELLED = "window.cancelled"
    OPENED = "window.opened"
    CHANGED = "window.changed"
    OVERRUN = "window.overrun"
    ENDED = "window.ended"
    ALERT = "alert"
    TRIAL = "trial"
    """Somebody tries whether messages arrive."""


class Audience(StrEnum):
    """Whom a message is for. An address in several of them is told once, as the last of them."""

    USERS = "users"
    OPERATORS = "operators"
    EMERGENCY_TEAM = "emergency team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something that people should be told.

    Attributes:
        to: for whom.
        key: what it is about, unique to it: the same key is the same message, and is sent once.
        at: when it happened, UTC seconds.
        fields: what it says, plain JSON types; no secrets.
        rehearsal: whether nothing of it is real.
    """

    kind: Kind
    to: Collection[Audience]
    key: str
    at: float
    fields: Mapping[str, Any] = field(default_factory=dict)
    rehearsal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """Where messages go, by the settings.

    Attributes:
        users, operators, emergency_team: mail addresses; empty where no mail is sent.
        webhook: whether there is one.
        alerts_by_mail: whether alerts go out by mail too.
    """

    users: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    emergency_team: tuple[str, ...] = ()
    webhook: bool = False
    alerts_by_mail: bool = True

    def addresses(self, audience: Audience) -> tuple[str, ...]:
        """The mail addresses of an audience."""
        return {
            Audience.USERS: self.users,
            Audience.OPERATORS: self.operators,
            Audience.EMERGENCY_TEAM: self.emergency_team,
        }[audience]


def messages_of_change(old: GuardState, new: GuardState) -> tuple[Message, ...]:
    """What is to be told when the durable store goes from one state to another, in this order."""
    opened = new.window_id != old.window_id and new.mode is not None
    if opened:
        told = [_message(Kind.OPENED, new, "", at=_begun(new), emergency=new.mode is Mode.EMERGENCY)]
        return (*told, _ended(old, new)) if not new.is_active else tuple(told)
    if old.is_active and not new.is_active:
        return (_ended(old, new),)
    if old.is_active and new.is_active:
        changes = _changes(old, new)
        if changes:
            emergency = Mode.EMERGENCY in {old.mode, new.mode}
            key = f"{new.epoch}|{new.changed_at!r}"
            return (
                _message(
                    Kind.CHANGED, new, key, at=new.changed_at, emergency=emergency, changes=changes
                ),
            )
    return ()


def overrun_message(state: GuardState, *, now: float) -> Message | None:
    """What is to be told of a window that is past its planned end; None when it is not, or nobody planned
    one. Once for each planned end: who extends a window and is late again is told of again."""
    end = state.planned_end
    if state.phase not in CLOSED_PHASES or end is None or now < end + OVERRUN_PATIENCE:
        return None
    late = round(now - end)
    emergency = state.mode is Mode.EMERGENCY
    return _message(Kind.OVERRUN, state, repr(end), at=now, emergency=emergency, late_seconds=late)


def notice_message(notice: Notice, *, key: str, now: float) -> Message:
    """What is to be told of a planned window before it begins."""
    rehearsal = notice.mode == Mode.TEST
    return Message(
        kind=Kind.PLANNED if notice.kind == "coming" else Kind.CANCELLED,
        to=(Audience.OPERATORS,) if rehearsal else (Audience.USERS, Audience.OPERATORS),
        key=f"notice|{key}|{notice.kind}|{notice.starts_at!r}|{notice.before}",
        at=now,
        fields={
            "name": notice.name,
            "mode": notice.mode,
            "reason": notice.reason,
            "starts_at": notice.starts_at,
            "planned_end": notice.ends_at,
            "zone": notice.zone,
        },
        rehearsal=rehearsal,
    )


TOLD_ELSEWHERE = frozenset(
    {
        *("planned maintenance", "planned maintenance cancelled", "maintenance enabled", "recovery done"),
        "window past its end",
        "notification given up",
    }
)
"""Kinds of alerts that no message is made of: those of windows and plans say the same, and what could not be
delivered is not told by another delivery."""


def alert_message(
    *,
    kind: str,
    severity: Severity,
    message: str,
    key: str,
    at: float,
    stage: str = "raised",
    detail: Mapping[str, Any] | None = None,
) -> Message:
    """An alert as a message: to the operators, and what is critical to the emergency team too.

    Args:
        kind, severity, message, detail: of the alert.
        key: of the alert and this stage of it: the same key is told once.
        stage: what became of it: ``raised``, ``repeated``, ``resolved``…
    """
    critical = severity is Severity.CRITICAL
    return Message(
        kind=Kind.ALERT,
        to=(Audience.OPERATORS, Audience.EMERGENCY_TEAM) if critical else (Audience.OPERATORS,),
        key=f"alert|{key}",
        at=at,
        fields={
            "alert": kind,
            "severity": severity.value,
            "message": message,
            "stage": stage,
            "detail": dict(detail or {}),
        },
    )


def trial_message(*, to: Collection[Audience], key: str, at: float, by: str) -> Message:
    """A message by which somebody tries whether messages arrive."""
    return Message(kind=Kind.TRIAL, to=to, key=f"trial|{key}", at=at, fields={"by": by}, rehearsal=True)


def deliveries_of(message: Message, receivers: Receivers, *, now: float) -> tuple[Delivery, ...]:
    """One delivery for each receiver of a message, each address once."""
    mails: dict[str, tuple[str, Audience]] = {}
    if message.kind is not Kind.ALERT or receivers.alerts_by_mail:
        for audience in Audience:  # the later one says more
            if audience in message.to:
                mails |= {address.lower(): (address, audience) for address in receivers.addresses(audience)}
    made = [_delivery(message, Channel.MAIL, address, (who,), now) for address, who in mails.values()]
    if receivers.webhook:
        everybody = tuple(audience for audience in Audience if audience in message.to)
        made.append(_delivery(message, Channel.WEBHOOK, "", everybody, now))
    return tuple(made)


def _delivery(
    message: Message, channel: Channel, receiver: str, audiences: tuple[Audience, ...], now: float
) -> Delivery:
    return Delivery.first(
        delivery_id=str(uuid.uuid5(_IDS, f"{message.kind}|{message.key}|{channel}|{receiver}")),
        channel=channel,
        receiver=receiver,
        event=message.kind.value,
        payload={
            "to": [audience.value for audience in audiences],
            "occurred_at": message.at,
            "rehearsal": message.rehearsal,
            "about": dict(message.fields),
        },
        now=now,
    )


def _message(
    kind: Kind, state: GuardState, key: str, *, at: float, emergency: bool, **more: Any
) -> Message:
    rehearsal = state.mode is Mode.TEST
    audiences = [Audience.OPERATORS]
    if not rehearsal:
        audiences += [Audience.USERS] * state.terms.notify + [Audience.EMERGENCY_TEAM] * emergency
    return Message(
        kind=kind,
        to=tuple(audiences),
        key=f"{state.store_id}|{state.window_id}|{key}",
        at=at,
        fields={
            "window_id": state.window_id,
            "epoch": state.epoch,
            "mode": state.mode.value if state.mode else None,
            "reason": state.reason,
            "by": state.by,
            "started_at": state.started_at,
            "planned_end": state.planned_end,
            **more,
        },
        rehearsal=rehearsal,
    )


def _ended(old: GuardState, new: GuardState) -> Message:
    """A window that is over has no mode any more; then it is told as it was before."""
    last = new if new.mode is not None else old
    emergency = last.mode is Mode.EMERGENCY
    return _message(Kind.ENDED, last, "", at=new.changed_at, emergency=emergency, ended_at=new.changed_at)


def _begun(state: GuardState) -> float:
    return state.started_at if state.started_at is not None else state.changed_at


def _changes(old: GuardState, new: GuardState) -> dict[str, list[Any]]:
    """What people notice of a change, as it was and as it is. Phases and deadlines of the drain are not."""
    seen = {
        "mode": (old.mode.value if old.mode else None, new.mode.value if new.mode else None),
        "reason": (old.reason, new.reason),
        "planned_end": (old.planned_end, new.planned_end),
        "scope": (old.terms.scope.to_dict(), new.terms.scope.to_dict()),
    }
    return {name: [before, after] for name, (before, after) in seen.items() if before != after}
