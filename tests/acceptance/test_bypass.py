"""A bypass lets its holder's jobs pass while everybody else's wait; a window may keep a stage for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from celery import chain

import guard
from guard.core.headers import BYPASS_HEADER
from guard.core.lanes import lane_of
from tests.support.eventually import eventually, let_pass, throughout

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop

BROKERS = ["redis", *(pytest.param(name, marks=pytest.mark.slow) for name in ("rabbitmq", "quorum"))]


def holder(shop: Shop, *operations: str, seconds: int = 600) -> dict[str, Any]:
    """What a holder of a bypass publishes with."""
    token = shop.guard.bypass(*(operations or ("job_creation",)), by="ops", holder="alice", seconds=seconds)
    return {"headers": {BYPASS_HEADER: token}}


def drained(shop: Shop) -> None:
    assert shop.guard.drain(within=20).state.phase.value == "active"


@pytest.mark.parametrize("broker", ["redis", pytest.param("rabbitmq", marks=pytest.mark.slow), "quorum"])
def test_the_stage_for_verifying(make_shop: Callable[..., Shop], broker: str) -> None:
    """Nobody before it; in it holders of a bypass, and users still not; everybody after the release."""
    shop = make_shop(broker)
    shop.worker("w1")
    alice = holder(shop)
    shop.enable(verify=True)
    held = [shop.send("job", n, when_closed="hold") for n in range(20)]
    with pytest.raises(guard.MaintenanceActive):
        shop.send("job", "too early", **alice)
    with pytest.raises(guard.IllegalMove, match="verified first"):
        shop.guard.disable(by="tests")
    drained(shop)
    assert shop.events() == []

    assert shop.guard.verify(by="ops").phase == "verifying"

    results = [shop.send("job", n, **alice) for n in range(3)]
    assert [result.get(timeout=10) for result in results] == [0, 1, 2]
    with pytest.raises(guard.MaintenanceActive):
        shop.send("job", "a user")
    with pytest.raises(guard.MaintenanceActive):
        shop.send("mixed_job", "another operation", **alice)
    throughout(lambda: len(shop.events()) == 3, during=0.5, what="only her jobs to run")
    assert shop.guard.status().parked == 0
    shop.guard.disable(by="ops")
    assert [result.get(timeout=15) for result in held] == list(range(20))
    assert set(shop.runs().values()) == {1}
    totals = shop.guard.report().to_dict()["totals"]
    assert totals["bypassed"] == 3


def test_a_window_that_was_not_verified_ends_on_demand(shop: Shop) -> None:
    shop.enable(verify=True)
    assert shop.guard.disable(by="ops", unverified=True).phase in {"releasing", "inactive"}


def test_an_escalation_ends_the_stage(shop: Shop) -> None:
    shop.worker("w1")
    alice = holder(shop)
    shop.enable(verify=True)
    drained(shop)
    shop.guard.verify(by="ops")
    assert shop.send("job", 1, **alice).get(timeout=10) == 1
    shop.guard.change(by="ops", mode="emergency")
    with pytest.raises(guard.MaintenanceActive):
        shop.send("job", 2, **alice)
    shop.guard.disable(by="ops", unverified=True)


def test_a_revoked_one_starts_nothing_any_more(shop: Shop) -> None:
    """In no worker: what was published with it before waits like everybody's. Each use is in the journal."""
    worker = shop.worker("w1")
    shop.enable()
    alice, bob = holder(shop), holder(shop)
    assert [shop.send("job", n, **alice).get(timeout=10) for n in range(3)] == [0, 1, 2]
    worker.kill()
    waiting = shop.send("job", 3, **alice)
    newest, oldest = shop.guard.bypasses.list()
    assert (newest.uses, oldest.uses) == (0, 3)
    shop.guard.bypasses.revoke(oldest.bypass_id, by="ops")
    shop.worker("w2")
    with pytest.raises(guard.MaintenanceActive):
        shop.send("job", 4, **alice)
    assert shop.send("job", 5, **bob).get(timeout=10) == 5
    eventually(lambda: shop.guard.status().parked == 1, what="her job to be parked")
    assert len(shop.events()) == 4

    def told() -> dict[str, int]:
        lines = [line for line in shop.guard.durable.records(100) if line.action == "bypass used"]  # type: ignore[attr-defined]
        # whoever is killed between a line and its mark writes the line again: the number in all counts
        known = dict.fromkeys((oldest.bypass_id, newest.bypass_id), 0)
        for line in lines:
            known[line.detail["bypass"]] = max(known[line.detail["bypass"]], line.detail["in_all"])
        return known

    eventually(lambda: told() == {oldest.bypass_id: 3, newest.bypass_id: 1}, what="each use to be journaled")
    shop.guard.disable(by="ops")
    assert waiting.get(timeout=15) == 3


def test_steps_children_and_retries_have_it_too(shop: Shop) -> None:
    """Within its operations: what a holder began goes on to its end."""
    shop.worker("w1", concurrency=2)
    shop.enable()
    alice = holder(shop, "job_creation", "caption_generation")
    tasks = shop.app.tasks
    steps = chain(tasks["shop.add"].si(1, 1), tasks["shop.mixed_job"].s(), tasks["shop.add"].s(1))
    assert steps.apply_async(**alice).get(timeout=10) == 3
    assert shop.send("flaky", 2, **alice).get(timeout=10) == 2
    children = shop.send("spawn", [1, 2], **alice).get(timeout=10)
    assert [shop.app.AsyncResult(child).get(timeout=10) for child in children] == [2, 3]
    assert shop.guard.status().parked == 0
    shop.guard.disable(by="ops")


def test_a_retry_after_the_release_needs_no_lane(shop: Shop) -> None:
    worker = shop.worker("w1", concurrency=1)
    shop.enable()
    late = shop.send("mixed_fails_first", 2.0, **holder(shop, "caption_generation"))
    eventually(shop.events, what="the job to run")
    shop.guard.disable(by="ops")
    assert late.get(timeout=15) == 1
    assert "shop.mixed_fails_first" in worker.log
    assert [event["queue"] for event in shop.events()] == ["guard.bypass.mixed", "mixed"]


@pytest.mark.parametrize("broker", BROKERS)
def test_a_bypass_that_ended_on_its_way_waits_like_everybody(
    make_shop: Callable[..., Shop], broker: str
) -> None:
    shop = make_shop(broker)
    worker = shop.worker("w1")
    shop.enable()
    worker.kill()
    late = shop.send("job", 1, **holder(shop, seconds=1))
    let_pass(1.1)
    shop.worker("w2")
    eventually(lambda: shop.guard.status().parked == 1, what="it to be parked")
    assert [job.queue for job in shop.guard.parked.list()] == ["guarded"]
    shop.guard.disable(by="ops")
    assert late.get(timeout=15) == 1
    assert set(shop.runs().values()) == {1}


@pytest.mark.parametrize("broker", BROKERS)
def test_nothing_is_left_in_a_lane_when_the_gate_opens(make_shop: Callable[..., Shop], broker: str) -> None:
    """No worker takes from it any more: the next that starts looks."""
    shop = make_shop(broker)
    worker = shop.worker("w1")
    shop.enable()
    worker.kill()
    left = shop.send("job", 1, **holder(shop))
    shop.guard.disable(by="ops")
    following = shop.worker("w2")
    assert left.get(timeout=15) == 1
    assert f"takes jobs that may pass from {lane_of('guarded')}" in following.log


def test_what_runs_by_a_bypass_is_seen_and_waited_for(shop: Shop) -> None:
    """It is explicit, so it runs; and while it runs nothing is drained."""
    shop.worker("w1", concurrency=2)
    shop.settled()  # a young registry makes `enable` wait, and the first job would be over
    shop.send("job", 1, 4.0)
    eventually(shop.events, what="the job to run")
    shop.enable()
    late = shop.send("job", 2, 5.0, **holder(shop))
    eventually(lambda: shop.guard.status().active_jobs_count == 2, what="both to be seen")
    drained(shop)
    assert [event["id"] for event in shop.events("end")][-1:] == [late.id]
    shop.guard.disable(by="ops")
