"""The same questions on RabbitMQ and PostgreSQL. Slow: both servers take seconds to start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kombu import Connection, Consumer, Queue

from guard.core.diagnosis import Status
from tests.doctor.conftest import Clinic
from tests.support.eventually import eventually
from tests.support.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgresql import PostgreSQL
    from tests.support.valkey import Valkey

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
    ),
]


def test_rabbitmq(amqp_url: str, valkey: Valkey, tmp_path: Path) -> None:
    backend, redis = valkey.broker_url(valkey.fresh_db()), valkey.url(valkey.fresh_db())
    with Shop(broker=amqp_url, backend=backend, redis=redis, folder=tmp_path) as shop:
        shop.worker("w1", concurrency=1)

        def finding(name: str) -> Any:
            return shop.guard.diagnose().of(name)

        eventually(lambda: finding("worker epochs").status is Status.OK, within=20, what="a worker")
        whole = shop.guard.diagnose()
        for name in ("broker", "remote control", "consumers without a guard", "queues served", "parked jobs"):
            assert whole.of(name).status is Status.OK, whole.of(name)
        assert whole.of("visibility timeout").status is Status.OK
        assert whole.of("late acknowledgement").seen == "the broker is not Redis"
        assert whole.of("workers can stop").status is Status.OK
        queue = Queue("guarded", routing_key="guarded", durable=True)
        with (
            Connection(amqp_url) as connection,
            connection.channel() as channel,
            Consumer(channel, [queue], no_ack=False),
        ):
            found = finding("consumers without a guard")
            assert found.status is Status.PROBLEM, found
            assert "1 of the 2 consumers of queue guarded" in found.seen
        eventually(
            lambda: finding("consumers without a guard").status is Status.OK, within=20, what="it to be gone"
        )
        assert shop.guard.diagnose().seconds < 15
        shop.worker("w2", pool="threads", concurrency=1)
        eventually(lambda: finding("workers can stop").status is Status.WARNING, within=20, what="threads")


def test_postgresql(own_server: Valkey, tmp_path: Path, postgresql: PostgreSQL) -> None:
    made = Clinic(own_server, tmp_path, database_url=postgresql.url(postgresql.create_database()))
    assert "maintenance migrate" in made.check("migration").remedy
    made.begin()
    made.is_well("durable store")
    made.is_well("migration")
    made.is_well("sqlite file")
    assert "the database" in made.check("clocks").seen
    made.is_well("locks")
    made.close()
