"""A rehearsal on a running system: it is played to its end, and touches nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.counts import Count
from guard.core.drill_records import DrillRecord, DrillState
from guard.core.drill_scenarios import SCENARIOS
from guard.core.drill_window import DRILL_REASON
from guard.core.generation import Generation
from guard.core.modes import Phase
from guard.errors import IllegalMove, InvalidRequest, NotDrilled, StoreUnavailable
from tests.examples.loading import loading_from
from tests.support.eventually import eventually
from tests.support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard import Guard
    from guard.core.drills import Step
    from tests.support.valkey import Valkey

pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)


class Running:
    """A drill in a thread of its own."""

    def __init__(self, guard: Guard, scenario: str, **options: Any) -> None:
        self.guard = guard
        self.record: DrillRecord | None = None
        self.began: list[DrillRecord] = []
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(scenario, options))
        self._thread.start()

    def _run(self, scenario: str, options: dict[str, Any]) -> None:
        try:
            self.record = self.guard.drills.run(scenario, by="trainer", began=self.began.append, **options)
        except BaseException as error:  # noqa: BLE001 - told to the test
            self.error = error

    def waits_for(self, step: str) -> str:
        """Wait until it waits for this step; its id."""

        def look() -> str:
            assert self.error is None, self.error
            record = self.guard.drills.show(self.began[0].drill_id)
            return record.drill_id if record.waiting_for == step else ""

        return eventually(look, within=20, what=f"the drill to wait for {step}")

    def ended(self) -> DrillRecord:
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert self.error is None, self.error
        assert self.record is not None
        return self.record


@pytest.fixture(scope="module")
def working(valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with a worker that takes jobs, for all tests: each leaves it open."""
    broker, backend = valkey.broker_url(valkey.fresh_db()), valkey.broker_url(valkey.fresh_db())
    control = valkey.url(valkey.fresh_db())
    folder = tmp_path_factory.mktemp("shop")
    with Shop(broker=broker, backend=backend, redis=control, folder=folder) as made:
        made.worker()
        made.settled()
        yield made


@pytest.fixture
def guard(working: Shop) -> Iterator[Guard]:
    """Its guard; whatever is open at the end is ended."""
    yield working.guard
    if working.guard.durable.read().is_active:
        working.guard.disable(by="teardown")


def lines(record: DrillRecord) -> dict[str, Any]:
    return {line["key"]: line for line in record.card["lines"]}


def test_a_drill_is_played_to_its_end_and_touches_nothing(working: Shop, guard: Guard) -> None:
    """Jobs run and are published all the while: none is refused, held, parked or ended, no session ends, and
    nobody is alerted."""
    app = working.app
    before = guard.durable.read()
    running = app.send_task("shop.job", ("slow", 3.0))
    mixed = [app.send_task("shop.mixed_job", (number,)) for number in range(5)]
    drill = Running(guard, "security-incident")
    published = 0
    for step in SCENARIOS["security-incident"].steps:
        if not step.is_people:
            continue
        drill_id = drill.waits_for(step.key)
        # At any moment of it, whatever is published runs.
        assert app.send_task("shop.job", (step.key,)).get(timeout=20) == step.key
        assert app.send_task("shop.mixed_job", (step.key,)).get(timeout=20) == step.key
        assert not guard.is_active
        published += 2
        guard.drills.acknowledge(drill_id, by="alice")
    record = drill.ended()
    assert (record.state, record.card["aborted"]) == (DrillState.FINISHED, "")
    found = lines(record)
    assert {key: line["outcome"] for key, line in found.items()} == dict.fromkeys(found, "in time")
    assert record.percent == 100.0
    assert all(record.card["seconds"][concern] is not None for concern in record.card["seconds"])
    assert found["close"]["why"] == "1 worker"
    # Nothing was touched.
    assert running.get(timeout=20) == "slow"
    assert [one.get(timeout=20) for one in mixed] == list(range(5))
    (window,) = guard.records.windows(1)
    assert (window.mode, window.reason) == ("test", f"{DRILL_REASON}Security incident")
    account = guard.account(window.window_id)
    touched = (Count.REFUSED, Count.HELD, Count.PARKED, Count.RELEASED, Count.INTERRUPTED, Count.KILLED)
    assert [account.total(kind) for kind in touched] == [0] * len(touched)
    # It was watched, though: real windows would have refused these.
    assert account.total(Count.WOULD_REFUSE) > 0
    after = guard.durable.read()
    assert after.phase is Phase.INACTIVE
    assert after.generation == before.generation == Generation()
    assert guard.records.alerts() == []
    assert len(guard.parked) == 0
    (noted,) = guard.records.journal(1, action="drill")
    assert noted.record.detail["drill_id"] == record.drill_id


def test_the_example_of_the_page(guard: Guard) -> None:
    began: list[DrillRecord] = []
    played: list[tuple[DrillRecord, DrillRecord, list[DrillRecord]]] = []
    with loading_from("examples/pages") as pages:
        page = pages.drills
    thread = threading.Thread(target=lambda: played.append(page.play(guard, began.append)))
    thread.start()
    for step in SCENARIOS["team"].steps:
        if step.is_people:
            eventually(
                lambda key=step.key: guard.drills.show(began[0].drill_id).waiting_for == key,  # type: ignore[misc]
                within=20,
                what=f"the drill to wait for {step.key}",
            )
            if step.key == "lead":
                page.acknowledge(guard, began[0].drill_id)
            else:
                guard.drills.acknowledge(began[0].drill_id, by=step.key)
    thread.join(30)
    ((record, same, latest),) = played
    assert (record.state, record.percent) == (DrillState.FINISHED, 100.0)
    assert same.card == latest[0].card == record.card


@pytest.mark.parametrize("mode", [pytest.param("normal", marks=pytest.mark.slow), "emergency"])
def test_a_real_window_ends_the_drill_instead_of_waiting(working: Shop, guard: Guard, mode: str) -> None:
    drill = Running(guard, "security-incident")
    for step in ("assess", "decide"):
        guard.drills.acknowledge(drill.waits_for(step), by="alice")
    drill.waits_for("evidence")
    assert guard.durable.read().mode == "test"
    window = guard.enable(reason="a fire", by="bob", mode=mode)
    assert window.proof == "acknowledged"
    record = drill.ended()
    assert record.state is DrillState.ABORTED
    assert record.percent is None
    assert record.card["aborted"] == f"a {mode} window is open: a fire (bob)"
    state = guard.durable.read()
    assert (state.window_id, state.mode) == (window.window_id, mode)
    assert guard.is_active
    drills_window = guard.records.windows(2)[1]
    assert drills_window.ended_at is not None
    guard.disable(by="bob")
    assert working.app.send_task("shop.job", (1,)).get(timeout=20) == 1


def test_a_drill_whose_window_somebody_ends_is_over(guard: Guard) -> None:
    drill = Running(guard, "performance-crisis")
    for step in ("assess", "decide"):
        guard.drills.acknowledge(drill.waits_for(step), by="alice")
    drill.waits_for("mitigate")
    guard.disable(by="bob")
    assert drill.ended().card["aborted"] == "somebody has ended the window of this drill"


def test_no_drill_begins_while_a_window_is_open(guard: Guard) -> None:
    guard.enable(reason="work", by="bob", mode="test")
    with pytest.raises(IllegalMove, match="wait for its end"):
        guard.drills.run("team", by="bob", unattended=True)
    assert "bob" not in {one.by for one in guard.drills.list()}


@pytest.mark.slow
def test_without_workers_nothing_is_earned_by_silence(shop: Shop) -> None:
    """Unknown is not seen: nobody acknowledged, so nothing closed, and nothing is known to be drained."""
    scenario = SCENARIOS["planned-window"]
    quick = replace(scenario, steps=tuple(replace(step, within=0.2) for step in scenario.steps))
    guard = shop.guard
    record = guard.drills.run(quick, by="alice", unattended=True)
    found = lines(record)
    assert found["close"]["why"] == "no worker is registered"
    assert {key: line["outcome"] for key, line in found.items() if line["who"] == "guard"} == {
        "detect": "in time", "close": "not seen", "drain": "not seen", "open": "not seen"
    }  # fmt: skip
    assert record.card["level"] == "inadequate"
    assert guard.durable.read().phase is not Phase.DRAINING


def test_a_database_that_goes_away_ends_the_drill_and_its_result_is_given_all_the_same(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    drills = guard._parts.stores.drills  # type: ignore[attr-defined]

    def away(*_: object) -> None:
        raise StoreUnavailable("the SQL store did not answer")

    def break_it(record: DrillRecord) -> None:
        for name in ("wait_for", "words", "end"):
            monkeypatch.setattr(drills, name, away)

    record = guard.drills.run("team", by="alice", began=break_it)
    assert record.state is DrillState.ABORTED
    assert "did not answer" in record.card["aborted"]
    assert not guard.durable.read().is_active


def test_who_acknowledges_is_checked(guard: Guard) -> None:
    drills = guard.drills
    with pytest.raises(NotDrilled):
        drills.acknowledge("5f0c7ad2", by="alice")
    drill = Running(guard, "team")
    drill_id = drill.waits_for("lead")
    with pytest.raises(InvalidRequest, match="not for 'support'"):
        drills.acknowledge(drill_id, by="alice", step="support")
    with pytest.raises(InvalidRequest, match="by"):
        drills.acknowledge(drill_id, by=" ")
    record, step = drills.acknowledge(drill_id[:8], by="alice", step="lead")
    assert (record.drill_id, step.key) == (drill_id, "lead")
    drill.waits_for("operations")
    with pytest.raises(InvalidRequest, match="takes somebody else"):
        drills.acknowledge(drill_id, by="Alice")
    assert drills.show(drill_id).card == {}
    guard.enable(reason="end of the test", by="bob")
    drill.ended()
    with pytest.raises(InvalidRequest, match="waits for nobody"):
        drills.acknowledge(drill_id, by="bob")


def test_an_interrupted_drill_is_kept_as_aborted(guard: Guard) -> None:
    def interrupt(step: Step) -> str | None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guard.drills.run("team", by="alice", asked=interrupt)
    (record,) = guard.drills.list(1)
    assert (record.state, record.card["aborted"]) == (DrillState.ABORTED, "interrupted")
    assert not guard.durable.read().is_active


def test_names_that_are_typed_where_it_runs_count_once(guard: Guard) -> None:
    asked: list[str] = []

    def answer(step: Step) -> str | None:
        asked.append(step.key)
        if step.key == "complication":
            guard.enable(reason="end of the test", by="bob")
        # The same person for all: what takes somebody else is not acknowledged by this.
        return "alice" if asked.count(step.key) < 3 or step.key == "lead" else f"not alice {step.key}"

    record = guard.drills.run("team", by="alice", asked=answer)
    found = lines(record)
    assert (found["lead"]["by"], found["operations"]["by"]) == ("alice", "not alice operations")
    assert found["support"]["by"] == "not alice support"


@pytest.mark.slow
def test_a_planned_window_does_not_wait_for_a_drill(guard: Guard) -> None:
    drill = Running(guard, "planned-window")
    for step in ("plan", "tell"):
        guard.drills.acknowledge(drill.waits_for(step), by="alice")
    drill.waits_for("work")
    now = guard._parts.clock.wall()  # type: ignore[attr-defined]
    guard.schedule.add(by="bob", **_plan(now + 1.0))
    eventually(lambda: _due(guard) == "normal", within=20, what="the planned window to begin")
    assert "a normal window is open" in drill.ended().card["aborted"]


def _plan(start: float) -> dict[str, Any]:
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return {"name": "reindex", "reason": "Reindex", "at": at, "duration": 600, "zone": "UTC"}


def _due(guard: Guard) -> str | None:
    guard.schedule.run_due()
    return guard.status().mode if guard.is_active else None
