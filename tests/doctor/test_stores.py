"""Faults of the stores, really made and then mended."""

from __future__ import annotations

import socket
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from sqlalchemy import text

from guard.core.diagnosis import Family, Status
from guard.core.doctor_facts import FilePlace
from guard.doctor import servers
from guard.store.sql import migrate as migrating
from guard.store.sql.names import revisions
from guard.store.sql.routines import SqlRoutines
from tests.doctor.conftest import Clinic
from tests.support.application import PREFIX, Application, old_fields, payload
from tests.support.eventually import eventually
from tests.support.hardened import HardenedValkey
from tests.support.stopwatch import Stopwatch
from tests.support.toxic import Toxic
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.mariadb import MariaDB

PROBLEM, WARNING, UNKNOWN, OK = Status.PROBLEM, Status.WARNING, Status.UNKNOWN, Status.OK


@pytest.fixture(scope="module")
def on_mariadb(
    own_server: Valkey, mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    """An installation on MariaDB, shared; whoever hurts it mends it."""
    url = mariadb.url(mariadb.create_database())
    made = Clinic(own_server, tmp_path_factory.mktemp("mariadb"), database_url=url)
    made.begin()
    yield made
    made.close()


def test_a_durable_store_that_is_away(own_server: Valkey, tmp_path: Path, on_mariadb: Clinic) -> None:
    sick = Clinic(own_server, tmp_path, database_url="mysql+pymysql://root:hunter2@127.0.0.1:1/x")
    found = sick.suffers("durable store", PROBLEM, "start the database")
    assert "hunter2" not in str(found)
    whole = sick.examine(Family.ACTIVATION, Family.EMERGENCY)
    for name in ("migration", "stores agree", "locks", "visibility timeout"):
        assert whole.of(name).because == "durable store", name
    assert "hunter2" not in str(whole.to_dict())
    sick.close()
    on_mariadb.is_well("durable store")


def test_a_pending_migration(own_server: Valkey, tmp_path: Path, mariadb: MariaDB) -> None:
    made = Clinic(own_server, tmp_path, database_url=mariadb.url(mariadb.create_database()))
    made.suffers("migration", PROBLEM, "maintenance migrate")  # nothing there at all
    made.begin()
    made.is_well("migration")
    engine = made.parts.stores.durable.engine
    with engine.connect() as connection:
        config = migrating._config()
        config.attributes["connection"] = connection
        command.downgrade(config, revisions()[-2])
        connection.commit()
    found = made.suffers("migration", PROBLEM, "maintenance migrate")
    assert "pending" in found.seen
    assert made.examine(Family.ACTIVATION).of("stores agree").because == "migration"
    made.guard.durable.migrate()  # type: ignore[attr-defined]
    made.is_well("migration")
    with engine.begin() as connection:
        connection.execute(text("UPDATE guard_schema_version SET version_num = '9999'"))
    assert "install" in made.check("migration").remedy
    made.close()


def test_a_control_plane_that_is_away_or_silent(clinic: Clinic) -> None:
    clinic.server.crash()
    whole = clinic.examine()
    assert whole.of("control plane").status is PROBLEM
    assert "start Redis" in whole.of("control plane").remedy
    waiting = {one.check for one in whole.findings if one.because == "control plane"}
    assert {"guard state", "workers", "beat", "eviction policy", "session store", "locks"} <= waiting
    assert [one.check for one in whole.with_status(PROBLEM)] == ["control plane", "broker"]
    clinic.server.start()
    clinic.is_well("control plane")
    clinic.server.freeze()
    watch = Stopwatch()
    try:
        whole = clinic.examine()
    finally:
        clinic.server.thaw()
    assert whole.of("control plane").status is PROBLEM
    assert watch.seconds < 15
    clinic.is_well("control plane")


def test_everything_hangs(own_server: Valkey, tmp_path: Path) -> None:
    """Servers that take a connection and never say a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as deaf:
        where = f"127.0.0.1:{deaf.getsockname()[1]}"
        made = Clinic(
            own_server,
            tmp_path,
            redis_url=f"redis://:hunter2@{where}/0",
            database_url=f"mysql+pymysql://root:hunter2@{where}/x",
            guard_session_redis_url=f"redis://:hunter2@{where}/1",
        )
        made.app.conf.broker_url = f"amqp://guest:hunter2@{where}//"
        watch = Stopwatch()
        whole = made.examine()
        took = watch.seconds
    assert took < 15, took
    assert {one.check for one in whole.with_status(PROBLEM)} >= {"control plane", "durable store", "broker"}
    assert "hunter2" not in str(whole.to_dict())
    made.close()


def test_a_replica(clinic: Clinic) -> None:
    with Valkey(tcp=True) as other, clinic.server.client() as client:
        client.replicaof("127.0.0.1", other.port)
        clinic.suffers("control plane", PROBLEM, "primary")
        client.replicaof("NO", "ONE")
        clinic.is_well("control plane")


def test_commands_that_were_renamed(hardened_valkey: Valkey, tmp_path: Path) -> None:
    """What production servers take away is not needed; what the guard needs is missed by name."""
    made = Clinic(hardened_valkey, tmp_path)
    made.begin()
    made.is_well("redis commands")
    made.close()

    class Crippled(HardenedValkey):
        def __init__(self) -> None:
            super().__init__()
            self.process.argv += ["--rename-command", "EVALSHA", "", "--rename-command", "SCAN", ""]

    with Crippled() as server:
        sick = Clinic(server, tmp_path)
        found = sick.suffers("redis commands", PROBLEM, 'rename-command` of "EVALSHA" "SCAN"')
        assert "EVALSHA, SCAN" in found.seen
        sick.close()


def test_an_eviction_policy(clinic: Clinic) -> None:
    with clinic.server.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        found = clinic.suffers("eviction policy", PROBLEM, "CONFIG SET maxmemory-policy noeviction")
        assert "broker" in found.seen
        client.config_set("maxmemory-policy", "noeviction")
    clinic.is_well("eviction policy")


def test_a_redis_that_is_nearly_full(clinic: Clinic) -> None:
    with clinic.server.client() as client:
        used = int(client.info("memory")["used_memory"])
        client.config_set("maxmemory", used + used // 20)
        found = clinic.check("redis memory")
        assert found.status in {WARNING, PROBLEM}, found
        assert "CONFIG SET maxmemory" in found.remedy
        client.config_set("maxmemory", 0)
    clinic.is_well("redis memory")


def test_a_state_that_nobody_can_believe(clinic: Clinic) -> None:
    clinic.is_well("guard state")
    key = clinic.parts.stores.keys.state
    with clinic.server.client(clinic.number) as client:
        kept = client.hgetall(key)
        client.hset(key, "record", str(kept["record"]).replace("inactive", "active"))
        clinic.suffers("guard state", PROBLEM, "GUARD_SECRET_KEY")
        client.delete(key)
        assert clinic.check("guard state").status is UNKNOWN
        client.hset(key, mapping=kept)
    clinic.is_well("guard state")


def test_two_installations_with_one_prefix(clinic: Clinic, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    other = Clinic(clinic.server, folder, redis_url=clinic.server.url(clinic.number))
    other.parts.stores.durable.migrate()
    other.suffers("shared prefix", PROBLEM, "GUARD_NAMESPACE")
    clinic.is_well("shared prefix")
    other.close()
    mended = Clinic(
        clinic.server, folder, redis_url=clinic.server.url(clinic.number), guard_namespace="shop2"
    )
    mended.begin()
    mended.is_well("shared prefix")
    mended.close()


def test_stores_that_disagree(clinic: Clinic) -> None:
    clinic.is_well("stores agree")
    with clinic.parts.stores.durable.engine.begin() as connection:
        connection.execute(text("UPDATE guard_state SET epoch = epoch + 1"))
    assert "epoch" in clinic.suffers("stores agree", WARNING, "housekeeping").seen
    clinic.parts.stores.plane.overwrite(clinic.parts.stores.durable.read())
    clinic.is_well("stores agree")


def test_where_a_sqlite_file_lies(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    found = clinic.suffers("sqlite file", WARNING, "DATABASE_URL")  # pytest's folders are below /tmp
    assert "temporary" in found.seen
    place = FilePlace(path="/srv/guard.db", filesystem="nfs4", temporary=False)
    monkeypatch.setattr(servers, "file_place", lambda _path: place)
    assert "network" in clinic.suffers("sqlite file", PROBLEM, "local disk").seen
    place = FilePlace(path="/srv/guard.db", filesystem="ext4", temporary=False)
    clinic.is_well("sqlite file")


@pytest.mark.slow
def test_slow_answers(clinic: Clinic, tmp_path: Path) -> None:
    proxy = Toxic(("127.0.0.1", clinic.server.port)).start()
    folder = tmp_path / "slow"
    folder.mkdir()
    slow = Clinic(clinic.server, folder, redis_url=f"redis://127.0.0.1:{proxy.port}/{clinic.number}")
    try:
        slow.is_well("answer times")
        proxy.latency = 0.15
        slow.suffers("answer times", WARNING, "GUARD_TIMEOUT_SECONDS")
    finally:
        slow.close()
        proxy.close()


@pytest.mark.slow
def test_connections_of_the_database(on_mariadb: Clinic, mariadb: MariaDB) -> None:
    made = on_mariadb
    made.is_well("database connections")
    mariadb.execute("SET GLOBAL max_connections = 10")
    engine = made.parts.stores.durable.engine
    import pymysql

    url = engine.url
    held = []
    try:
        for _ in range(12):
            try:
                held.append(
                    pymysql.connect(
                        unix_socket=url.query.get("unix_socket"), host=url.host, port=url.port or 0,
                        user=url.username, password=url.password or "",
                    )
                )  # fmt: skip
            except pymysql.err.OperationalError:
                break
        while len(held) > 8:
            held.pop().close()
        eventually(
            lambda: made.check("database connections").status is not UNKNOWN, what="room for one connection"
        )
        made.suffers("database connections", WARNING, "max_connections")
    finally:
        for one in held:
            one.close()
        mariadb.execute("SET GLOBAL max_connections = 151")
    eventually(lambda: made.check("database connections").status is OK, what="connections that are closed")


class AheadClock:
    """The machine's clock, moved."""

    def __init__(self, clock: Any, by: float) -> None:
        self._clock = clock
        self._by = by

    def wall(self) -> float:
        return float(self._clock.wall()) + self._by

    def boot(self) -> float:
        return float(self._clock.boot())

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


def test_clocks_that_differ(on_mariadb: Clinic) -> None:
    """No test may move the clock of the machine, so this process's is moved: then both servers are off."""
    made = on_mariadb
    made.is_well("clocks")
    for by, status, words in (
        (5.0, WARNING, "Redis is 5 seconds behind this machine"),
        (-120.0, PROBLEM, "Redis is 2 minutes ahead of this machine"),
    ):
        found = made.suffers("clocks", status, "set-ntp", clock=AheadClock(made.parts.clock, by))
        assert words in found.seen
        assert "the database is" in found.seen


def test_locks_of_the_dead(clinic: Clinic) -> None:
    clinic.is_well("locks")
    with clinic.server.client(clinic.number) as client:
        key = clinic.parts.stores.keys.lock("release")
        client.set(key, "somebody")
        clinic.suffers("locks", WARNING, f"redis-cli DEL '{key}'")
        client.delete(key)
    store = SqlRoutines(clinic.parts.stores.durable)
    holder = f"{uuid.uuid4().hex[:12]} {2**22 + 5}@{socket.gethostname()} beat"
    hold = store.take("weekly-review", holder=holder, now=time.time(), seconds=600)
    assert hold is not None
    assert "weekly-review" in clinic.suffers("locks", WARNING, "wait 10 minutes").seen
    store.give_back(hold)
    clinic.is_well("locks")


def test_sessions(clinic: Clinic, tmp_path: Path) -> None:
    application = Application(f"sqlite:///{tmp_path / 'guard.db'}")
    now = time.time()
    with clinic.server.client(clinic.number) as client:
        clinic.is_well("session layout")
        for number in range(9):
            client.set(f"{PREFIX}{number}", payload(2, now, str(number)))
        client.hset(PREFIX + "old", mapping=old_fields(2, now, "old"))  # type: ignore[arg-type]
        clinic.is_well("session layout")
        clinic.is_well("users")
        for number in range(9):
            client.set(f"{PREFIX}pickled{number}", b"\x80\x04\x95")
        client.rpush(PREFIX + "list", "x")
        found = clinic.suffers("session layout", PROBLEM, "GUARD_SESSION_PREFIX")
        assert "10 of 20 keys" in found.seen
        client.delete(PREFIX + "list", *(f"{PREFIX}pickled{number}" for number in range(9)))
        clinic.is_well("session layout")

        flag = "vedfolnir:maintenance:login_prevention"
        client.set(flag, "true", ex=7200)
        found = clinic.suffers("sign-in flag", PROBLEM, f"redis-cli DEL {flag}")
        assert "7200 s" in found.seen or "7199 s" in found.seen
        client.delete(flag)
        clinic.is_well("sign-in flag")

        with application.engine.begin() as connection:
            connection.execute(text("ALTER TABLE users RENAME COLUMN role TO rights"))
        clinic.suffers("users", WARNING, "GUARD_APP_DATABASE_URL")
        with application.engine.begin() as connection:
            connection.execute(text("ALTER TABLE users RENAME COLUMN rights TO role"))
        clinic.is_well("users")
    application.close()


def test_a_session_store_that_is_away(clinic: Clinic, tmp_path: Path) -> None:
    folder = tmp_path / "away"
    folder.mkdir()
    sick = Clinic(
        clinic.server, folder, redis_url=clinic.server.url(clinic.number),
        guard_session_redis_url="redis://127.0.0.1:1/0",
    )  # fmt: skip
    sick.suffers("session store", PROBLEM, "GUARD_SESSION_REDIS_URL")
    assert sick.check("session layout").because == "session store"
    sick.close()
    clinic.is_well("session store")
