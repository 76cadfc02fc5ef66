"""Servers for all tests: started when the first test asks, ended with the session, never left behind."""

from __future__ import annotations

import logging
import os
import signal
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.leftovers import MARKER, assert_nothing_left
from tests.support.require import require_binary, require_postgresql, require_server
from tests.support.shortdirs import sweep_abandoned
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.support.mariadb import MariaDB
    from tests.support.postgresql import PostgreSQL
    from tests.support.rabbitmq import RabbitMQ


# The tests start hundreds of workers: each would compile every module of ours again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell that starts the tests in the background has Ctrl-C ignored, and every process of theirs with it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _logging_as_in_a_new_process() -> None:
    """Tests read what is logged. An earlier one may have set up logging for a process of its own."""
    logging.disable(logging.NOTSET)
    logging.root.setLevel(logging.WARNING)
    for name, one in logging.root.manager.loggerDict.items():
        if name.startswith(("guard", "tasks")) and isinstance(one, logging.Logger):
            one.setLevel(logging.NOTSET)
            one.disabled, one.propagate = False, True


@pytest.fixture(scope="session", autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fail the run if a process that a test started is still there when all servers were stopped."""
    sweep_abandoned()
    mark = uuid.uuid4().hex
    os.environ[MARKER] = mark  # inherited by every process, so that even a daemonised one is found
    yield
    assert_nothing_left(mark)


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    """The session's Valkey. A test that stops, freezes or fills a server makes its own instead."""
    if folder := os.environ.get("GUARD_TESTS_ON_PRODUCTION_REDIS"):
        from tests.support.production_redis import ProductionRedis

        with ProductionRedis(record=Path(folder)) as production:
            yield production
        return
    with Valkey() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Valkey]:
    """Debian's Redis, older than the Valkey: what runs on it uses no command that is too new."""
    with Valkey(binary=require_binary("redis-server")) as server:
        yield server


@pytest.fixture(scope="session")
def hardened_valkey() -> Iterator[Valkey]:
    """A Valkey without KEYS, EVAL, FLUSHDB, CONFIG, as production servers are set up."""
    from tests.support.hardened import HardenedValkey

    with HardenedValkey() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """The session's MariaDB."""
    require_server("mariadb")
    from tests.support.mariadb import MariaDB

    with MariaDB() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """The session's PostgreSQL."""
    require_postgresql()
    from tests.support.postgresql import PostgreSQL

    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """The session's RabbitMQ; it takes seconds to start."""
    require_server("rabbitmq")
    from tests.support.rabbitmq import RabbitMQ

    with RabbitMQ() as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The session's Chromium, headless: Playwright has one loop in a thread, so all tests share it."""
    require_binary("chromium")
    from tests.support.browser import chromium

    with chromium() as made:
        yield made


@pytest.fixture
def redis_url(valkey: Valkey) -> str:
    """Address of an empty database for redis-py (unix://…), on the session's Valkey."""
    return valkey.url(valkey.fresh_db())


@pytest.fixture
def redis_broker_url(valkey: Valkey) -> str:
    """Address of an empty database for Celery's broker and result backend (redis+socket://…)."""
    return valkey.broker_url(valkey.fresh_db())


@pytest.fixture
def mariadb_url(mariadb: MariaDB) -> str:
    """SQLAlchemy address of an empty database on the session's MariaDB."""
    return mariadb.url(mariadb.create_database())


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """SQLAlchemy address of a database file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'store.sqlite3'}"


@pytest.fixture
def amqp_url(rabbitmq: RabbitMQ) -> str:
    """Broker address of an empty virtual host on the session's RabbitMQ."""
    return rabbitmq.url(rabbitmq.create_vhost())
