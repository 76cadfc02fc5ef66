"""Plans and occurrences: the same contract in memory, on SQLite and on MariaDB."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from guard.core.holding import Holding
from guard.core.modes import Mode
from guard.core.occurrence import Occurrence, Stage
from guard.core.planned import Schedule
from guard.core.planning import PlanRequest, check_plan
from guard.core.scope import Scope
from guard.store.memory_schedules import MemorySchedules
from guard.store.sql.retention import SqlRetention
from guard.store.sql.schedules import SqlSchedules
from guard.store.sql.schema import OCCURRENCES, SCHEDULES
from tests.contracts.doers import START, sql_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.ports import Schedules
    from guard.store.sql.store import SqlStore


def made(schedule_id: str = "s-1", **changed: object) -> Schedule:
    request = PlanRequest(
        name=f"Umzug {schedule_id} 🚚",
        reason="Umzug",
        by="ops",
        at="2027-03-28 02:30",
        zone="Europe/Berlin",
        duration=3600,
        every="FREQ=WEEKLY;BYDAY=SU",
        skipped=("2027-12-26",),
        scope=Scope(queues=("bilder",)),
        notices=(3600,),
        drain_within=60,
        at_deadline="extend",
    )
    schedule = Schedule(
        schedule_id=schedule_id,
        revision=1,
        plan=check_plan(request, now=START),
        changed_at=START,
        changed_by="ops",
    )
    return replace(schedule, **changed)  # type: ignore[arg-type]


NEW = Occurrence(schedule_id="s-1", starts_at=START)
OPEN = NEW.write(
    START + 0.125,
    stage=Stage.OPEN,
    told=False,
    window_id="w-1",
    given=(3600, 60),
    said=("waits",),
    wants=Holding(mode=Mode.NORMAL, reason="Umzug 🚚", scope=Scope(queues=("a",)), ends_at=START + 0.3),
    found=Holding(mode=Mode.EMERGENCY, reason="fire", grace=3),
    note="trailing space ",
)


@pytest.fixture(params=["memory", "sqlite", "mariadb"])
def schedules(request: pytest.FixtureRequest) -> Iterator[Schedules]:
    if request.param == "memory":
        yield MemorySchedules()
        return
    with sql_store(str(request.getfixturevalue(f"{request.param}_url"))) as store:
        store.migrate()
        yield SqlSchedules(store)


def test_a_plan_is_kept_as_it_is(schedules: Schedules) -> None:
    assert schedules.schedules() == []
    schedules.add(made())
    assert schedules.schedules() == [made()]


def test_only_the_next_revision_replaces_a_plan(schedules: Schedules) -> None:
    schedules.add(made())
    second = made(revision=2, cancelled_at=START + 0.25, changed_by="eve")
    assert schedules.change(second)
    assert schedules.schedules() == [second]
    assert not schedules.change(made(revision=2))
    assert not schedules.change(made(revision=4))
    assert not schedules.change(made("s-2", revision=2))
    assert schedules.schedules() == [second]


def test_a_row_is_kept_as_it_is(schedules: Schedules) -> None:
    assert schedules.save(NEW, OPEN)
    (row,) = schedules.occurrences(START)
    assert row == OPEN
    assert row.changed_at == START + 0.125
    assert schedules.history("s-1", 5) == [OPEN]
    assert schedules.history("s-2", 5) == []


def test_a_row_is_written_only_as_it_was_read(schedules: Schedules) -> None:
    assert schedules.save(NEW, OPEN)
    assert not schedules.save(NEW, NEW.write(START)), "it is there already"
    ending = OPEN.write(START + 1, stage=Stage.ENDING)
    assert schedules.save(OPEN, ending)
    assert not schedules.save(OPEN, OPEN.write(START + 2, stage=Stage.OVER)), "it has changed"
    assert schedules.history("s-1", 5) == [ending]
    other = replace(OPEN, starts_at=START + 7)
    assert not schedules.save(other, other.write(START))


def test_rows_that_are_looked_at(schedules: Schedules) -> None:
    """What has not ended, what is to come, and the last one until now; the rest is history."""
    stages = {
        -400: Stage.OVER,
        -300: Stage.RELEASING,
        -200: Stage.MISSED,
        -100: Stage.OVER,
        100: Stage.CANCELLED,
        200: Stage.EXPECTED,
    }
    for offset, stage in stages.items():
        row = replace(NEW, starts_at=START + offset)
        assert schedules.save(row, row.write(START, stage=stage))
    elsewhere = replace(NEW, schedule_id="s-2", starts_at=START - 1000)
    assert schedules.save(elsewhere, elsewhere.write(START, stage=Stage.OVER))
    found = [(row.schedule_id, row.starts_at - START) for row in schedules.occurrences(START)]
    assert found == [("s-2", -1000), ("s-1", -300), ("s-1", -100), ("s-1", 100), ("s-1", 200)]
    assert [row.starts_at - START for row in schedules.history("s-1", 2)] == [200, 100]


def test_of_many_that_write_the_same_row_one_does(schedules: Schedules) -> None:
    assert schedules.save(NEW, OPEN)
    after = OPEN.write(START + 1, stage=Stage.ENDING)
    gate = threading.Barrier(6)
    wins: list[bool] = []

    def write() -> None:
        gate.wait(10)
        wins.append(schedules.save(OPEN, after))

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(wins) == [False] * 5 + [True]


def test_what_cannot_be_read_is_left_out_and_logged(sql: SqlStore, caplog: pytest.LogCaptureFixture) -> None:
    schedules = SqlSchedules(sql)
    for name in ("s-1", "s-2"):
        schedules.add(made(name))
        row = replace(NEW, schedule_id=name)
        assert schedules.save(row, row.write(START))
    with sql.engine.begin() as connection:
        connection.execute(update(SCHEDULES).where(SCHEDULES.c.schedule_id == "s-1").values(plan="{}"))
        connection.execute(update(OCCURRENCES).where(OCCURRENCES.c.schedule_id == "s-1").values(detail="["))
    assert [one.schedule_id for one in schedules.schedules()] == ["s-2"]
    assert [row.schedule_id for row in schedules.occurrences(START)] == ["s-2"]
    assert caplog.text.count("is left out") == 2


def test_what_is_still_needed_is_not_forgotten(sql: SqlStore) -> None:
    """A window that is open, and the last row of a plan: without it starts would be taken for missed."""
    schedules = SqlSchedules(sql)
    schedules.add(made())
    stages = {-500: Stage.OVER, -400: Stage.OPEN, -300: Stage.MISSED, -200: Stage.OVER}
    for offset, stage in stages.items():
        row = replace(NEW, starts_at=START + offset)
        assert schedules.save(row, row.write(START, stage=stage))
    assert SqlRetention(sql).forget(before=START + 1000)["occurrences"] == 2
    assert [row.starts_at - START for row in schedules.history("s-1", 9)] == [-200, -400]
    assert schedules.change(made(revision=2, cancelled_at=START))
    assert SqlRetention(sql).forget(before=START + 1000)["occurrences"] == 1
