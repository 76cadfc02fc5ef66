"""Expiry sweep: a person's window is told and never ended, a rehearsal ends, parked jobs are named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.automation.checks.expiry_sweep import expiry_sweep
from guard.core.alerts import Alert, Severity
from guard.core.expiry import ExpiryPolicy
from guard.core.modes import Phase
from guard.errors import StaleEpoch
from tests.contracts.doers import parked_job

if TYPE_CHECKING:
    from guard.automation.world import World
    from tests.automation.conftest import House

HOUR, DAY = 3600.0, 86_400.0


class Later:
    """The system's clock, so many seconds ahead."""

    def __init__(self, world: World, seconds: float) -> None:
        self._clock = world.clock
        self._seconds = seconds

    def wall(self) -> float:
        return self._clock.wall() + self._seconds

    def boot(self) -> float:
        return self._clock.boot()

    def sleep(self, seconds: float) -> None:
        raise AssertionError("a sweep waits for nothing")


def later(home: House, seconds: float) -> World:
    world = home.world()
    return replace(world, clock=Later(world, seconds))


@pytest.mark.parametrize("mode", ["normal", "emergency"])
def test_a_window_past_its_end_is_told_and_stays_open(home: House, mode: str) -> None:
    window = home.guard.enable(reason="r", by="ops", mode=mode, duration=600)
    assert expiry_sweep(home.world()).findings == ()
    result = expiry_sweep(later(home, HOUR))
    (finding,) = result.findings
    assert (finding.severity, finding.kind) == (Severity.WARNING, "window past its end")
    assert finding.subject.startswith(window.window_id)
    assert home.guard.durable.read().phase is not Phase.INACTIVE
    # Who gives it more time and is late again is told again.
    home.guard.change(by="ops", duration=6 * 3600)
    assert expiry_sweep(later(home, HOUR)).findings == ()
    (again,) = expiry_sweep(later(home, 7 * HOUR)).findings
    assert again.subject != finding.subject


def test_a_rehearsal_past_its_end_is_ended(home: House) -> None:
    home.guard.enable(reason="r", by="ops", mode="test", duration=600)
    assert expiry_sweep(later(home, 300)).value("window past its end") == "no"
    assert home.guard.durable.read().is_active
    result = expiry_sweep(later(home, HOUR))
    assert result.value("rehearsal ended")
    assert result.findings == ()
    state = home.guard.durable.read()
    assert not state.is_active
    assert state.by == "expiry sweep"


def test_a_rehearsal_that_has_become_a_window_meanwhile_is_not_ended(home: House) -> None:
    home.guard.enable(reason="r", by="ops", mode="test", duration=600)
    seen = home.guard.durable.read()
    home.guard.disable(by="ops")
    home.guard.enable(reason="real", by="ops", duration=600)
    with pytest.raises(StaleEpoch):
        home.world().end_rehearsal(seen)
    assert home.guard.durable.read().is_active


def test_parked_jobs_past_their_expiry_are_named(home: House) -> None:
    index = home.guard._parts.stores.index
    jobs = [
        parked_job("old", expires="2020-01-01T00:00:00+00:00"),
        parked_job("later", expires="2099-01-01T00:00:00+00:00"),
        parked_job("never"),
    ]
    for job in jobs:
        index.begin(job)
        index.parked(job)
    result = expiry_sweep(home.world())
    assert result.value("parked jobs past their expiry") == 1
    assert [one.subject for one in result.findings] == ["old"]
    assert len(index.jobs(9)) == 3
    extends = replace(home.guard.settings, guard_expired_jobs=ExpiryPolicy.EXTEND)
    moved = replace(jobs[0], task_id="moved", park_id="p", parked_at=1_577_836_799.0)
    index.begin(moved)
    index.parked(moved)
    told = expiry_sweep(replace(home.world(), settings=extends))
    assert "moved" not in {one.subject for one in told.findings}


def test_counters_without_an_expiry_get_one(home: House) -> None:
    window = home.guard.enable(reason="r", by="ops", duration=600)
    stores = home.guard._parts.stores
    client, key = stores.plane.client, home.world().keys.counts(window.window_id)  # type: ignore[attr-defined]
    client.hset(key, "refused:x", 1)
    client.persist(key)
    assert expiry_sweep(home.world()).value("keys without an expiry that got one") == 1
    assert 0 < client.ttl(key) <= 30 * DAY
    assert expiry_sweep(home.world()).value("keys without an expiry that got one") == 0


def test_old_history_goes_by_the_settings(home: House) -> None:
    alerts = home.guard._parts.stores.alerts
    now = home.world().clock.wall()
    for days in (1, 20):
        alerts.raise_alert(Alert(at=now - days * DAY, severity=Severity.INFO, kind=f"{days}", message="m"))
    gone = "old history deleted"
    assert expiry_sweep(home.world()).value(gone)["alerts"] == 0
    settings = replace(home.guard.settings, guard_history_days=10)
    deleted = expiry_sweep(replace(home.world(), settings=settings)).value(gone)
    assert deleted["alerts"] == 1
    assert "journal" not in deleted
    assert [one.kind for one in alerts.recent(9)] == ["1"]
    settings = replace(settings, guard_journal_days=30)
    assert "journal" in expiry_sweep(replace(home.world(), settings=settings)).value(gone)


def test_results_of_sweeps_are_kept_for_a_day(home: House) -> None:
    run = home.guard.routines.sweep_expired(by="me")
    assert run is not None
    store = home.routines.store
    hold = store.take("expiry-sweep", holder="x", now=run.due_at + 2 * DAY, seconds=60)
    assert store.begin(hold, due_at=run.due_at + 2 * DAY, now=run.due_at + 2 * DAY) is not None
    expiry_sweep(later(home, 2 * DAY))
    assert len(store.runs("expiry-sweep", 9)) == 1
