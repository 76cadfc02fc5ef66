"""The outbox: messages on their way to people, until long after they have arrived.

Rows are written in the transaction of the change that they tell of, by `write_deliveries`: there is no change
without its messages, and no message without its change. A row is held and settled by compare-and-set: of two
senders one gets it, and whoever has lost its hold changes nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError

from guard.core.deliveries import Channel, Delivery, Stage, again
from guard.store.sql.engine import patiently, reported
from guard.store.sql.schema import OUTBOX

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    from guard.store.sql.store import SqlStore

__all__ = ["SqlOutbox", "write_deliveries"]

_MOST_AGAIN = 500


def write_deliveries(connection: Connection, deliveries: Sequence[Delivery]) -> None:
    """Write those whose id is not there yet, in the transaction of the connection."""
    if not deliveries:
        return
    ids = [one.delivery_id for one in deliveries]
    there = select(OUTBOX.c.delivery_id).where(OUTBOX.c.delivery_id.in_(ids))
    known = set(connection.execute(there).scalars())
    new = [_values(one) for one in deliveries if one.delivery_id not in known]
    if new:
        connection.execute(OUTBOX.insert(), new)


class SqlOutbox:
    """The outbox of one installation. Every call may raise StoreUnavailable."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def put(self, deliveries: Sequence[Delivery]) -> None:
        """Keep what belongs to no other change. Those whose id is there already are left out."""
        if not deliveries:
            return
        self._durable.require_ready()
        with reported():
            try:
                self._put(deliveries)
            except IntegrityError:  # another process was faster with one of them
                self._put(deliveries)

    @patiently
    def _put(self, deliveries: Sequence[Delivery]) -> None:
        with self._durable.engine.begin() as connection:
            write_deliveries(connection, deliveries)

    def due(self, now: float, limit: int, *, channels: Collection[Channel]) -> list[Delivery]:
        """The oldest delivery of each receiver that is not over, where that one is due; oldest first."""
        self._durable.require_ready()
        names = [one.value for one in channels]
        heads = (
            select(func.min(OUTBOX.c.seq).label("seq"))
            .where(OUTBOX.c.stage == Stage.WAITING.value, OUTBOX.c.channel.in_(names))
            .group_by(OUTBOX.c.channel, OUTBOX.c.receiver)
            .subquery()
        )
        query = (
            select(OUTBOX)
            .join(heads, OUTBOX.c.seq == heads.c.seq)
            .where(OUTBOX.c.next_at <= now, or_(OUTBOX.c.held_until.is_(None), OUTBOX.c.held_until <= now))
            .order_by(OUTBOX.c.seq)
            .limit(limit)
        )
        with reported(), self._durable.engine.connect() as connection:
            return [_delivery(row) for row in connection.execute(query)]

    def replace(self, before: Delivery, after: Delivery) -> bool:
        """Write `after` if the row still is as `before` says. False, and nothing changed, if it is not."""
        self._durable.require_ready()
        with reported():
            return self._replace(before, after)

    @patiently
    def _replace(self, before: Delivery, after: Delivery) -> bool:
        with self._durable.engine.begin() as connection:
            changed = connection.execute(OUTBOX.update().where(*_as_read(before)).values(**_life(after)))
            if changed.rowcount == 1:
                return True
            # Our own write, whose answer was lost: the retry finds it done, at the very moment that we wrote.
            ended = OUTBOX.c.ended_at == after.ended_at if after.ended_at else OUTBOX.c.ended_at.is_(None)
            query = select(OUTBOX.c.seq).where(*_as_read(after), OUTBOX.c.next_at == after.next_at, ended)
            return connection.execute(query).first() is not None

    def recent(self, limit: int, stage: Stage | None = None) -> list[Delivery]:
        """The last deliveries, newest first."""
        self._durable.require_ready()
        query = select(OUTBOX).order_by(OUTBOX.c.seq.desc()).limit(limit)
        if stage is not None:
            query = query.where(OUTBOX.c.stage == stage.value)
        with reported(), self._durable.engine.connect() as connection:
            return [_delivery(row) for row in connection.execute(query)]

    def counts(self) -> dict[Stage, int]:
        """How many there are of each stage."""
        self._durable.require_ready()
        query = select(OUTBOX.c.stage, func.count()).group_by(OUTBOX.c.stage)
        with reported(), self._durable.engine.connect() as connection:
            found = {row[0]: int(row[1]) for row in connection.execute(query)}
        return {stage: found.get(stage.value, 0) for stage in Stage}

    def oldest_waiting(self) -> float | None:
        """When the oldest was made that has not been sent; None when none waits."""
        self._durable.require_ready()
        query = select(func.min(OUTBOX.c.made_at)).where(OUTBOX.c.stage == Stage.WAITING.value)
        with reported(), self._durable.engine.connect() as connection:
            found = connection.execute(query).scalar()
        return float(found) if found is not None else None

    def again(self, now: float, delivery_id: str | None = None) -> int:
        """Have deliveries tried at once: this one, or all that wait or were given up. Gives how many; what is
        being sent just now, or was sent, is left alone."""
        self._durable.require_ready()
        wanted: list[ColumnElement[bool]] = [OUTBOX.c.stage != Stage.SENT.value]
        if delivery_id is not None:
            wanted.append(OUTBOX.c.delivery_id == delivery_id)
        query = select(OUTBOX).where(*wanted).order_by(OUTBOX.c.seq).limit(_MOST_AGAIN)
        with reported(), self._durable.engine.connect() as connection:
            found = [_delivery(row) for row in connection.execute(query)]
        idle = [one for one in found if one.held_until is None or one.held_until <= now]
        return sum(self.replace(one, again(one, now=now)) for one in idle)


def _as_read(one: Delivery) -> tuple[ColumnElement[bool], ...]:
    return (
        OUTBOX.c.delivery_id == one.delivery_id,
        OUTBOX.c.stage == one.stage.value,
        OUTBOX.c.attempts == one.attempts,
        OUTBOX.c.held_by == one.held_by,
    )


def _life(one: Delivery) -> dict[str, Any]:
    """What changes while it lives."""
    return {
        "stage": one.stage.value,
        "attempts": one.attempts,
        "next_at": one.next_at,
        "give_up_at": one.give_up_at,
        "held_by": one.held_by,
        "held_until": one.held_until,
        "ended_at": one.ended_at,
        "problem": one.problem,
    }


def _values(one: Delivery) -> dict[str, Any]:
    return {
        "delivery_id": one.delivery_id,
        "channel": one.channel.value,
        "receiver": one.receiver,
        "event": one.event,
        "payload": json.dumps(dict(one.payload), sort_keys=True, default=str),
        "made_at": one.made_at,
        **_life(one),
    }


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        delivery_id=row.delivery_id,
        channel=Channel(row.channel),
        receiver=row.receiver,
        event=row.event,
        payload=json.loads(row.payload),
        made_at=row.made_at,
        next_at=row.next_at,
        give_up_at=row.give_up_at,
        stage=Stage(row.stage),
        attempts=row.attempts,
        held_by=row.held_by,
        held_until=row.held_until,
        ended_at=row.ended_at,
        problem=row.problem,
        seq=row.seq,
    )
