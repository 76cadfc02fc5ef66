"""The tasks that beat sends: on the right queue, never blocked, over before their locks run out."""

from __future__ import annotations

from typing import Any

import pytest

import beat_schedule
import guard
from guard.core.appointments import Every, parse_when
from guard.core.routines import Act, Ruling
from guard.core.timetable import Entry, InWindow, timetable
from tasks.app import app
from tasks.jobs import automation
from tasks.names import ORCHESTRATION

ENTRIES = timetable(beat_schedule.TIMETABLE, vars(guard.load_settings({})))


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
def test_a_row_of_the_timetable(entry: Entry) -> None:
    task = app.tasks[entry.task]
    assert entry.queue == "maintenance"
    assert app.amqp.router.route({}, entry.task)["queue"].name == "maintenance"
    assert entry.task in ORCHESTRATION
    assert task.operation == "admin_operations"
    if entry.recorded:
        assert task.ignore_result
        assert task.soft_time_limit < task.time_limit < entry.limit
        assert entry.name in guard.install(app).routines.names


def test_every_routine_is_in_the_timetable() -> None:
    recorded = {entry.name for entry in ENTRIES if entry.recorded}
    assert recorded == set(guard.install(app).routines.names)


def test_beat_sends_what_has_an_interval_and_nothing_else() -> None:
    sent = beat_schedule.beat_schedule(guard.load_settings({"GUARD_SWEEP_INTERVAL": "90"}))
    assert sent["expiry-sweep"] == {
        "task": "tasks.automation.expiry_sweep",
        "schedule": 90.0,
        "options": {"queue": "maintenance", "expires": 81.0},
    }
    assert set(sent) == {entry.name for entry in ENTRIES if isinstance(entry.when, Every)}
    assert set(app.conf.beat_schedule) == set(sent)


def test_the_times_are_those_of_the_procedures() -> None:
    assert {entry.name: entry.when for entry in ENTRIES if not isinstance(entry.when, Every)} == {
        "morning-check": parse_when("08:00"),
        "evening-review": parse_when("18:00"),
        "weekly-review": parse_when("mon 09:00"),
        "weekly-optimization": parse_when("sun 02:00"),
        "security-audit": parse_when("mon#1 10:00"),
        "performance-review": parse_when("mon#2 10:00"),
    }


class Fake:
    """What the tasks see of a guard."""

    def __init__(self, due: list[Any]) -> None:
        self.asked: list[str] = []
        self.routines = self.optimization = self.schedule = self
        self._due = due

    def step(self) -> list[Any]:
        self.asked.append("step")
        return self._due

    def recover(self) -> None:
        self.asked.append("recover")

    def run_due(self) -> None:
        self.asked.append("run due")


class Due:
    def __init__(self, entry: Entry, ruling: Ruling) -> None:
        self.entry = entry
        self.ruling = ruling


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    (entry,) = [one for one in ENTRIES if one.name == "weekly-optimization"]
    made = Fake([Due(entry, Ruling(act=Act.RUN, due_at=5.0))])
    monkeypatch.setattr(automation.guard, "install", lambda _app: made)
    return made


def test_what_is_due_is_sent_with_its_time(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(automation.app, "send_task", lambda name, **options: sent.append((name, options)))
    automation.run_due_routines.run()
    (name, options) = sent[0]
    assert name == "tasks.automation.weekly_optimization"
    assert options["kwargs"] == {"name": "weekly-optimization", "due_at": 5.0}
    assert (options["queue"], options["expires"]) == ("maintenance", 27.0)
    assert fake.asked == ["step", "recover"]


def test_planned_windows_are_brought_on(fake: Fake) -> None:
    automation.scheduled_windows.run()
    assert fake.asked == ["run due"]


def test_the_optimization_is_skipped_in_a_window() -> None:
    assert {entry.name: entry.in_window for entry in ENTRIES if entry.in_window is not InWindow.ANYWAY} == {
        "weekly-review": InWindow.AFTERWARDS,
        "performance-review": InWindow.AFTERWARDS,
        "weekly-optimization": InWindow.SKIP,
    }
