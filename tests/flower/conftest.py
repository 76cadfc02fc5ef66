"""Flower, started as people start it, beside a real worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flower.flowers import ALICE, Flower, Flowers
from tests.support.eventually import eventually
from tests.support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.valkey import Valkey


@pytest.fixture
def flowers(valkey: Valkey, tmp_path: Path) -> Iterator[Flowers]:
    """A shop whose Flower the test starts, with stores of its own."""
    with _shop(valkey, tmp_path) as shop:
        yield Flowers(shop)


@pytest.fixture(scope="package")
def started(valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flowers, Flower]]:
    """A shop with its Flower, for many tests: each start, and the first window of a shop, take seconds."""
    with _shop(valkey, tmp_path_factory.mktemp("flower")) as shop:
        flowers = Flowers(shop)
        yield flowers, flowers.start()


@pytest.fixture
def shared(started: tuple[Flowers, Flower]) -> Iterator[tuple[Flowers, Flower]]:
    """The same, with no window open and no second factor of alice before and after; seen by her, without
    cookies."""
    flowers, flower = started
    yield flowers, flower.seen_by(ALICE)
    guard = flowers.shop.guard
    if guard.access.has_second_factor(ALICE[0]):
        guard.access.forget(ALICE[0], by="tests")
    if guard.status().is_active:
        guard.disable(by="tests")
    eventually(lambda: guard.status().phase == "inactive", within=15)


def _shop(valkey: Valkey, folder: Path) -> Shop:
    return Shop(
        broker=valkey.broker_url(valkey.fresh_db()),
        backend=valkey.broker_url(valkey.fresh_db()),
        redis=valkey.url(valkey.fresh_db()),
        folder=folder,
    )
