"""States of jobs in Flower's list: what the guard did to them, in the order in which it happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flower.events import EventsState

import guard
from guard.core.events import GUARD_STATES, JobEvent
from guard.flower.task_states import in_order
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from tests.flower.flowers import Flowers


class Ordered(EventsState):  # type: ignore[misc]
    event = in_order(EventsState.event)


def state_after(*events: tuple[str, float]) -> str:
    """Of a job of which these events came in this order, made at these times."""
    return str(_after(Ordered(max_tasks_in_memory=10), events).state)


def _after(state: EventsState, events: tuple[tuple[str, float], ...]) -> Any:
    for clock, (kind, made) in enumerate(events):
        state.event(
            {
                "type": f"task-{kind}", "uuid": "one", "name": "shop.job", "hostname": "w1@shop",
                "timestamp": made, "local_received": made, "clock": clock, "pid": 1, "utcoffset": 0,
            }
        )  # fmt: skip
    return state.tasks["one"]


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([("received", 1), ("parked", 2)], "PARKED"),
        ([("parked", 2)], "PARKED"),
        ([("parked", 2), ("released", 3)], "RELEASED"),
        ([("parked", 2), ("released", 3), ("received", 4)], "RECEIVED"),
        ([("parked", 2), ("released", 3), ("received", 4), ("started", 5)], "STARTED"),
        ([("held", 2), ("received", 4), ("started", 5), ("succeeded", 6)], "SUCCESS"),
        # told by another process, so it comes late
        ([("parked", 2), ("received", 4), ("started", 5), ("released", 3)], "STARTED"),
        ([("parked", 2), ("received", 4), ("succeeded", 5), ("released", 3)], "SUCCESS"),
        # one that went by before it was parked
        ([("parked", 2), ("received", 1)], "PARKED"),
        ([("started", 1), ("revoked", 2), ("killed", 3)], "KILLED"),
        ([("started", 1), ("interrupted", 3), ("received", 9), ("failed", 10)], "FAILURE"),
        ([("received", 1), ("started", 2), ("succeeded", 3)], "SUCCESS"),
    ],
)
def test_the_state_that_is_shown(events: list[tuple[str, float]], state: str) -> None:
    assert state_after(*events) == state


def test_celery_alone_would_keep_ours() -> None:
    """Why `in_order` is there: should this fail, it may go."""
    alone = EventsState(max_tasks_in_memory=10)
    assert _after(alone, (("parked", 2), ("received", 4), ("started", 5))).state == "PARKED"


def test_every_event_is_a_state_and_none_is_celerys() -> None:
    from celery import states

    assert {event.value.partition("-")[0] for event in JobEvent} == {"task"}
    assert not GUARD_STATES & states.ALL_STATES


def test_jobs_that_are_held_released_discarded_and_ended(flowers: Flowers) -> None:
    shop = flowers.shop
    shop.worker("w1", concurrency=2)
    flower = flowers.start()
    flower.hears(shop)
    deaf, tidy = shop.send("deaf", 60), shop.send("tidy", 60)
    eventually(lambda: [flower.state_of(job.id) for job in (deaf, tidy)] == ["STARTED"] * 2, within=15)
    held = shop.send("job", 1)
    parked = [shop.send("mixed_job", number) for number in range(2)]
    jobs = (held, *parked)
    eventually(lambda: all(flower.state_of(job.id) == "RECEIVED" for job in jobs), within=15)
    shop.enable(mode="emergency", grace=1)
    ended = {deaf.id: "KILLED", tidy.id: "INTERRUPTED", held.id: "HELD"}
    ended |= {job.id: "PARKED" for job in parked}
    eventually(lambda: {id_: flower.state_of(id_) for id_ in ended} == ended, within=20)
    assert flower.tasks()[deaf.id]["exception"].startswith("ended by maintenance: test")

    shop.guard.parked.discard(parked[0].id, by="tests")
    eventually(lambda: flower.state_of(parked[0].id) == "DISCARDED", within=10)
    asked = shop.send("job", 2, when_closed="hold")
    eventually(lambda: flower.state_of(asked.id) == "HELD", within=10)
    shop.guard.disable(by="tests")
    left = [deaf, tidy, held, parked[1], asked]
    eventually(lambda: all(flower.state_of(job.id) == "SUCCESS" for job in left), within=30)
    # also seen as counts
    kinds = ("killed", "interrupted", "held", "parked", "released", "discarded")
    counted = lambda: [kind for kind in kinds if f'type="task-{kind}"' in flower.get("/metrics").text]  # noqa: E731
    eventually(lambda: len(counted()) == len(kinds), within=10)


@pytest.mark.slow
def test_nothing_is_told_where_that_is_switched_off(flowers: Flowers) -> None:
    shop = flowers.shop
    shop.worker("w1", concurrency=1, GUARD_EVENTS="false")
    flower = flowers.start()
    flower.hears(shop)
    running = shop.send("mixed_job", None, 3.0)
    eventually(lambda: flower.state_of(running.id) == "STARTED", within=15)
    waiting = shop.send("mixed_job", 1)
    eventually(lambda: flower.state_of(waiting.id) == "RECEIVED", within=15)
    shop.enable()
    eventually(lambda: shop.guard.parked.get(waiting.id), within=10)
    with pytest.raises(guard.MaintenanceActive):
        shop.send("job", 1, task_id="told-by-us")
    eventually(lambda: flower.state_of("told-by-us") == "REFUSED", within=10)
    assert flower.state_of(waiting.id) == "RECEIVED", "no event came, though the later one has come"
    shop.guard.disable(by="tests")
