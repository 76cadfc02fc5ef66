"""Reports that were made, and what people have noted on them.

A kind and a subject have one report: of two processes that make the same, the database takes the first.
"""

from __future__ import annotations

import json
import uuid
import zlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guard.core.reports.kept import Kept, Note
from guard.core.reports.reading import from_plain
from guard.core.reports.report import Kind, Report
from guard.errors import StateInvalid
from guard.store.sql.engine import patiently, reported
from guard.store.sql.schema import REPORT_NOTES, REPORTS

if TYPE_CHECKING:
    from guard.store.sql.store import SqlStore

__all__ = ["SqlReports"]

_LARGEST = 32_000_000
"""Bytes of one report before it is compressed; what claims more is not read."""
_LONGEST = 600
_HEAD = (
    REPORTS.c.report_id,
    REPORTS.c.kind,
    REPORTS.c.subject,
    REPORTS.c.starts_at,
    REPORTS.c.ends_at,
    REPORTS.c.title,
    REPORTS.c.summary,
    REPORTS.c.made_at,
    REPORTS.c.made_by,
)


class SqlReports:
    """The reports of one installation. Every call may raise StoreUnavailable."""

    def __init__(self, durable: SqlStore) -> None:
        self._durable = durable

    def keep(self, report: Report, *, now: float, by: str, again: bool = False) -> tuple[Kept, bool]:
        """Keep a report, and give it; with whether it is this one. Another that is there already stays, and
        is given.

        Args:
            again: put this one in its place. Its id and what people have noted stay.
        """
        self._durable.require_ready()
        with reported():
            kept = self._replaced(report, now, by) if again else None
            if kept is None:
                kept = self._inserted(report, now, by)
            if kept is not None:
                return kept, True
            there = self.find(report.kind, report.subject)
        if there is None:
            raise StateInvalid("a report was deleted while it was read: try again")
        return there, False

    @patiently
    def _inserted(self, report: Report, now: float, by: str) -> Kept | None:
        report_id = str(uuid.uuid4())
        values = {**_values(report, now, by), "report_id": report_id}
        try:
            with self._durable.engine.begin() as connection:
                connection.execute(REPORTS.insert().values(**values))
        except IntegrityError:
            return None
        return self.get(report_id)

    @patiently
    def _replaced(self, report: Report, now: float, by: str) -> Kept | None:
        this = (REPORTS.c.kind == report.kind.value, REPORTS.c.subject == report.subject)
        with self._durable.engine.begin() as connection:
            changed = connection.execute(REPORTS.update().where(*this).values(**_values(report, now, by)))
        return self.find(report.kind, report.subject) if changed.rowcount else None

    def get(self, report_id: str) -> Kept | None:
        """One report by its id; None: there is none."""
        return self._one(REPORTS.c.report_id == report_id)

    def find(self, kind: Kind, subject: str) -> Kept | None:
        """One report by what it is about; None: there is none."""
        return self._one((REPORTS.c.kind == kind.value) & (REPORTS.c.subject == subject))

    def _one(self, this: Any) -> Kept | None:
        self._durable.require_ready()
        with reported(), self._durable.engine.connect() as connection:
            row = connection.execute(select(REPORTS).where(this)).first()
            if row is None:
                return None
            noted = (
                select(REPORT_NOTES)
                .where(REPORT_NOTES.c.report_id == row.report_id)
                .order_by(REPORT_NOTES.c.seq)
            )
            notes = [
                Note(at=one.at, by=one.actor, text=one.note) for one in connection.execute(noted).all()
            ]
        return _kept(row, report=_opened(row.body), notes=tuple(notes))

    def recent(self, limit: int, *, kind: Kind | None = None) -> list[Kept]:
        """The last ones that were made, newest first, without what is in them."""
        self._durable.require_ready()
        query = select(*_HEAD).order_by(REPORTS.c.made_at.desc(), REPORTS.c.report_id).limit(limit)
        if kind is not None:
            query = query.where(REPORTS.c.kind == kind.value)
        with reported(), self._durable.engine.connect() as connection:
            return [_kept(row) for row in connection.execute(query)]

    def newest(self, kind: Kind) -> Kept | None:
        """The one of a kind whose time ended last."""
        self._durable.require_ready()
        query = select(REPORTS.c.report_id).where(REPORTS.c.kind == kind.value)
        query = query.order_by(REPORTS.c.ends_at.desc(), REPORTS.c.made_at.desc()).limit(1)
        with reported(), self._durable.engine.connect() as connection:
            report_id = connection.execute(query).scalar()
        return self.get(report_id) if report_id is not None else None

    def subjects(self, since: float) -> set[tuple[Kind, str]]:
        """What there are reports about whose time ended after a moment."""
        self._durable.require_ready()
        query = select(REPORTS.c.kind, REPORTS.c.subject).where(REPORTS.c.ends_at >= since)
        with reported(), self._durable.engine.connect() as connection:
            return {(Kind(row.kind), row.subject) for row in connection.execute(query)}

    def note(self, report_id: str, note: Note) -> bool:
        """Add a note; False: there is no such report."""
        self._durable.require_ready()
        with reported():
            return self._note(report_id, note)

    @patiently
    def _note(self, report_id: str, note: Note) -> bool:
        with self._durable.engine.begin() as connection:
            there = select(REPORTS.c.report_id).where(REPORTS.c.report_id == report_id)
            if connection.execute(there).first() is None:
                return False
            connection.execute(
                REPORT_NOTES.insert().values(
                    report_id=report_id, at=note.at, actor=note.by, note=note.text
                )
            )
        return True


def _values(report: Report, now: float, by: str) -> dict[str, Any]:
    text = json.dumps(report.to_dict(), sort_keys=True, separators=(",", ":"))
    return {
        "kind": report.kind.value,
        "subject": report.subject,
        "starts_at": report.period.start,
        "ends_at": report.period.end,
        "title": report.title[:_LONGEST],
        "summary": report.summary[:_LONGEST],
        "made_at": now,
        "made_by": by,
        "body": zlib.compress(text.encode(), 6),
    }


def _opened(body: bytes) -> Report:
    try:
        unpacked = zlib.decompressobj()
        text = unpacked.decompress(body, _LARGEST)
        if unpacked.unconsumed_tail:
            raise StateInvalid("the report is larger than any that was made here")
        return from_plain(json.loads(text))
    except (zlib.error, ValueError) as error:
        raise StateInvalid("the report in the database is malformed") from error


def _kept(row: Any, *, report: Report | None = None, notes: tuple[Note, ...] = ()) -> Kept:
    return Kept(
        report_id=row.report_id,
        kind=Kind(row.kind),
        subject=row.subject,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        title=row.title,
        summary=row.summary,
        made_at=row.made_at,
        made_by=row.made_by,
        report=report,
        notes=notes,
    )
