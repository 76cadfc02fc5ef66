"""Servers that are away: unknown is said as such, and Flower itself goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flower.flowers import Flowers
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.stopwatch import Stopwatch
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def private() -> Iterator[Valkey]:
    """A server that the test may stop."""
    with Valkey() as server:
        yield server


@pytest.fixture
def alone(private: Valkey, valkey: Valkey, tmp_path: Path) -> Iterator[Flowers]:
    """A shop whose control plane is the private server."""
    with Shop(
        broker=valkey.broker_url(valkey.fresh_db()),
        backend=valkey.broker_url(valkey.fresh_db()),
        redis=private.url(),
        folder=tmp_path,
    ) as shop:
        yield Flowers(shop)


def test_unknown_is_neither_zero_nor_green(alone: Flowers, private: Valkey) -> None:
    alone.shop.enable()
    flower = alone.start(DATABASE_URL="mysql+pymysql://nobody@127.0.0.1:1/none")
    eventually(lambda: flower.figures()["guard_state_known"] == 1, within=15)
    private.stop()
    figures = eventually(lambda: (seen := flower.figures())["guard_state_known"] == 0 and seen, within=30)
    up = {f"guard_up[{part}]" for part in ("redis", "sql", "broker")}
    assert set(figures) <= {"guard_state_known", "guard_look_age_seconds", "guard_jobs_parked", *up}
    assert {part: figures.get(part) for part in up} == dict.fromkeys(up, 0.0) | {"guard_up[broker]": 1.0}
    page = flower.page()
    assert "Unknown: no store answers" in page
    assert "Unknown: the registry of workers does not answer" in page
    assert "<form" not in page
    assert "guard-good" not in page
    private.start()
    alone.shop.guard.change(by="tests", reason="written to the empty server again")
    eventually(lambda: flower.figures().get("guard_state_known") == 1, within=30)


def test_a_server_that_hangs_does_not_hold_up_flower(alone: Flowers, private: Valkey) -> None:
    flower = alone.start()
    flower.page()
    private.freeze()
    try:
        slowest = 0.0
        for _ in range(3):
            watch = Stopwatch()
            flower.figures()
            assert watch.seconds < 6
            watch = Stopwatch()
            assert flower.get("/healthcheck").ok
            slowest = max(slowest, watch.seconds)
        assert slowest < 1.5
    finally:
        private.thaw()
