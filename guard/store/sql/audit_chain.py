"""The journal's chain in SQL: appended to by one writer at a time, cut at its beginning, read to be judged.

Whoever appends locks the head row for the rest of the transaction, so the chain never forks; it is the last
row that a transaction locks, so that nobody who holds it waits for another. A head that is gone or wrong
never keeps a row from being written: `audit verify` will tell.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from guard.core.audit_chain import (
    GENESIS,
    Anchor,
    AnchorKind,
    ChainRow,
    Ends,
    head_of,
    linked,
    newest,
    row_of,
)
from guard.core.audit_chain import sealed as sealed_anchor
from guard.store.sql.engine import patiently, reported
from guard.store.sql.schema import AUDIT, AUDIT_ANCHORS, AUDIT_HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Row

    from guard.core.audit_chain import ChainKeys, Head
    from guard.core.history import AuditRecord
    from guard.store.sql.store import SqlStore

__all__ = ["SqlAuditChain", "append", "chain_what_is_there", "cut"]

_CHUNK = 1000
_CHAINED = ("number", "previous", "link")
_HEAD = AUDIT_HEAD.c


def append(connection: Connection, record: AuditRecord, keys: ChainKeys) -> Head:
    """Write the next row, in the transaction of the change that it tells of, as its last step.

    Gives the new head.
    """
    number, previous = _take_turn(connection)
    row = linked(row_of(record), number=number, previous=previous, keys=keys)
    connection.execute(AUDIT.insert().values(**{k: v for k, v in asdict(row).items() if k != "seq"}))
    _move_head(connection, number, str(row.link))
    return head_of(number, str(row.link), keys)


def _take_turn(connection: Connection) -> tuple[int, str]:
    """The next number and the link before it; from now to the end of the transaction it is our turn."""
    head = connection.execute(select(AUDIT_HEAD).where(_HEAD.id == 1).with_for_update()).first()
    newest_number = connection.execute(select(func.max(AUDIT.c.number))).scalar() or 0
    if head is None:
        connection.execute(AUDIT_HEAD.insert().values(id=1, number=newest_number, link=GENESIS, cut_to=0))
        return newest_number + 1, GENESIS
    return max(head.number, newest_number) + 1, head.link


def _move_head(connection: Connection, number: int, link: str) -> None:
    connection.execute(AUDIT_HEAD.update().where(_HEAD.id == 1).values(number=number, link=link))


def chain_what_is_there(connection: Connection, keys: ChainKeys) -> None:
    """Chain the rows that have no link: those of releases before the chain. For the migration."""
    number, previous = _take_turn(connection)
    after = 0
    while True:
        query = select(AUDIT).where(AUDIT.c.number.is_(None), AUDIT.c.seq > after)
        found = connection.execute(query.order_by(AUDIT.c.seq).limit(_CHUNK)).all()
        for row in found:
            made = linked(_chain_row(row), number=number, previous=previous, keys=keys)
            values = {name: getattr(made, name) for name in _CHAINED}
            connection.execute(AUDIT.update().where(AUDIT.c.seq == row.seq).values(**values))
            number, previous, after = number + 1, str(made.link), row.seq
        if found:
            _move_head(connection, number - 1, previous)
        if len(found) < _CHUNK:
            return


def cut(connection: Connection, *, before: float, most: int, now: float, keys: ChainKeys) -> int:
    """Delete the oldest rows, up to the first that is to be kept, and leave a sealed anchor.

    Gives how many went. A row that seems older than one before it, by the clock of another machine, goes with
    the next.
    """
    connection.execute(select(AUDIT_HEAD).where(_HEAD.id == 1).with_for_update()).first()
    first_kept = connection.execute(select(func.min(AUDIT.c.seq)).where(AUDIT.c.at >= before)).scalar()
    query = select(AUDIT).order_by(AUDIT.c.seq).limit(most)
    old = connection.execute(query if first_kept is None else query.where(AUDIT.c.seq < first_kept)).all()
    if not old:
        return 0
    this_cut = AUDIT_ANCHORS.c.kind == AnchorKind.CUT.value
    known = [one for one in _anchors(connection) if one.kind is AnchorKind.CUT]
    chained = [row for row in old if row.number is not None]
    if chained:
        last, gone = chained[-1], sum(one.rows for one in known) + len(old)
        anchor = Anchor(
            kind=AnchorKind.CUT,
            number=last.number,
            link=last.link,
            seq=old[-1].seq,
            rows=gone,
            at=now,
            by="retention",
            reason="older than GUARD_JOURNAL_DAYS",
        )
        connection.execute(delete(AUDIT_ANCHORS).where(this_cut))
        _keep(connection, sealed_anchor(anchor, keys))
    connection.execute(AUDIT_HEAD.update().where(_HEAD.id == 1).values(cut_to=old[-1].seq))
    connection.execute(delete(AUDIT).where(AUDIT.c.seq <= old[-1].seq))
    return len(old)


class SqlAuditChain:
    """The chain of one installation, for those who judge it. Every call may raise StoreUnavailable."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def rows(self, *, after: int = 0) -> Iterator[ChainRow]:
        """All rows in the order of the database, read in pieces: no lock is held between them."""
        while True:
            with reported(), self._durable.engine.connect() as connection:
                query = select(AUDIT).where(AUDIT.c.seq > after).order_by(AUDIT.c.seq).limit(_CHUNK)
                found = connection.execute(query).all()
            for row in found:
                yield _chain_row(row)
            if len(found) < _CHUNK:
                return
            after = found[-1].seq

    def anchor(self) -> Anchor | None:
        """Where the chain begins; None: with its first row."""
        return self.ends().anchor

    def ends(self) -> Ends:
        """Anchor and head, as they are now."""
        self._durable.require_ready()
        with reported():
            return self._ends()

    @patiently
    def _ends(self) -> Ends:
        with self._durable.engine.connect() as connection:
            head = connection.execute(select(AUDIT_HEAD).where(_HEAD.id == 1)).first()
            least = None if head is None else head_of(head.number, head.link, self._durable.keys)
            return Ends(anchor=newest(_anchors(connection)), least=least)

    def link(self, number: int) -> str | None:
        """The link of the row with a number; None: there is no such row."""
        with reported(), self._durable.engine.connect() as connection:
            found = connection.execute(select(AUDIT.c.link).where(AUDIT.c.number == number)).scalar()
        return None if found is None else str(found)

    def has_triggers(self) -> bool | None:
        """Whether triggers refuse an UPDATE and DELETE by hand; None: this kind of database gets none."""
        from guard.store.sql.append_only import has_triggers

        with reported(), self._durable.engine.connect() as connection:
            return has_triggers(connection)

    def accept(self, record: AuditRecord, *, reason: str, rows: int) -> Head:
        """Write a row that says what was accepted, and let the chain be judged from that row on."""
        self._durable.require_ready()
        keys = self._durable.keys
        with reported(), self._durable.engine.begin() as connection:
            head = append(connection, record, keys)
            seq = connection.execute(select(AUDIT.c.seq).where(AUDIT.c.number == head.number)).scalar_one()
            anchor = Anchor(
                kind=AnchorKind.ACCEPTED,
                number=head.number,
                link=head.link,
                seq=seq,
                rows=rows,
                at=record.at,
                by=record.actor,
                reason=reason,
            )
            _keep(connection, sealed_anchor(anchor, keys))
        return head


def _anchors(connection: Connection) -> list[Anchor]:
    return [
        Anchor(
            kind=AnchorKind(row.kind),
            number=row.number,
            link=row.link,
            seq=row.seq,
            rows=row.rows_gone,
            at=row.at,
            by=row.made_by,
            reason=row.reason,
            seal=row.seal,
        )
        for row in connection.execute(select(AUDIT_ANCHORS))
    ]


def _keep(connection: Connection, anchor: Anchor) -> None:
    values: dict[str, Any] = asdict(anchor)
    values |= {"kind": anchor.kind.value, "rows_gone": values.pop("rows"), "made_by": values.pop("by")}
    connection.execute(AUDIT_ANCHORS.insert().values(**values))


def _chain_row(row: Row[Any]) -> ChainRow:
    return ChainRow(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        action=row.action,
        epoch=row.epoch,
        outcome=row.outcome,
        detail=row.detail,
        number=row.number,
        previous=row.previous,
        link=row.link,
    )
