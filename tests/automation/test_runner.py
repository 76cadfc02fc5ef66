"""Who runs routines: once per time, told once, fenced."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from guard.api.optimization import Optimization
from guard.api.sessions import Sessions
from guard.core.alerts import Severity
from guard.core.routine_result import Figure, Finding, RoutineResult
from guard.core.routines import Act, Outcome
from guard.errors import InvalidRequest, RoutineRuns
from guard.store.sql.routines import SqlRoutines
from tests.automation.conftest import HandClock

if TYPE_CHECKING:
    from guard.automation.world import World
    from guard.core.routine_result import RoutineRun
    from guard.store.sql.routines import Hold
    from tests.automation.conftest import House

MINUTE, HOUR, DAY = 60, 3600, 86_400


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


SATURDAY = at("2026-11-21 07:00")


def fine(_world: World) -> RoutineResult:
    return RoutineResult(figures=(Figure(name="looked", value=1),))


def acts(due: list[Any]) -> dict[str, Act]:
    return {one.entry.name: one.ruling.act for one in due}


def test_a_day_by_steps(home: House) -> None:
    clock = HandClock(SATURDAY)
    runner = home.runner(clock, morning_check=fine)
    assert runner.step() == []  # seen for the first time
    assert {run.outcome for run in home.routines.store.runs("morning-check", 9)} == {Outcome.FIRST}
    clock.sleep(HOUR)
    (due,) = runner.step()
    assert (due.entry.name, due.ruling.due_at) == ("morning-check", SATURDAY + HOUR)
    # Nobody took the message: the next step sends it again.
    clock.sleep(30)
    assert [one.entry.name for one in runner.step()] == ["morning-check"]
    run = runner.run("morning-check", by="beat", due_at=due.ruling.due_at)
    assert run is not None
    assert (run.outcome, run.due_at, run.began_at) == (Outcome.DONE, SATURDAY + HOUR, SATURDAY + HOUR + 30)
    # The second copy of the message does nothing, and no step wants it any more.
    assert runner.run("morning-check", by="beat", due_at=due.ruling.due_at) is None
    assert runner.step() == []
    assert home.alerts() == []


def test_what_was_missed_is_noted_once_and_told(home: House) -> None:
    clock = HandClock(SATURDAY)
    home.runner(clock).step()
    clock.sleep(3 * DAY)  # Tuesday 07:00: the check of 08:00 yesterday is 23 hours old
    runner = home.runner(clock)
    sent = {one.entry.name for one in runner.step()}
    assert sent == {"weekly-review"}  # Monday 09:00, within a day
    noted = {run.outcome for run in home.routines.store.runs("morning-check", 1)}
    assert noted == {Outcome.MISSED}
    assert home.routines.store.runs("weekly-optimization", 1)[0].outcome is Outcome.MISSED
    told = home.alerts()
    assert sorted(told) == [("warning", "routine missed")] * 3
    runner.step()
    assert home.alerts() == told


def test_over_a_window(home: House) -> None:
    clock = HandClock(at("2026-11-22 01:00"))  # Sunday
    runner = home.runner(clock)
    runner.step()
    _open_window(home, clock.now, "normal")
    clock.now = at("2026-11-22 02:00:20")
    assert runner.step() == []
    assert home.routines.store.runs("weekly-optimization", 1)[0].outcome is Outcome.SKIPPED
    clock.now = at("2026-11-23 09:00:10")
    seen = acts(runner.due())
    assert seen["weekly-review"] is Act.WAIT
    assert seen["morning-check"] is Act.RUN  # 08:00, an hour ago
    _end_window(home, at("2026-11-23 20:00"))
    clock.now = at("2026-11-23 20:00:30")
    assert acts(runner.due())["weekly-review"] is Act.RUN


def test_a_rehearsal_is_no_window(home: House) -> None:
    clock = HandClock(at("2026-11-22 01:00"))
    runner = home.runner(clock)
    runner.step()
    _open_window(home, clock.now, "test")
    clock.now = at("2026-11-22 02:00:20")
    assert [one.entry.name for one in runner.step()] == ["weekly-optimization"]


def _open_window(home: House, now: float, mode: str) -> None:
    from guard.core import changes
    from guard.core.changes import WindowRequest
    from guard.core.history import AuditRecord

    request = WindowRequest.check(mode=mode, reason="r", duration=3600, by="b")
    durable = home.guard.durable
    old = durable.read()
    new = changes.close(old, request, window_id="w-1", now=now)
    record = AuditRecord(at=now, actor="b", action="enable", epoch=new.epoch, outcome="done")
    durable.change(old.epoch, new, record)


def _end_window(home: House, now: float) -> None:
    from guard.core import changes
    from guard.core.history import AuditRecord

    durable = home.guard.durable
    old = durable.read()
    new = changes.release(old, by="b", now=now)
    record = AuditRecord(at=now, actor="b", action="disable", epoch=new.epoch, outcome="done")
    durable.change(old.epoch, new, record)


def test_two_runners_at_once_run_it_once(home: House) -> None:
    began: list[int] = []
    together = threading.Barrier(4)

    def slow(_world: World) -> RoutineResult:
        began.append(1)
        return RoutineResult()

    runs: list[object] = []

    def work() -> None:
        runner = home.runner(HandClock(SATURDAY), morning_check=slow)
        together.wait()
        runs.append(runner.run("morning-check", by="beat", due_at=SATURDAY - 1))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(began) == 1
    assert sum(run is not None for run in runs) == 1


def test_a_runner_that_was_too_slow_stores_nothing(home: House) -> None:
    clock = HandClock(SATURDAY)

    def slow(_world: World) -> RoutineResult:
        clock.sleep(HOUR)  # longer than its lock
        other = home.runner(clock, morning_check=fine).run("morning-check", by="other", due_at=SATURDAY - 1)
        assert other is not None
        return RoutineResult(figures=(Figure(name="stale", value=1),))

    assert home.runner(clock, morning_check=slow).run("morning-check", by="one", due_at=SATURDAY - 1) is None
    newest, oldest = home.routines.store.runs("morning-check", 9)
    assert (newest.outcome, newest.result.checked) == (Outcome.DONE, ("looked",))
    assert (oldest.outcome, oldest.result.checked) == (Outcome.ABANDONED, ())


def test_a_run_whose_worker_went_away_is_repeated_once_and_then_given_up(home: House) -> None:
    clock = HandClock(SATURDAY)
    runner = home.runner(clock, morning_check=fine)
    runner.step()
    clock.now = SATURDAY + HOUR + 1
    store = home.routines.store
    for expected in (Act.RUN, Act.RUN, Act.GIVE_UP):
        assert acts(runner.due())["morning-check"] is expected
        if expected is Act.RUN:
            hold = store.take("morning-check", holder=str(clock.now), now=clock.now, seconds=360)
            assert store.begin(hold, due_at=SATURDAY + HOUR, now=clock.now) is not None
            assert acts(runner.due())["morning-check"] is Act.NOTHING
            clock.sleep(400)
    assert runner.step() == []
    assert home.alerts() == [("warning", "routine given up")]
    assert acts(runner.due())["morning-check"] is Act.NOTHING


def test_one_that_fails_is_stored_and_told_and_not_tried_again_at_once(home: House) -> None:
    clock = HandClock(SATURDAY)

    def broken(_world: World) -> RoutineResult:
        raise RuntimeError("mysql://root:hunter2@db")

    runner = home.runner(clock, morning_check=broken)
    run = runner.run("morning-check", by="beat", due_at=SATURDAY - 1)
    assert run is not None
    assert run.outcome is Outcome.FAILED
    assert "hunter2" not in str(run.to_dict())
    assert home.alerts() == [("warning", "routine failed")]
    assert runner.run("morning-check", by="beat", due_at=SATURDAY - 1) is None


def test_a_finding_of_a_sweep_is_told_once_until_it_is_gone(home: House) -> None:
    clock = HandClock(SATURDAY)
    found = [
        Finding(severity=Severity.WARNING, kind="late", message="m", subject="w-1"),
        Finding(severity=Severity.INFO, kind="quiet", message="m"),
    ]
    runner = home.runner(clock, expiry_sweep=lambda _world: RoutineResult(findings=tuple(found)))
    for _ in range(3):
        assert runner.tick("expiry-sweep", by="beat") is not None
        clock.sleep(60)
    assert home.alerts() == [("warning", "late")]
    found.clear()
    assert runner.tick("expiry-sweep", by="beat") is not None
    clock.sleep(60)
    found.append(Finding(severity=Severity.WARNING, kind="late", message="m", subject="w-1"))
    assert runner.tick("expiry-sweep", by="beat") is not None
    assert home.alerts() == [("warning", "late")] * 2


def test_a_tick_that_comes_too_soon_does_nothing(home: House) -> None:
    clock = HandClock(SATURDAY)
    runner = home.runner(clock, expiry_sweep=fine)
    assert runner.tick("expiry-sweep", by="one beat") is not None
    clock.sleep(20)
    assert runner.tick("expiry-sweep", by="another beat") is None


@pytest.mark.parametrize("looked_before_it_began", [False, True])
def test_two_ticks_at_once_run_it_once(
    home: House, monkeypatch: pytest.MonkeyPatch, looked_before_it_began: bool
) -> None:
    """The second one looks before the first one has begun, and gets the lock after it has ended."""
    one, another = HandClock(SATURDAY), HandClock(SATURDAY + (0.05 if looked_before_it_began else -0.05))
    take, first = SqlRoutines.take, home.runner(one, expiry_sweep=fine)
    runs: list[RoutineRun | None] = []

    def after_the_first(store: SqlRoutines, name: str, **asked: Any) -> Hold | None:
        monkeypatch.setattr(SqlRoutines, "take", take)
        runs.append(first.tick("expiry-sweep", by="one beat"))
        return store.take(name, **asked)

    monkeypatch.setattr(SqlRoutines, "take", after_the_first)
    runs.append(home.runner(another, expiry_sweep=fine).tick("expiry-sweep", by="another beat"))
    assert [run is not None for run in runs] == [True, False]
    assert len(home.routines.store.runs("expiry-sweep", 9)) == 1
    another.sleep(60)  # and its lock was given back
    assert home.runner(another, expiry_sweep=fine).tick("expiry-sweep", by="another beat") is not None


def test_a_sweep_whose_worker_went_away_runs_when_its_lock_has_run_out(home: House) -> None:
    clock, store = HandClock(SATURDAY), home.routines.store
    hold = store.take("expiry-sweep", holder="dead", now=clock.now, seconds=90)
    assert store.begin(hold, due_at=clock.now, now=clock.now) is not None
    runner = home.runner(clock, expiry_sweep=fine)
    clock.sleep(80)
    assert runner.tick("expiry-sweep", by="beat") is None
    clock.sleep(20)
    assert runner.tick("expiry-sweep", by="beat") is not None


def test_a_clock_that_is_put_back_stops_no_sweep(home: House) -> None:
    clock = HandClock(SATURDAY)
    runner = home.runner(clock, expiry_sweep=fine)
    assert runner.tick("expiry-sweep", by="beat") is not None
    clock.now -= HOUR
    assert runner.tick("expiry-sweep", by="beat") is not None
    clock.sleep(60)
    assert runner.tick("expiry-sweep", by="beat") is not None


def test_a_daily_finding_is_told_every_day(home: House) -> None:
    clock = HandClock(SATURDAY)
    full = Finding(severity=Severity.CRITICAL, kind="disk", message="m")
    runner = home.runner(clock, morning_check=lambda _world: RoutineResult(findings=(full,)))
    for _ in range(2):
        runner.run("morning-check", by="beat", due_at=clock.now)
        clock.sleep(DAY)
    assert home.alerts() == [("critical", "disk")] * 2


def test_the_areas_of_the_guard_are_asked(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class Report:
        problems = ("rows: the database did not answer",)

        def to_dict(self) -> dict[str, Any]:
            return {"rows": 3, "keys": None}

    def sweep(_self: Sessions) -> Report:
        asked.append("sweep")
        return Report()

    def run(_self: Optimization, *, by: str) -> Report:
        asked.append(by)
        return Report()

    monkeypatch.setattr(Sessions, "sweep", sweep)
    monkeypatch.setattr(Optimization, "recover", lambda _self: asked.append("recover"))
    monkeypatch.setattr(Optimization, "run", run)
    swept = home.guard.routines.run("session-cleanup", by="me")
    optimized = home.guard.routines.run("weekly-optimization", by="me")
    assert swept is not None
    assert optimized is not None
    assert (swept.outcome, swept.result.value("rows")) == (Outcome.DONE, 3)
    assert swept.result.unknown == ("sessions",)
    assert optimized.result.value("report") == {"rows": 3, "keys": None}
    assert asked == ["sweep", "recover", "beat"]


def test_by_hand_through_the_api(home: House) -> None:
    routines = home.guard.routines
    assert "morning-check" in routines.names
    run = routines.run("evening-review", by="me")
    assert run is not None
    assert routines.results("evening-review") == [run]
    assert routines.results("weekly-review", 5) == []
    assert home.guard.durable.records(1)[0].action == "run routine"  # type: ignore[attr-defined]
    assert len(routines.due()) == 8
    swept = routines.sweep_expired(by="me")
    assert swept is not None
    assert swept.name == "expiry-sweep"
    for wrong in (
        lambda: routines.run("evning-review", by="me"),
        lambda: routines.results("evening-review", 0),
        lambda: routines.tick("x", by="me"),
    ):
        with pytest.raises(InvalidRequest):
            wrong()


def test_by_hand_while_it_runs(home: House) -> None:
    store = home.routines.store
    assert store.take("evening-review", holder="x", now=at("2026-01-01"), seconds=9e9) is not None
    with pytest.raises(RoutineRuns, match="'evening-review' runs already"):
        home.guard.routines.run("evening-review", by="me")
