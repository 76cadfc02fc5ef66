"""P12: without a window no job costs a round trip to the control plane, neither where it is published nor
where it runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.support.eventually import eventually
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop

JOBS = 200
A_SECOND = 20
"""Commands of two agents: each renews every 0.75 s, and tells its figures."""


def test_jobs_ask_the_control_plane_nothing(make_shop: Callable[..., Shop]) -> None:
    with Valkey() as server, server.client() as client:
        shop = make_shop("redis", REDIS_URL=server.url(0))
        shop.worker("w1")
        assert shop.send("job", 0).get(timeout=10) == 0
        before, begun = int(client.info("stats")["total_commands_processed"]), time.monotonic()
        for number in range(JOBS):
            shop.send("job", number, ignore_result=True)
        eventually(lambda: len(shop.events()) == JOBS + 1, within=30, what="all jobs to run")
        took = time.monotonic() - begun
        asked = int(client.info("stats")["total_commands_processed"]) - before
        print(f"{asked} commands in {took:.1f} s")
        assert asked < JOBS / 2 + A_SECOND * took
        shop.guard.close()
