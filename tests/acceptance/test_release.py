"""How parked jobs go back: in the order that was asked for, and not on when they fail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core.modes import Gate
from tests.contracts.doers import CARD, REPORT
from tests.support.eventually import eventually, throughout

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_operations_go_back_in_the_order_that_was_asked_for(
    make_shop: Callable[..., Shop], broker: str
) -> None:
    shop = make_shop(
        broker,
        GUARD_RELEASE_ORDER="caption_generation, job_creation",
        GUARD_RELEASE_RATE="20",
        SHOP_PREFETCH="1",
    )
    (shop.folder / "mended").touch()
    shop.worker("w1", concurrency=1)
    shop.enable()
    last = [shop.send("mixed_fragile", n, when_closed="hold") for n in range(4)]
    first = [shop.send("mixed_job", n, when_closed="hold") for n in range(4)]
    eventually(lambda: shop.guard.status().parked == 8, within=15, what="eight parked jobs")
    ended = shop.guard.disable(by="tests")
    assert (ended.released, ended.still_parked, ended.warnings) == (8, 0, ())
    assert [result.get(timeout=15) for result in [*first, *last]] == [0, 1, 2, 3] * 2
    assert [line["id"] for line in shop.events()] == [result.id for result in [*first, *last]]


def test_it_begins_when_the_last_one_has_heard(make_shop: Callable[..., Shop]) -> None:
    """Otherwise a worker that has not heard yet parks them a second time."""
    shop = make_shop("redis", GUARD_LEASE_SECONDS="10")
    plane = shop.guard._parts.stores.plane
    shop.worker("w1")
    shop.enable()
    results = [shop.send("mixed_job", n, when_closed="hold") for n in range(3)]
    eventually(lambda: shop.guard.status().parked == 3, what="three parked jobs")
    silent = replace(CARD, role="producer", node="")
    plane.renew(silent, REPORT, register=True)
    with ThreadPoolExecutor() as pool:
        ended = pool.submit(shop.guard.disable, by="tests")
        eventually(lambda: plane.read().gate is Gate.OPEN, what="the gate to be open")
        throughout(lambda: shop.guard.status().parked == 3, during=0.7, what="all of them parked")
        assert plane.acknowledge(silent.agent_id, plane.read().epoch, REPORT)
        assert ended.result(timeout=5).released == 3
    assert [result.get(timeout=15) for result in results] == [0, 1, 2]
    books = shop.guard.account().to_fields()
    assert books["parked:caption_generation"] == 3, books


def test_a_release_whose_jobs_fail_stops_and_goes_on_when_they_do_not(make_shop: Callable[..., Shop]) -> None:
    """A window that ended too early: most jobs are kept from failing."""
    shop = make_shop("redis", GUARD_RELEASE_ERROR_LIMIT="0.5", GUARD_RELEASE_RATE="20")
    shop.worker("w1", concurrency=2)
    shop.enable()
    results = [shop.send("mixed_fragile", n, when_closed="hold") for n in range(160)]
    eventually(lambda: shop.guard.status().parked == 160, within=30, what="all to be parked")

    ended = shop.guard.disable(by="tests")

    assert any("released jobs failed" in warning for warning in ended.warnings), ended
    assert 20 <= ended.released <= 100
    assert ended.still_parked is not None
    assert ended.still_parked >= 60
    (shop.folder / "mended").touch()
    failed = [result for result in results if result.state == "FAILURE"]
    eventually(
        lambda: shop.guard.status().phase == "inactive", within=60, what="the release to go on to its end"
    )
    eventually(
        lambda: all(result.ready() for result in results),
        within=20,
        what="every job to have ended",
    )
    assert sum(result.state == "FAILURE" for result in results) <= len(failed) + 60
    assert set(shop.runs().values()) == {1}
    eventually(lambda: shop.guard.report().books.adds_up, within=10, what="the books to balance")
    assert shop.guard.report().to_dict()["totals"]["failed"] >= 11


def test_without_a_limit_it_goes_on_whatever_happens(shop: Shop) -> None:
    shop.worker("w1")
    shop.enable()
    results = [shop.send("mixed_fragile", n, when_closed="hold") for n in range(30)]
    eventually(lambda: shop.guard.status().parked == 30, within=15, what="all to be parked")
    assert shop.guard.disable(by="tests").released == 30
    eventually(lambda: all(result.ready() for result in results), within=20, what="every job to have ended")
    throughout(lambda: shop.guard.status().parked == 0, during=0.5, what="nothing to be parked")
