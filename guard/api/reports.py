"""`Guard.reports`: what happened, made into reports that are kept, shown and handed on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from guard.api.journal import note as journaled
from guard.core.reports.kept import Note, checked_note
from guard.core.reports.report import Kind
from guard.core.suggest import did_you_mean
from guard.errors import InvalidRequest, NotKept

if TYPE_CHECKING:
    from datetime import date

    from guard.api.parts import Parts
    from guard.core.reports.due import DueReport
    from guard.core.reports.kept import Kept

__all__ = ["FORMATS", "Reports", "kind_of"]

FORMATS = ("html", "json", "text")
_MOST = 1000


class Reports:
    """The reports of an app. Every call raises StoreUnavailable when the durable store did not answer."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def list(self, limit: int = 50, *, kind: str | None = None) -> list[Kept]:
        """The last reports that were made, newest first, without what is in them.

        Args:
            limit: 1 to 1000.
            kind: only those of this kind.

        Raises:
            InvalidRequest: the limit is out of range, or there is no such kind.
        """
        if not 1 <= limit <= _MOST:
            raise InvalidRequest(f"limit {limit} is out of range: from 1 to {_MOST}")
        return self._parts.reporting.kept.recent(limit, kind=kind_of(kind) if kind is not None else None)

    def show(self, ref: str) -> Kept:
        """One report, with what is in it.

        Args:
            ref: its id, or a kind: then the one of that kind whose time ended last.

        Raises:
            NotKept: there is none.
        """
        kept = self._parts.reporting.kept
        found = kept.newest(Kind(ref)) if ref in list(Kind) else kept.get(ref[:36])
        if found is None or (ref not in list(Kind) and found.report_id != ref):
            raise NotKept(ref)
        return found

    def make(
        self,
        kind: str,
        *,
        by: str,
        first: date | None = None,
        last: date | None = None,
        window_id: str | None = None,
        again: bool = False,
    ) -> tuple[Kept, bool]:
        """Make a report now and keep it. One about the same that is there already is given instead.

        Args:
            kind: ``weekly``, ``monthly`` or ``security`` for a time, ``window`` or ``incident`` for a window.
            by: who, for the journal.
            first, last: the days of a time, both counted; without them the last whole week or month.
            window_id: which window; without it the last one.
            again: make it anew though it is there: what people have noted stays.

        Returns:
            The report, and whether it was made now.

        Raises:
            InvalidRequest: the kind or the time is wrong, or the window is open or is not there.
        """
        which, making = kind_of(kind), self._parts.reporting.making
        if which.is_of_a_window:
            if first is not None or last is not None:
                raise InvalidRequest(f"a report of the kind {kind} is about a window, not about a time")
            made = making.of_window(which, window_id or self._last_window(which), by=by, again=again)
        elif window_id is not None:
            raise InvalidRequest(f"a report of the kind {kind} is about a time, not about a window")
        else:
            made = making.of_time(which, first, last, by=by, again=again)
        kept, is_new = made
        if is_new:
            detail = {"report_id": kept.report_id, "kind": kept.kind.value, "subject": kept.subject}
            journaled(self._parts, "make report", by=by, detail=detail)
        return made

    def due(self) -> tuple[DueReport, ...]:
        """Those that are due and not made. Only looks."""
        return self._parts.reporting.making.due()

    def make_due(self, *, by: str) -> tuple[Kept, ...]:
        """Make those that are due, and give them. For a task that beat ticks; any number of processes may."""
        return self._parts.reporting.making.make_due(by=by)

    def note(self, report_id: str, text: str, *, by: str) -> Kept:
        """Add a note to a report: what people found out, and what they changed since. Gives the report.

        Args:
            text: 1 to 10,000 characters, line breaks allowed.

        Raises:
            InvalidRequest: the note is empty or too long.
            NotKept: there is no such report.
        """
        from guard.core.changes import checked_actor

        said = Note(at=self._parts.clock.wall(), by=checked_actor(by), text=checked_note(text))
        if not self._parts.reporting.kept.note(report_id, said):
            raise NotKept(report_id)
        journaled(self._parts, "note on report", by=by, detail={"report_id": report_id})
        return self.show(report_id)

    def export(self, ref: str, form: str = "html", *, width: int = 100) -> str:
        """A report as text of a form: a page of HTML, a JSON document, or plain text.

        Args:
            ref: as `show`.
            form: ``html`` (extra `reports`), ``json`` or ``text``.
            width: characters of a line of plain text.

        Raises:
            InvalidRequest: there is no such form, or what it needs is not installed.
            NotKept: there is no such report.
        """
        if form not in FORMATS:
            raise InvalidRequest(f"there is no form {form[:20]!r} of a report: {', '.join(FORMATS)}")
        kept = self.show(ref)
        if form == "json":
            return json.dumps(kept.to_dict(), indent=2) + "\n"
        if form == "text":
            from guard.reports.text import text_of

            return text_of(kept, width=width)
        from guard.reports.html import page_of

        return page_of(kept)

    def _last_window(self, kind: Kind) -> str:
        records = self._parts.stores.durable.windows(_MOST)
        ended = [one for one in records if one.ended_at is not None]
        if kind is Kind.INCIDENT:
            ended = [one for one in ended if one.mode == "emergency"]
        if not ended:
            raise InvalidRequest("no window of this kind has ended yet")
        return ended[0].window_id


def kind_of(name: str) -> Kind:
    """A kind by its name.

    Raises:
        InvalidRequest: there is none.
    """
    if name not in list(Kind):
        near = did_you_mean(name, list(Kind))
        raise InvalidRequest(f"there is no kind of report {name[:40]!r}{near}: {', '.join(Kind)}")
    return Kind(name)
