"""Workers that consume other queues: who is told, who is only named, and no queue is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from guard.core.consuming import consumer_differences
from guard.core.difference import Consume, Difference, Kind, StopConsuming
from guard.core.differences import differences, unknowns
from guard.core.found import Consumer, Found
from tests.core.strategies import many
from tests.core.wording import is_worded
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
    assert alone.how == "nobody else would take from this queue: cancel_consumer when it is empty"
    other = {"b": Consumer(node="w2@one", queues=("r",))}
    shared = one_of(replace(EMPTY, consumers={"a": W1} | other), replace(EMPTY, consumers=added | other))
    assert shared.undo == StopConsuming(agent_id="a", node="w1@one", queue="r")
    assert shared.how == "consumed no more (cancel_consumer)"
    namesake = added | {"b": replace(W1, queues=("r",))}
    told = one_of(replace(EMPTY, consumers={"a": W1}), replace(EMPTY, consumers=namesake))
    assert (told.what, told.undo) == ("w1@one, queue r", None)
    assert told.how.startswith("several workers have this name")


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


def all_of(found: dict[str, Consumer] | None, now: dict[str, Consumer] | None) -> list[tuple[object, ...]]:
    listed = list(consumer_differences(found, now))
    for one in listed:
        assert one.kind is Kind.CONSUMER
        is_worded("consuming", one.how)
    return [(one.what, one.was, one.now, one.undo) for one in listed]


V, X = Consumer(node="v@one", queues=()), Consumer(node="x@one", queues=("p",))


@pytest.mark.parametrize(
    ("found", "now", "named"),
    [
        (None, {}, []),
        ({}, None, []),
        ({"a": W1}, {}, [("w1@one", "consumes p, q", None, None)]),
        ({"a": V}, {}, [("v@one", "consumes nothing", None, None)]),
        ({"a": replace(W1, queues=None)}, {}, [("w1@one", "unknown queues", None, None)]),
        ({"a": W1}, {"n": replace(W1, queues=("p",))}, [("w1@one", "consumes p, q", "consumes p", None)]),
        ({"a": W1}, {"n": replace(W1, queues=None)}, []),
        ({"a": replace(W1, queues=None)}, {"n": W1}, []),
        ({"a": W1}, {"n": W1, "m": W1}, []),
        (
            {"a": W1},
            {"b": X},
            [("w1@one", "consumes p, q", None, None), ("x@one", None, "consumes p", None)],
        ),
        ({"a": W1, "b": W1}, {"b": W1}, [("w1@one", "consumes p, q", None, None)]),
        (
            {"b": V, "a": replace(V, queues=("p",))},
            {},
            [("v@one", "consumes p", None, None), ("v@one", "consumes nothing", None, None)],
        ),
        (
            {},
            {"b": V, "a": replace(V, queues=("p",))},
            [("v@one", None, "consumes p", None), ("v@one", None, "consumes nothing", None)],
        ),
        (
            {},
            {"a": X, "b": V},
            [("v@one", None, "consumes nothing", None), ("x@one", None, "consumes p", None)],
        ),
        (
            {"a": W1},
            {"n": W1, "m": replace(W1, queues=("p",))},
            [("w1@one", "consumes p, q", "consumes p, q", None)],
        ),
        ({"a": W1}, {"a": W1, "n": replace(W1, queues=("z",))}, []),
        (
            {},
            {"b": X, "a": V},
            [("v@one", None, "consumes nothing", None), ("x@one", None, "consumes p", None)],
        ),
        ({}, {"b": replace(X, queues=None)}, [("x@one", None, "unknown queues", None)]),
        (
            {"b": V, "a": X},
            {},
            [("v@one", "consumes nothing", None, None), ("x@one", "consumes p", None, None)],
        ),
        (
            {"a": W1, "b": X},
            {"a": replace(W1, queues=("r", "s")), "b": replace(X, queues=("p", "r", "s"))},
            [
                (
                    "w1@one, queue p",
                    "consumed",
                    "not consumed",
                    Consume(agent_id="a", node="w1@one", queue="p"),
                ),
                (
                    "w1@one, queue q",
                    "consumed",
                    "not consumed",
                    Consume(agent_id="a", node="w1@one", queue="q"),
                ),
                ("w1@one, queue r", "not consumed", "consumed", None),
                ("w1@one, queue s", "not consumed", "consumed", None),
                ("x@one, queue r", "not consumed", "consumed", None),
                ("x@one, queue s", "not consumed", "consumed", None),
            ],
        ),
        (
            {"a": W1, "b": X},
            {"a": replace(W1, queues=("p", "q", "r")), "b": X, "c": replace(V, queues=("r",))},
            [
                (
                    "w1@one, queue r",
                    "not consumed",
                    "consumed",
                    StopConsuming(agent_id="a", node="w1@one", queue="r"),
                ),
                ("v@one", None, "consumes r", None),
            ],
        ),
        (  # two have its name: nobody is told
            {"a": W1},
            {"a": replace(W1, queues=("p", "r")), "b": replace(W1, queues=("r",))},
            [
                ("w1@one, queue q", "consumed", "not consumed", None),
                ("w1@one, queue r", "not consumed", "consumed", None),
            ],
        ),
    ],
)
def test_what_is_said_of_whom(
    found: dict[str, Consumer] | None, now: dict[str, Consumer] | None, named: list[tuple[object, ...]]
) -> None:
    assert all_of(found, now) == named


def test_who_counts_as_another_that_takes_from_a_queue() -> None:
    added = {"a": replace(W1, queues=("p", "q", "r"))}

    def given_up(was: Consumer | None, other: Consumer) -> bool:
        found = {"a": W1} | ({"b": was} if was is not None else {})
        (one,) = [
            each
            for each in consumer_differences(found, added | {"b": other})
            if each.what == "w1@one, queue r"
        ]
        return one.undo is not None

    takes, not_any_more = replace(X, queues=("p", "r")), X
    assert given_up(takes, takes)
    assert given_up(None, takes), "a new one stays"
    assert given_up(takes, not_any_more), "it will take from it again"
    assert not given_up(not_any_more, takes), "it will give it up as well"
    assert given_up(replace(takes, queues=None), takes), "nobody knows what it had, so it stays as it is"
    assert not given_up(takes, replace(takes, queues=None)), "it does not answer"
