"""P2: nothing is lost and nothing is doubled, through many windows at random moments.

The seed is printed; `SHOP_SEED=… pytest …` replays the same moments.
"""

from __future__ import annotations

import os
import random
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.eventually import eventually, let_pass

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop

WINDOWS = 10
JOBS = 1_000


@pytest.mark.parametrize(
    ("broker", "pool"),
    [
        ("redis", "prefork"),
        pytest.param("rabbitmq", "threads", marks=pytest.mark.slow),
        pytest.param("redis", "threads", marks=pytest.mark.slow),
        pytest.param("redis", "solo", marks=pytest.mark.slow),
        pytest.param("rabbitmq", "prefork", marks=pytest.mark.slow),
        pytest.param("rabbitmq", "solo", marks=pytest.mark.slow),
        pytest.param("quorum", "prefork", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("acks", ["late", pytest.param("early", marks=pytest.mark.slow)])
def test_a_thousand_jobs_through_ten_windows(
    make_shop: Callable[..., Shop], broker: str, pool: str, acks: str
) -> None:
    """Every job ran, none lost, none doubled by the guard."""
    seed = int(os.environ.get("SHOP_SEED") or random.randrange(2**32))
    print(f"SHOP_SEED={seed}")
    chance = random.Random(seed)
    shop = make_shop(broker, GUARD_WHEN_CLOSED="hold", SHOP_ACKS=acks)
    for name in ("w1", "w2"):
        shop.worker(name, pool=pool, concurrency=2)
    results: list[str] = []
    publisher = threading.Thread(target=_publish, args=(shop, random.Random(seed + 1), results))
    publisher.start()

    for _ in range(WINDOWS):
        let_pass(chance.uniform(0.05, 0.4))
        shop.enable(reason=f"seed {seed}")
        let_pass(chance.uniform(0.05, 0.4))
        shop.guard.disable(by="tests")
    publisher.join()

    eventually(lambda: len(shop.runs()) >= JOBS, within=90, what=f"all {JOBS} jobs to run (seed {seed})")
    eventually(lambda: shop.guard.status().parked == 0, within=20, what="nothing to be parked")
    runs = shop.runs()
    assert set(results) - set(runs) == set(), "lost"
    assert {task_id: count for task_id, count in runs.items() if count != 1} == {}, "doubled"


def _publish(shop: Shop, chance: random.Random, results: list[str]) -> None:
    for n in range(JOBS):
        name = chance.choice(["job", "mixed_job"])
        options = {"countdown": chance.uniform(0, 2)} if chance.random() < 0.1 else {}
        results.append(shop.send(name, n, chance.choice([0, 0, 0, 0.02]), **options).id)
        let_pass(0.004)


def test_the_books_balance(shop: Shop) -> None:
    """P10: refused, held, parked and released of a small window, counted by hand."""
    import guard

    shop.worker("w1")
    assert shop.send("job", 0).get(timeout=10) == 0
    window, _ = shop.enable()
    for _ in range(3):
        with pytest.raises(guard.MaintenanceActive):
            shop.send("job", 1)
    held = [shop.send("job", n, when_closed="hold") for n in range(4)]
    parked = [shop.send("mixed_job", n, when_closed="hold") for n in range(5)]
    eventually(lambda: shop.guard.status().parked == 5, what="five parked jobs")
    closed = shop.guard.disable(by="tests")
    assert closed.released == 5
    assert closed.still_parked == 0
    assert [result.get(timeout=10) for result in [*held, *parked]] == [*range(4), *range(5)]

    def settled() -> bool:
        account = shop.guard.account(window.window_id).to_fields()
        wanted = {
            "refused:job_creation": 3,
            "held:job_creation": 4,
            "held:caption_generation": 5,
            "parked:caption_generation": 5,
            "released:caption_generation": 5,
        }
        return account == {**account, **wanted}

    eventually(settled, within=5, what="the account to add up")
    eventually(lambda: shop.guard.status().phase == "inactive", within=10, what="the window to be over")
    record = shop.guard.durable.window(window.window_id)
    assert record is not None
    assert record.ended_by == "tests"
    assert record.ended_at is not None
    assert record.ended_at >= record.started_at
    assert time.time() - record.ended_at < 60
