"""The clock, and what production does to a guard, in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import guard
from guard.testing import FakeClock, InMemoryGuard, NothingHappens, in_memory
from tests.testing.conftest import make_app

if TYPE_CHECKING:
    from collections.abc import Iterator

NIGHT = datetime(2026, 12, 6, 2, 0, tzinfo=UTC)


@pytest.fixture
def maintenance() -> Iterator[InMemoryGuard]:
    with in_memory(make_app("simulated", "memory://"), clock=FakeClock(NIGHT)) as made:
        yield made


def caption(maintenance: InMemoryGuard) -> object:
    return maintenance._parts.app.tasks["shop.caption"].delay("x")


def test_the_clock_moves_when_it_is_told_to() -> None:
    clock = FakeClock(NIGHT)
    boot = clock.boot()
    assert (clock.now, clock.wall()) == (NIGHT, NIGHT.timestamp())
    assert clock.advance(timedelta(minutes=5)) == NIGHT + timedelta(minutes=5)
    assert clock.boot() >= boot + 300
    assert clock.set(NIGHT) == NIGHT
    assert clock.boot() >= boot + 300
    clock.sleep(60)
    assert clock.now == NIGHT + timedelta(minutes=1)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="no time zone"):
        clock.set(datetime(2026, 12, 6, 2, 0))  # noqa: DTZ001 - the point of it


def test_times_are_those_of_the_clock(maintenance: InMemoryGuard) -> None:
    with maintenance.window(duration=1800) as window:
        assert window.started_at == NIGHT.timestamp()
        assert window.planned_end == (NIGHT + timedelta(minutes=30)).timestamp()
        maintenance.clock.advance(1000)
        assert maintenance.assert_refused(caption, maintenance).retry_after == 800


def test_a_bypass_runs_out(maintenance: InMemoryGuard) -> None:
    token = maintenance.bypass("caption_generation", by="alice", holder="deployment", seconds=60)
    task = maintenance._parts.app.tasks["shop.caption"]
    headers = {"guard_bypass": token}
    with maintenance.window():
        maintenance.assert_accepted(task.apply_async, ("x",), headers=headers)
        maintenance.clock.advance(61)
        maintenance.assert_refused(task.apply_async, ("x",), headers=headers)


def test_redis_away_for_longer_than_a_lease(maintenance: InMemoryGuard) -> None:
    caption(maintenance)
    with maintenance.simulate.redis_away(lapsed=False):
        maintenance.assert_accepted(caption, maintenance)
        maintenance.clock.advance(6)
        error = maintenance.assert_refused(caption, maintenance)
        assert isinstance(error, guard.StateUnknown)
        assert error.mode is None
        assert maintenance.is_active
        assert maintenance.status().workers.live is None
    maintenance.assert_accepted(caption, maintenance)


def test_database_away(maintenance: InMemoryGuard) -> None:
    with maintenance.simulate.database_away():
        maintenance.assert_accepted(caption, maintenance)
        with pytest.raises(guard.StoreUnavailable):
            maintenance.enable(reason="upgrade", by="alice")
        window = maintenance.enable(reason="fire", by="alice", mode="emergency")
        assert "will be journaled" in " ".join(window.warnings)
        maintenance.assert_refused(caption, maintenance)
    maintenance.disable(by="alice", unverified=True)
    maintenance.assert_accepted(caption, maintenance)


def test_both_away_and_a_window_that_is_left_by_an_error(maintenance: InMemoryGuard) -> None:
    with (  # noqa: PT012 - the block is what fails
        pytest.raises(RuntimeError, match="of the test"),
        maintenance.window(),
        maintenance.simulate.redis_away(),
        maintenance.simulate.database_away(),
    ):
        assert maintenance.status().is_active is None
        raise RuntimeError("an error of the test")
    maintenance.assert_released()


def test_workers_that_answer_and_one_that_does_not(maintenance: InMemoryGuard) -> None:
    with maintenance.simulate.worker("w1@host"):
        with maintenance.window() as window:
            assert window.proof == "acknowledged"
            assert [name.split()[0] for name in window.acknowledged or ()] == ["w1@host"]
            assert maintenance.drain().state.phase == "active"
        with maintenance.simulate.worker("w2@host", silent=True):
            before = maintenance.clock.now
            with maintenance.window() as window:
                assert window.proof == "time"
                assert [name.split()[0] for name in window.unconfirmed or ()] == ["w2@host"]
                assert maintenance.clock.now - before >= timedelta(seconds=5)
                assert maintenance.drain(within=30).state.phase == "draining"
                maintenance.vouch("w2@host", by="alice")
                assert maintenance.drain().state.phase == "active"


def test_a_wait_that_nobody_ends_is_none(
    maintenance: InMemoryGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guard.testing.waking._MOST_WAITS", 200)
    with maintenance.simulate.worker(silent=True), maintenance.window():
        with pytest.raises(NothingHappens):
            maintenance.drain()
        maintenance.vouch("w1@tests", by="alice")


def test_a_job_that_is_asked_to_stop(maintenance: InMemoryGuard) -> None:
    cleaned = []
    assert not guard.should_stop()
    with maintenance.simulate.asked_to_stop(20):
        assert guard.should_stop()
        left = guard.time_left()
        assert left is not None
        assert 0 < left <= 20
        with pytest.raises(guard.JobInterrupted):
            guard.checkpoint(lambda: cleaned.append(1))
    assert cleaned == [1]
    assert guard.time_left() is None


def test_a_planned_window_is_brought_on_by_the_clock(maintenance: InMemoryGuard) -> None:
    plan = maintenance.schedule.add(
        name="reindex", reason="Reindex", by="alice", at="2026-12-06 03:00", duration=1800, zone="UTC"
    )
    maintenance.schedule.run_due()
    maintenance.assert_accepted(caption, maintenance)
    maintenance.clock.advance(timedelta(hours=1))
    maintenance.schedule.run_due()
    assert maintenance.assert_refused(caption, maintenance).reason == "Reindex"
    maintenance.clock.advance(1801)
    maintenance.schedule.run_due()
    maintenance.assert_released()
    assert maintenance.schedule.show(plan.schedule_id).occurrences[0].stage == "over"


def test_helpers_that_fail_say_where_the_guard_stands(maintenance: InMemoryGuard) -> None:
    task = maintenance._parts.app.tasks["shop.caption"]
    with pytest.raises(AssertionError, match=r"shop\.caption was accepted .* phase inactive"):
        maintenance.assert_refused(task.delay, "x")
    with pytest.raises(AssertionError, match="was not held"):
        maintenance.assert_held(task.delay, "x")
    with maintenance.window():
        with pytest.raises(AssertionError, match="was refused"):
            maintenance.assert_accepted(task.delay, "x")
        with pytest.raises(AssertionError, match="was refused"):
            maintenance.assert_held(task.delay, "x")
        with pytest.raises(AssertionError, match="was held"):
            maintenance.assert_accepted(task.apply_async, ("x",), when_closed="hold")
        with pytest.raises(AssertionError, match="a window is open"):
            maintenance.assert_released()
    assert maintenance.refused.tasks == ["shop.caption"] * 2
    assert [job.operation for job in maintenance.held] == ["caption_generation"]
