"""Workers that consume other queues: who is told, who is only named, and no queue is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from guard.core.difference import Consume, Difference, StopConsuming
from guard.core.differences import differences, unknowns
from guard.core.found import Consumer, Found
from tests.core.strategies import many
from tests.core.worlds import EMPTY, founds, undone

W1 = Consumer(node="w1@one", queues=("p", "q"))


def one_of(found: Found, now: Found) -> Difference:
    (difference,) = differences(found, now)
    return difference


@many
@given(founds(), founds())
def test_no_queue_loses_its_last_consumer(found: Found, now: Found) -> None:
    after = now
    for one in differences(found, now):
        after = undone(after, one.undo) if one.undo is not None else after

    def consumed(world: Found) -> set[str]:
        return {queue for one in (world.consumers or {}).values() for queue in one.queues or ()}

    assert consumed(now) <= consumed(after)


def test_a_queue_that_is_consumed_no_more() -> None:
    now = replace(EMPTY, consumers={"a": replace(W1, queues=("p",))})
    one = one_of(replace(EMPTY, consumers={"a": W1}), now)
    assert one.undo == Consume(agent_id="a", node="w1@one", queue="q")
    assert one.to_dict() == {
        "kind": "consumer",
        "what": "w1@one, queue q",
        "was": "consumed",
        "is": "not consumed",
        "can_be_undone": True,
        "how": "consumed again (add_consumer)",
    }


def test_a_queue_that_was_added_is_given_up_when_somebody_else_takes_from_it() -> None:
    added = {"a": replace(W1, queues=("p", "q", "r"))}
    alone = one_of(replace(EMPTY, consumers={"a": W1}), replace(EMPTY, consumers=added))
    assert alone.undo is None
    assert "nobody else" in alone.how
    other = {"b": Consumer(node="w2@one", queues=("r",))}
    shared = one_of(replace(EMPTY, consumers={"a": W1} | other), replace(EMPTY, consumers=added | other))
    assert shared.undo == StopConsuming(agent_id="a", node="w1@one", queue="r")


def test_a_queue_that_moved_to_another_worker_goes_back() -> None:
    two = Consumer(node="w2@one", queues=("r",))
    found = replace(EMPTY, consumers={"a": W1, "b": two})
    moved = {"a": replace(W1, queues=("p",)), "b": replace(two, queues=("q", "r"))}
    acts = [one.undo for one in differences(found, replace(EMPTY, consumers=moved))]
    assert acts == [
        Consume(agent_id="a", node="w1@one", queue="q"),
        StopConsuming(agent_id="b", node="w2@one", queue="q"),
    ]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({}, "gone"),
        ({"new": replace(W1, queues=("p",))}, "started again with other queues"),
        ({"a": W1, "b": Consumer(node="w9@one", queues=())}, "new"),
        ({"a": replace(W1, queues=("p",)), "b": replace(W1, queues=("p", "q"))}, "several workers"),
    ],
)
def test_consumers_that_are_only_named(now: dict[str, Consumer], said: str) -> None:
    one = one_of(replace(EMPTY, consumers={"a": W1}), replace(EMPTY, consumers=now))
    assert one.undo is None
    assert said in one.how


def test_a_worker_that_was_started_again_with_the_same_queues_is_as_it_was() -> None:
    now = replace(EMPTY, consumers={"new": replace(W1, queues=("q", "p"))})
    assert differences(replace(EMPTY, consumers={"a": W1}), now) == ()


def test_a_worker_that_does_not_answer_is_unknown() -> None:
    found, now = (replace(EMPTY, consumers={"a": one}) for one in (W1, replace(W1, queues=None)))
    assert differences(found, now) == differences(now, found) == ()
    assert "consumes now is unknown" in unknowns(found, now)[0]
    assert "when the window opened is unknown" in unknowns(now, found)[0]
