"""Reports that are kept: each once though two make it, noted on, made again, forgotten in time."""

from __future__ import annotations

import threading
import zlib
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from guard.core.modes import Phase
from guard.core.reports.due import SETTLE_SECONDS
from guard.core.reports.kept import Note
from guard.core.reports.report import Kind, Moment
from guard.errors import InvalidRequest, StateInvalid
from guard.reports.making import Making
from guard.store.sql.retention import SqlRetention
from guard.store.sql.schema import REPORT_NOTES, REPORTS, ROUTINES
from tests.reports.past import DAY, END, Past

if TYPE_CHECKING:
    from guard.core.reports.kept import Kept
    from tests.reports.conftest import Desk

FIRST, LAST = date(2026, 11, 2), date(2026, 11, 8)


def rows(desk: Desk) -> int:
    with desk.guard.durable.engine.connect() as connection:  # type: ignore[attr-defined]
        return len(connection.execute(select(REPORTS.c.report_id)).all())


def test_the_database_keeps_one_of_two_that_are_made_at_once(any_desk: Desk) -> None:
    """Both begin with nothing there; each is given the one that was kept, and one was told it is its."""
    ready, made = threading.Barrier(4), []

    def make() -> None:
        making = Making(any_desk.parts())
        ready.wait(10)
        made.append(making.of_time(Kind.WEEKLY, FIRST, LAST, by=threading.current_thread().name))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(made) == 4
    assert len({kept.report_id for kept, _ in made}) == 1
    assert sum(is_new for _, is_new in made) == 1
    assert rows(any_desk) == 1
    _notes_and_again(any_desk, made[0][0])
    _a_large_one(any_desk, made[0][0])
    _is_forgotten(any_desk)


def _notes_and_again(desk: Desk, first: Kept) -> None:
    """Notes are added in their order, and outlive that the report is made again."""
    assert desk.kept.note(first.report_id, Note(at=1.0, by="alice", text="the disk\nwas full ☂"))
    assert desk.kept.note(first.report_id, Note(at=2.0, by="bob", text="it is larger now"))
    assert not desk.kept.note("no such id", Note(at=2.0, by="bob", text="lost"))
    desk.clock.now += 60
    again, is_new = desk.making.of_time(Kind.WEEKLY, FIRST, LAST, by="carol", again=True)
    assert is_new
    assert (again.report_id, again.made_by, again.made_at) == (first.report_id, "carol", desk.clock.now)
    assert [note.text for note in again.notes] == ["the disk\nwas full ☂", "it is larger now"]
    assert rows(desk) == 1


def _a_large_one(desk: Desk, first: Kept) -> None:
    """More than 64 KiB even when compressed, which MySQL's smaller columns would cut."""
    import random

    rnd = random.Random(1)
    assert first.report is not None
    moments = tuple(
        Moment(at=float(number), what=f"{rnd.randrange(16**300):x}", source="s") for number in range(1000)
    )
    large = replace(first.report, subject="large", timeline=moments)
    kept, _ = desk.kept.keep(large, now=END, by="t")
    assert kept.report == large
    with desk.guard.durable.engine.connect() as connection:  # type: ignore[attr-defined]
        body = connection.execute(select(REPORTS.c.body).where(REPORTS.c.subject == "large")).scalar()
    assert len(body) > 65_536
    assert next(one.subject for one in desk.kept.recent(5)) in {"large", first.subject}
    assert all(one.report is None for one in desk.kept.recent(5))


def _is_forgotten(desk: Desk) -> None:
    """With its notes, by when it was made, and only when asked."""
    retention = SqlRetention(desk.guard.durable)  # type: ignore[arg-type]
    assert "reports" not in retention.forget(before=END + DAY)
    assert rows(desk) == 2
    gone = retention.forget(before=0, reports_before=END + 1)
    assert gone["reports"] == 1
    assert retention.forget(before=0, reports_before=END + DAY)["reports"] == 1
    with desk.guard.durable.engine.connect() as connection:  # type: ignore[attr-defined]
        assert connection.execute(select(REPORT_NOTES)).all() == []


def test_a_body_that_is_none_is_said_to_be_malformed(desk: Desk) -> None:
    kept, _ = desk.making.of_time(Kind.WEEKLY, FIRST, LAST, by="t")
    for body in (
        b"",
        b"no zlib",
        zlib.compress(b"[]"),
        zlib.compress(b"{}"),
        zlib.compress(b"x" * 33_000_000),
    ):
        with desk.guard.durable.engine.begin() as connection:  # type: ignore[attr-defined]
            connection.execute(REPORTS.update().values(body=body))
        with pytest.raises(StateInvalid):
            desk.kept.get(kept.report_id)


def test_beat_makes_each_that_is_due_once(desk: Desk) -> None:
    """Two who tick at once make a window's, the incident's and the week's report, one of each."""
    past = Past(desk, 5)
    old = past.window(1, mode="normal")
    past.flush()
    guard = desk.guard
    opened = guard.enable(reason="fire", by="alice", mode="emergency", duration=600)
    guard.change(by="alice", mode="normal")
    assert desk.making.due() == ()  # nothing has ended of late
    guard.disable(by="bob")
    state = guard.durable.read()
    assert state.phase is Phase.INACTIVE
    with guard.durable.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(
            ROUTINES.insert().values(
                name="weekly-review",
                due_at=state.changed_at,
                began_at=0.0,
                outcome="done",
                fence=1,
                result="{}",
            )
        )
    desk.clock.now = state.changed_at + SETTLE_SECONDS - 1
    assert [one.kind for one in desk.making.due() if one.kind.is_of_a_window] == []
    desk.clock.now = state.changed_at + SETTLE_SECONDS + 1
    runners = [Making(desk.parts()) for _ in range(2)]
    made: list[Kept] = []
    threads = [
        threading.Thread(target=lambda one=one: made.extend(one.make_due(by="beat")))  # type: ignore[misc]
        for one in runners
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    said = sorted((kept.kind.value, kept.subject) for kept in made)
    assert [one for one in said if one[1] == opened.window_id] == [
        ("incident", opened.window_id),
        ("window", opened.window_id),
    ]
    assert "weekly" in {kind for kind, _ in said}
    assert old not in {subject for _, subject in said}
    assert rows(desk) == len(made)
    assert desk.making.due() == ()
    assert desk.making.make_due(by="beat") == ()
    report = next(kept.report for kept in made if kept.kind is Kind.INCIDENT)
    assert report is not None
    assert {"enable", "change", "disable", "released"} <= {one.what for one in report.timeline}
    assert report.figure("mode").value == "normal"
    assert report.figure("changes").value == 1


def test_what_cannot_be_made_is_refused_and_nothing_is_kept(desk: Desk) -> None:
    Past(desk, 2).write(windows=2)
    making = desk.making
    window = desk.guard.enable(reason="work", by="alice", duration=600)
    calm = next((one for one in desk.guard.durable.windows(9) if one.mode == "normal" and one.ended_at), None)
    for refused, act in (
        ("is open", lambda: making.of_window(Kind.WINDOW, window.window_id, by="t")),
        ("no window has", lambda: making.of_window(Kind.WINDOW, "nobody", by="t")),
        ("about a time", lambda: making.of_window(Kind.WEEKLY, window.window_id, by="t")),
        ("about a window", lambda: making.of_time(Kind.WINDOW, None, None, by="t")),
        ("not over", lambda: making.of_time(Kind.WEEKLY, date(2026, 11, 16), date(2026, 11, 16), by="t")),
        ("or neither", lambda: making.of_time(Kind.WEEKLY, FIRST, None, by="t")),
        ("ends before", lambda: making.of_time(Kind.WEEKLY, LAST, FIRST, by="t")),
        *(
            [("never was", lambda: making.of_window(Kind.INCIDENT, calm.window_id, by="t"))]  # type: ignore[union-attr]
            if calm
            else []
        ),
    ):
        with pytest.raises(InvalidRequest, match=refused):
            act()
    assert rows(desk) == 0
    desk.guard.disable(by="alice")
