"""P11: a normal window is a delay and nothing else. The same workflow gives the same result with and
without one, whenever the window begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.shop import shapes
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop

# When the window begins: before any job of the workflow has started, after the first, after the third.
MOMENTS = {"before the first job": 0, "after the first job": 1, "after the third job": 3}


@pytest.mark.parametrize("broker", ["redis", pytest.param("rabbitmq", marks=pytest.mark.slow)])
def test_each_shape_gives_its_result_although_a_window_came_between(
    make_shop: Callable[..., Shop], broker: str
) -> None:
    """15 shapes and 3 moments of closing on one worker: each result as if nothing had happened."""
    shop = make_shop(broker, GUARD_WHEN_CLOSED="hold")
    shop.worker("w1", concurrency=2)
    wrong = {}
    for name, (make, expected) in shapes(shop.app).items():
        for moment, jobs in MOMENTS.items():
            got = _through_a_window(shop, make, jobs)
            if got != expected:
                wrong[name, moment] = got
    assert not wrong


def _through_a_window(shop: Shop, make: Callable[[], Any], jobs: int) -> Any:
    before = len(shop.events())
    if jobs == 0:
        shop.enable()
        result = make().apply_async()
    else:
        result = make().apply_async()
        _up_to(shop, before + jobs, result)
        shop.enable()
    shop.guard.disable(by="tests")
    return result.get(timeout=20)


def _up_to(shop: Shop, events: int, result: Any) -> None:
    """Until so many jobs have started, or the workflow has ended with fewer."""
    eventually(
        lambda: len(shop.events()) >= events or result.ready(), within=10, what="the workflow to get going"
    )


def test_a_refused_workflow_publishes_nothing(shop: Shop) -> None:
    """A group is refused as a whole: no member of it is in the queue."""
    import guard

    shop.worker("w1")
    shop.enable()
    make, _ = shapes(shop.app)["chord"]

    with pytest.raises(guard.MaintenanceActive) as refused:
        make().apply_async()

    assert refused.value.operation == "job_creation"
    assert refused.value.retry_after >= 30
    shop.guard.disable(by="tests")
    assert shop.app.tasks["shop.free"].delay(1).get(timeout=10) == 1
    assert [line["task"] for line in shop.events()] == ["shop.free"]


def test_a_continuation_is_held_and_its_parent_succeeds(shop: Shop) -> None:
    """E5: without care the finished first step is stored as FAILURE because its next step is refused."""
    from celery import chain

    shop.worker("w1")
    job, add = shop.app.tasks["shop.job"], shop.app.tasks["shop.add"]
    result = chain(job.s(1, 1.5), add.s(1)).apply_async()
    eventually(shop.events, what="the first step to start")
    _, returned = shop.enable()

    eventually(lambda: result.parent.state == "SUCCESS", what="the first step to succeed in the window")
    assert result.state == "PENDING"
    assert shop.started_after(returned) == []
    shop.guard.disable(by="tests")
    assert result.get(timeout=10) == 2
