"""The drain: over when nothing is left in any worker, and not a moment sooner.

The six drain tests of Nomad (reliability.md §1), ours: a slow stopper, a deadline, force, stays closed,
what is exempt, and state that is carried over; then what a drain must survive.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.drain import Basis, BlockerKind, Pace
from guard.core.modes import Phase
from guard.core.roll import Fate
from guard.errors import InvalidRequest
from tests.support.eventually import eventually, throughout

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.orchestrator.advancing import Progress
    from tests.support.shop import Shop


def phase(shop: Shop) -> str | None:
    return shop.guard.status().phase


def running(shop: Shop, count: int = 1) -> None:
    eventually(lambda: len(shop.events()) >= count, within=15, what=f"{count} jobs to run")


@pytest.mark.parametrize(
    "pool",
    [
        "prefork",
        pytest.param("threads", marks=pytest.mark.slow),
        pytest.param("solo", marks=pytest.mark.slow),
    ],
)
def test_a_slow_stopper_keeps_the_drain_open_until_it_has_ended(
    make_shop: Callable[..., Shop], pool: str
) -> None:
    """Nomad's KillTimeout: the negative is asserted for the whole time."""
    shop = make_shop("redis")
    shop.worker("w1", pool=pool)
    shop.settled()
    result = shop.send("job", 1, 4)
    running(shop)
    shop.enable()
    assert not shop.events("end")
    looks: list[Progress] = []
    done = threading.Event()

    def drain() -> None:
        shop.guard.drain(within=30, seen=looks.append)
        done.set()

    thread = threading.Thread(target=drain)
    thread.start()
    try:
        while not shop.events("end"):
            assert not done.is_set()
            assert phase(shop) in {"closing", "draining"}
    finally:
        thread.join(30)
    ended = shop.events("end")[0]["at"]
    (drained,) = [record for record in shop.guard.durable.records(50) if record.action == "drained"]
    assert 0 <= drained.at - ended < 1.0
    assert phase(shop) == "active"
    assert result.get(timeout=5) == 1
    blockers = [blocker for look in looks if look.view for blocker in look.view.blockers]
    assert {(one.kind, one.task, one.worker) for one in blockers if one.task_id} == {
        (BlockerKind.RUNNING, "shop.job", "w1@shop")
    }


def test_an_empty_fleet_is_drained_at_once(shop: Shop) -> None:
    shop.worker("w1")
    shop.settled()
    shop.enable()
    assert shop.guard.drain(within=10).state.phase is Phase.ACTIVE


@pytest.mark.parametrize(
    ("policy", "phases"),
    [
        ("wait", {"draining"}),
        pytest.param("extend", {"draining"}, marks=pytest.mark.slow),
        ("abort", {"releasing", "inactive"}),
    ],
)
def test_a_deadline_is_kept_by_what_was_agreed(shop: Shop, policy: str, phases: set[str]) -> None:
    shop.worker("w1")
    shop.settled()
    result = shop.send("job", 1, 5)
    running(shop)
    window, _ = shop.enable(drain_within=1, at_deadline=policy)
    shop.guard.drain(within=2.5)
    assert phase(shop) in phases
    actions = [record.action for record in shop.guard.durable.records(20)]
    assert ("abort" in actions) == (policy == "abort")
    assert ("extend drain" in actions) == (policy == "extend")
    assert result.get(timeout=10) == 1, "nothing was forced"
    if policy != "abort":
        assert shop.guard.drain(within=10).state.window_id == window.window_id
        assert phase(shop) == "active"


def test_at_its_deadline_it_escalates_if_that_was_agreed(shop: Shop) -> None:
    shop.worker("w1")
    shop.settled()
    shop.send("job", 1, 3)
    running(shop)
    shop.enable(drain_within=1, at_deadline="escalate", grace=60)
    shop.guard.drain(within=20)
    status = shop.guard.status()
    assert (status.phase, status.mode) == ("active", "emergency")


def test_it_stays_closed_when_it_is_drained(shop: Shop) -> None:
    """Nomad's KeepIneligible."""
    worker = shop.worker("w1")
    shop.settled()
    _, returned = shop.enable()
    shop.guard.drain(within=10)
    held = shop.send("job", 1, when_closed="hold")
    worker.terminate()
    shop.worker("w2")
    throughout(lambda: not shop.started_after(returned), during=2, what="no guarded job to start")
    assert phase(shop) == "active"
    shop.guard.disable(by="tests")
    assert held.get(timeout=10) == 1


def test_jobs_that_no_window_blocks_do_not_hold_up_a_drain(shop: Shop) -> None:
    """Nomad's IgnoreSystem."""
    shop.worker("w1")
    shop.settled()
    shop.send("slow_free", 8)
    running(shop)
    shop.enable()
    assert shop.guard.drain(within=5).state.phase is Phase.ACTIVE
    assert not shop.events("end")


def test_what_a_draining_job_publishes_waits_and_runs_later(shop: Shop) -> None:
    """Nomad's EphemeralMigrate: what the work had got so far is carried over."""
    shop.worker("w1")
    shop.settled()
    chain: Any = shop.app.tasks["shop.job"].s(1, 2) | shop.app.tasks["shop.add"].s(5)
    result = chain.apply_async()
    running(shop)
    _, returned = shop.enable()
    assert shop.guard.drain(within=15).state.phase is Phase.ACTIVE
    assert shop.events("end")
    throughout(lambda: not shop.started_after(returned), during=1, what="the next step not to start")
    shop.guard.disable(by="tests")
    assert result.get(timeout=10) == 6


def test_a_frozen_worker_blocks_the_drain_until_it_answers(shop: Shop) -> None:
    frozen = shop.worker("w1")
    shop.worker("w2")
    shop.settled()
    frozen.freeze()
    shop.enable()
    progress = shop.guard.drain(within=5)
    assert progress.view is not None
    assert [one.kind for one in progress.view.blockers] == [BlockerKind.SILENT]
    assert progress.view.ends_in is None
    frozen.thaw()
    assert shop.guard.drain(within=15).state.phase is Phase.ACTIVE


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def at_the_broker(shop: Shop) -> int:
    """How many messages lie in the guarded queue, to be taken by anybody."""
    with shop.app.connection_for_read() as connection:
        return connection.default_channel.queue_declare("guarded", passive=True).message_count  # type: ignore[no-any-return]


def test_a_killed_worker_is_found_to_be_gone_and_its_jobs_are_back(
    make_shop: Callable[..., Shop], broker: str
) -> None:
    """Not because it is silent: a frozen one is silent too. Its job is back when the drain is over, and not
    an hour later."""
    shop = make_shop(broker)
    worker = shop.worker("w1", concurrency=1)
    shop.settled()
    sent = shop.send("job", 1, 60)
    running(shop)
    shop.enable()
    worker.signal(signal.SIGKILL)
    assert shop.guard.drain(within=20).state.phase is Phase.ACTIVE
    assert at_the_broker(shop) == 1
    window_id = shop.guard.durable.read().window_id
    assert [entry.fate for entry in shop.guard.durable.roll(window_id)] == [Fate.GONE]
    (record,) = [one for one in shop.guard.durable.records(20) if one.action == "worker gone"]
    assert record.detail["given_back"] == ([sent.id] if broker == "redis" else [])
    assert not shop.events("end")
    shop.worker("w2", SHOP_HURRY="1")
    assert shop.runs() == {sent.id: 1}
    shop.guard.disable(by="tests")
    assert sent.get(timeout=20) == 1
    assert shop.runs() == {sent.id: 2}


def test_what_a_worker_took_that_died_before_it_heard_is_back_too(
    make_shop: Callable[..., Shop], broker: str
) -> None:
    """It never said what it held: its jobs are those that nobody else has, once nobody holds any back."""
    shop = make_shop(broker)
    victim = shop.worker("w1", concurrency=1)
    shop.settled()
    sent = [shop.send("job", n, 60) for n in range(4)]
    running(shop)
    other = shop.worker("w2", concurrency=1, SHOP_HURRY="1")
    victim.freeze()
    own = shop.send("job", 9)
    assert own.get(timeout=20) == 9
    shop.enable()
    victim.signal(signal.SIGKILL)
    assert shop.guard.drain(within=20).state.phase is Phase.ACTIVE
    assert at_the_broker(shop) == len(sent)
    shop.guard.disable(by="tests")
    assert [one.get(timeout=20) for one in sent] == [0, 1, 2, 3]
    assert other.alive
    assert shop.runs()[own.id] == 1


def test_a_killed_worker_blocks_the_drain_until_its_jobs_are_told_from_a_strangers(shop: Shop) -> None:
    """A consumer without a guard may have those that nobody names. Then only a word settles it."""
    victim = shop.worker("w1", concurrency=1)
    shop.settled()
    sent = [shop.send("job", n, 60) for n in range(2)]
    running(shop)
    shop.worker("legacy", SHOP_UNGUARDED="1", SHOP_HURRY="1")
    victim.freeze()
    shop.enable()
    victim.signal(signal.SIGKILL)
    progress = shop.guard.drain(within=8)
    assert progress.view is not None
    assert [one.kind for one in progress.view.blockers] == [BlockerKind.UNDELIVERED]
    shop.guard.vouch("w1@shop", by="alice")
    assert shop.guard.drain(within=10).state.phase is Phase.ACTIVE
    assert not {one.id for one in sent[1:]} & shop.runs().keys()


def test_an_operators_word_counts_and_is_journaled(shop: Shop) -> None:
    frozen = shop.worker("w1")
    shop.worker("w2")
    shop.settled()
    frozen.freeze()
    shop.enable()
    shop.guard.drain(within=4)
    with pytest.raises(InvalidRequest, match="is not silent"):
        shop.guard.vouch("w2@shop", by="tests")
    shop.guard.vouch("w1@shop", by="alice")
    assert shop.guard.drain(within=10).state.phase is Phase.ACTIVE
    (record,) = [one for one in shop.guard.durable.records(20) if one.action == "worker vouched"]
    assert (record.actor, record.detail["node"]) == ("alice", "w1@shop")


def test_a_worker_that_stops_in_order_is_no_blocker(shop: Shop) -> None:
    worker = shop.worker("w1")
    shop.worker("w2")
    shop.send("job", 1, 3)
    running(shop)
    shop.enable()
    worker.terminate()
    assert shop.guard.drain(within=20).state.phase is Phase.ACTIVE
    assert shop.events("end")


def test_cancelled_midway_nothing_is_lost(shop: Shop) -> None:
    shop.worker("w1")
    shop.settled()
    results = [shop.send("job", n, 1) for n in range(8)]
    running(shop)
    shop.enable()
    shop.guard.drain(within=0.2)
    shop.guard.disable(by="tests")
    assert [result.get(timeout=20) for result in results] == list(range(8))
    assert set(shop.runs().values()) == {1}


def test_nobody_waits_and_the_window_is_drained_all_the_same(shop: Shop) -> None:
    """Whoever opened it died: the workers' housekeeping goes on."""
    shop.worker("w1")
    shop.settled()
    shop.send("job", 1, 1)
    running(shop)
    shop.enable()
    eventually(lambda: phase(shop) == "active", within=25, what="the window to be drained by itself")


def test_estimates_rest_on_past_runs_or_on_time_limits(shop: Shop) -> None:
    shop.worker("w1", concurrency=2)
    shop.settled()
    shop.send("job", 1, 3).get(timeout=15)
    shop.send("job", 2, 30)
    shop.send("bounded", 30)
    running(shop, 3)
    shop.enable()
    eventually(lambda: len(_blockers(shop)) == 2, what="two running jobs")
    known = _blockers(shop)
    assert known["shop.bounded"].limit == 40
    assert known["shop.bounded"].basis is Basis.TIME_LIMIT
    assert 30 < known["shop.bounded"].ends_in <= 40
    eventually(lambda: _blockers(shop)["shop.job"].basis is Basis.PAST_RUNS, what="the past run to count")
    assert 0 < _blockers(shop)["shop.job"].ends_in <= 4.5
    eventually(lambda: _blockers(shop)["shop.job"].pace is Pace.NEVER, within=10, what="longer than ever")


def _blockers(shop: Shop) -> dict[str, Any]:
    view = shop.guard.look().view
    return {one.task: one for one in view.blockers if one.task} if view is not None else {}


def test_from_normal_to_emergency_and_back(shop: Shop) -> None:
    shop.worker("w1")
    shop.settled()
    shop.enable()
    shop.guard.drain(within=10)
    window = shop.guard.change(by="tests", mode="emergency", reason="worse than we thought")
    assert (window.mode, window.proof) == ("emergency", "acknowledged")
    eventually(lambda: shop.guard.drain(within=5).state.phase is Phase.ACTIVE, what="drained again")
    eased = shop.guard.change(by="tests", mode="normal")
    assert (eased.mode, eased.phase, eased.reason) == ("normal", "active", "worse than we thought")


def test_two_who_drain_at_once(shop: Shop) -> None:
    shop.worker("w1")
    shop.settled()
    shop.send("job", 1, 2)
    running(shop)
    shop.enable()
    found: list[Progress] = []
    threads = [threading.Thread(target=lambda: found.append(shop.guard.drain(within=15))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [one.state.phase for one in found] == [Phase.ACTIVE] * 3
    assert len([one for one in shop.guard.durable.records(50) if one.action == "drained"]) == 1
