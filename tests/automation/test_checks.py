"""What each routine finds on real servers, and what it says when one thing is broken: unknown."""

from __future__ import annotations

import gc
import ipaddress
import os
import ssl
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text

from guard.automation.checks.evening_review import evening_review
from guard.automation.checks.morning_check import morning_check
from guard.automation.checks.performance_review import performance_review
from guard.automation.checks.security_audit import security_audit
from guard.automation.checks.weekly_review import weekly_review
from guard.core.account import Account
from guard.core.counts import Count
from guard.errors import StoreUnavailable, Unanswerable
from guard.observe.certificate import CertificateRefused, certificate_end, host_and_port
from guard.observe.machine import DiskUse, Machine
from guard.store.sql.schema import WINDOWS
from tests.automation.conftest import House, house
from tests.support.eventually import eventually
from tests.support.require import require_server
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from guard.core.routine_result import RoutineResult

DAY = 86_400.0
# PyMySQL leaves its socket to the garbage collector when nobody listens.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def _collected_here() -> Iterator[None]:
    yield
    gc.collect()


def kinds(result: RoutineResult) -> set[str]:
    return {one.kind for one in result.findings if one.severity.value != "info"}


class CalmMachine(Machine):
    """This host, on a day when nobody else uses it."""

    def disk(self, folder: str) -> DiskUse:
        return replace(super().disk(folder), free=super().disk(folder).total // 2)

    def memory_percent(self) -> float:
        return min(50.0, super().memory_percent())

    def load_per_core(self) -> float:
        return min(0.5, super().load_per_core())


class FullMachine(Machine):
    def disk(self, folder: str) -> DiskUse:
        return DiskUse(total=100, free=5)

    def memory_percent(self) -> float:
        return 99.0

    def load_per_core(self) -> float:
        return 3.0


class MuteMachine(Machine):
    def disk(self, folder: str) -> DiskUse:
        raise Unanswerable("no")

    def memory_percent(self) -> float:
        raise Unanswerable("no")

    def load_per_core(self) -> float:
        raise RuntimeError("a library broke")


# -- morning -----------------------------------------------------------------------------------------------


def test_a_morning_when_all_is_well(home: House) -> None:
    home.guard._parts.stores.plane.publish(home.guard.durable.read())
    home.routines._wiring.stores.plane.overwrite(home.guard.durable.read())
    result = morning_check(replace(home.world(), machine=CalmMachine()))
    assert kinds(result) == {"no worker"}
    assert result.value("maintenance") == "off"
    assert result.value("broker") == "answers"
    assert result.value("session keys in Redis") == 0
    assert result.value("database size") > 0
    assert result.value("Redis memory")["used"] > 0
    sqlite = str(home.guard.settings.database_url).startswith("sqlite")
    assert result.unknown == (("database connections",) if sqlite else ())


def test_a_morning_in_a_window(home: House) -> None:
    home.guard.enable(reason="move", by="ops", duration=600)
    result = morning_check(replace(home.world(), machine=CalmMachine()))
    assert result.value("maintenance")["reason"] == "move"
    assert result.value("window in the history") is True
    assert "window open" in {one.kind for one in result.findings}
    assert "unknown window" not in kinds(result)
    with home.guard.durable.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(WINDOWS.delete())
    assert "unknown window" in kinds(morning_check(home.world()))
    home.guard.disable(by="ops")


def test_a_morning_on_a_machine_that_is_full_or_mute(home: House) -> None:
    full = morning_check(replace(home.world(), machine=FullMachine()))
    assert {"disk nearly full", "memory nearly full", "high load"} <= kinds(full)
    mute = morning_check(replace(home.world(), machine=MuteMachine()))
    assert {"disk of /", "memory in use", "load per core, 5 minutes"} <= set(mute.unknown)
    assert not {"disk nearly full", "memory nearly full", "high load"} & kinds(mute)


# -- one thing broken at a time ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Any, Valkey, Valkey]]:
    """Database, control plane and broker of this module alone, to be stopped."""
    require_server("mariadb")
    from tests.support.mariadb import MariaDB

    with MariaDB() as database, Valkey() as plane, Valkey() as broker:
        yield database, plane, broker


@pytest.fixture
def breakable(servers: tuple[Any, Valkey, Valkey]) -> Iterator[House]:
    database, plane, broker = servers
    with house(
        DATABASE_URL=database.url(database.create_database()),
        REDIS_URL=plane.url(plane.fresh_db()),
        CELERY_BROKER_URL=broker.broker_url(broker.fresh_db()),
    ) as made:
        made.guard._parts.stores.plane.overwrite(made.guard.durable.read())  # type: ignore[attr-defined]
        yield made


OF_DATABASE = {"durable store", "database size", "database connections"}
OF_PLANE = {"control plane", "workers", "Redis eviction policy", "Redis memory", "session keys in Redis"}
JOURNAL = "journal lines of the last day that do not say done"


@pytest.mark.parametrize(
    ("broken", "unknown", "critical"),
    [
        ("database", OF_DATABASE | {JOURNAL}, "no durable store"),
        ("plane", OF_PLANE, "no control plane"),
        ("broker", {"broker"}, "no broker"),
    ],
)
def test_a_morning_with_one_thing_broken(
    breakable: House,
    servers: tuple[Any, Valkey, Valkey],
    broken: str,
    unknown: set[str],
    critical: str,
) -> None:
    server = servers[("database", "plane", "broker").index(broken)]
    world = replace(breakable.world(), machine=CalmMachine())
    server.crash()
    try:
        result = morning_check(world)
    finally:
        server.start()
    assert set(result.unknown) == unknown
    assert all(one.why for one in result.figures if one.value is None)
    assert {one.kind for one in result.findings if one.severity.value == "critical"} == {critical}
    shown = str(result.to_dict())
    assert "hunter2" not in shown
    assert "unix://" not in shown
    if broken == "plane":  # it lost its data; here is no worker that would write the state again
        breakable.guard._parts.stores.plane.overwrite(breakable.guard.durable.read())  # type: ignore[attr-defined]
    eventually(lambda: morning_check(world).unknown == (), within=20, what="everything to be known again")


@pytest.mark.parametrize("review", [evening_review, weekly_review, performance_review, security_audit])
def test_a_review_without_the_database_goes_on(
    breakable: House, servers: tuple[Any, Valkey, Valkey], review: Callable[..., RoutineResult]
) -> None:
    servers[0].crash()
    try:
        result = review(breakable.world())
    finally:
        servers[0].start()
    assert result.unknown
    counted = {"settings that should be changed"}
    zeros = {one.name for one in result.figures if one.value == 0 and one.value is not False}
    assert zeros <= counted, "a zero that nobody has counted"


def test_a_review_without_redis_knows_closed_windows_and_not_the_open_one(
    breakable: House, servers: tuple[Any, Valkey, Valkey]
) -> None:
    windows(breakable, ("a", "normal", 3600.0, 1800.0, {(Count.REFUSED, "x"): 4}))
    assert weekly_review(breakable.world()).value("jobs refused") == 4
    windows(breakable, ("b", "normal", 600.0, None, {}))
    servers[1].crash()
    try:
        result = weekly_review(breakable.world())
    finally:
        servers[1].start()
    assert result.value("activations") == 2
    assert "jobs refused" in result.unknown


# -- reviews -----------------------------------------------------------------------------------------------


def windows(home: House, *many: tuple[str, str, float, float | None, dict[Any, int]]) -> None:
    """Windows by id, mode, begin and end in seconds before now, and counts."""
    import json

    now = home.world().clock.wall()
    with home.guard.durable.engine.begin() as connection:  # type: ignore[attr-defined]
        for window_id, mode, begin, end, counts in many:
            connection.execute(
                WINDOWS.insert().values(
                    window_id=window_id,
                    mode=mode,
                    reason="r",
                    opened_by="b",
                    started_at=now - begin,
                    duration=60,
                    ended_at=now - end if end is not None else None,
                    ended_by="",
                    account=json.dumps(Account(counts).to_fields()),
                )
            )


def test_a_week(home: House) -> None:
    windows(
        home,
        ("old", "normal", 8 * DAY, 8 * DAY - 60, {(Count.REFUSED, "x"): 100}),
        ("a", "normal", 3 * DAY, 3 * DAY - 600, {(Count.REFUSED, "x"): 3, (Count.HELD, "x"): 2}),
        ("b", "emergency", 2 * DAY, 2 * DAY - 1800, {(Count.REFUSED, "x"): 1, (Count.KILLED, "x"): 1}),
        ("c", "test", DAY, DAY - 60, {(Count.WOULD_REFUSE, "x"): 9}),
    )
    result = weekly_review(home.world())
    figures = ("activations", "emergencies", "rehearsals", "jobs refused", "jobs held")
    assert [result.value(name) for name in figures] == [2, 1, 1, 4, 2]
    assert result.value("jobs that failed, were killed or lost") == 1
    assert result.value("average length of a window") == 1200.0
    assert result.value("uptime of this machine") > 0


def test_growth_since_the_last_stored_result(home: House) -> None:
    name = "table growth since the last result"
    first = home.guard.routines.run("weekly-review", by="me")
    assert first is not None
    assert name in first.result.unknown
    with home.guard.durable.engine.begin() as connection:  # type: ignore[attr-defined]
        rows = [{"id": f"w{number}", "reason": "x" * 400} for number in range(3000)]
        connection.execute(
            text(
                "INSERT INTO guard_windows"
                " (window_id, mode, reason, opened_by, started_at, ended_by, account)"
                " VALUES (:id, 'normal', :reason, 'b', 1, '', '{}')"
            ),
            rows,
        )
        if home.guard.durable.engine.dialect.name == "mysql":  # type: ignore[attr-defined]
            connection.execute(text("ANALYZE TABLE guard_windows"))
    second = home.guard.routines.run("weekly-review", by="me")
    assert second is not None
    growth = second.result.value(name)
    assert growth["guard_windows"] > 500_000
    assert second.result.value("compared with a result of") == first.began_at


def test_an_evening(home: House, tmp_path: Path) -> None:
    windows(home, ("a", "normal", 1.0, 0.5, {(Count.REFUSED, "x"): 3}))
    full, empty, old = tmp_path / "full", tmp_path / "empty", tmp_path / "old"
    for folder in (full, empty, old):
        folder.mkdir()
    (full / "db.sql").write_text("backup")
    (old / "db.sql").write_text("backup")
    (old / "nothing.sql").write_text("")
    now = home.world().clock.wall()
    os.utime(old / "db.sql", (now - 2 * DAY, now - 2 * DAY))
    os.utime(old / "nothing.sql", (now - 3 * DAY, now - 3 * DAY))
    folders = ",".join(map(str, (full, empty, old, tmp_path / "not there")))
    settings = replace(home.guard.settings, guard_backup_folders=folders)
    result = evening_review(replace(home.world(), settings=settings))
    assert result.value(f"newest backup in {full}")["bytes"] == 6
    assert result.value(f"newest backup in {empty}") == "empty"
    assert result.value(f"newest backup in {old}")["file"] == "db.sql"
    assert f"newest backup in {tmp_path / 'not there'}" in result.unknown
    found = {(one.kind, one.subject) for one in result.findings}
    assert found == {
        ("no backup", str(empty)),
        ("old backup", str(old)),
        ("backups unknown", str(tmp_path / "not there")),
    }
    assert "peaks of CPU and memory today" in result.unknown
    assert result.value("activations") in {0, 1}  # midnight may have been a second ago


def test_a_month(home: House) -> None:
    windows(home, ("a", "normal", DAY, DAY - 600, {}), ("b", "normal", 5 * DAY, 5 * DAY - 1200, {}))
    bare = performance_review(home.world())
    assert bare.value("lengths of windows") == {
        "count": 2,
        "average": 900.0,
        "median": 900.0,
        "longest": 1200.0,
    }
    assert bare.value("drain times") == "no window was drained in this time"
    assert {"Redis memory at morning checks", "response times"} <= set(bare.unknown)
    for _ in range(2):
        assert home.guard.routines.run("morning-check", by="me") is not None
    later = performance_review(home.world())
    assert later.value("morning checks") == 2
    assert len(later.value("Redis memory at morning checks")) == 2
    assert 0 < later.value("memory in use, highest at a morning check") <= 100


# -- audit -------------------------------------------------------------------------------------------------


def test_an_audit(home: House) -> None:
    with home.guard.durable.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(text("CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT, role TEXT)"))
        connection.execute(text("INSERT INTO users VALUES (1, 'root', 'ADMIN'), (2, 'alice', 'VIEWER')"))
    environ = {"FLASK_SECRET_KEY": "changeme", "FLASK_DEBUG": "1"}
    result = security_audit(replace(home.world(), environ=environ))
    assert [one["username"] for one in result.value("admin users")] == ["root"]
    assert result.value("settings that should be changed") == 2
    assert kinds(result) == {"weak secret", "debug switch"}
    assert "changeme" not in str(result.to_dict())
    assert set(result.unknown) == {"days until the certificate ends", "outdated packages"}


def test_packages_only_where_the_network_is_allowed(home: House) -> None:
    def asked() -> list[dict[str, str]]:
        return [{"name": "celery", "version": "1", "latest": "2"}]

    def refused() -> list[dict[str, str]]:
        raise AssertionError("nobody allowed this")

    security_audit(replace(home.world(), outdated_packages=refused))
    allowed = replace(home.guard.settings, guard_check_packages=True)
    result = security_audit(replace(home.world(), settings=allowed, outdated_packages=asked))
    assert result.value("outdated packages") == asked()


@pytest.mark.parametrize(
    ("days", "kind"), [(100, None), (29, "certificate ends soon"), (3, "certificate ends soon")]
)
def test_a_certificate(home: House, days: int, kind: str | None) -> None:
    settings = replace(home.guard.settings, guard_tls_host="shop.example")
    end = home.world().clock.wall() + days * DAY + 60
    result = security_audit(
        replace(home.world(), settings=settings, environ={}, certificate_end=lambda _host: end)
    )
    assert result.value("days until the certificate ends") == days
    assert kinds(result) == ({kind} if kind else set())


def test_a_certificate_that_is_refused_or_not_shown(home: House) -> None:
    settings = replace(home.guard.settings, guard_tls_host="shop.example")

    def refused(_host: str) -> float:
        raise CertificateRefused("certificate has expired")

    def silent(_host: str) -> float:
        raise Unanswerable("shop.example:443 did not answer")

    world = replace(home.world(), settings=settings, environ={})
    result = security_audit(replace(world, certificate_end=refused))
    assert kinds(result) == {"certificate refused"}
    result = security_audit(replace(world, certificate_end=silent))
    assert "days until the certificate ends" in result.unknown
    assert kinds(result) == set()


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A host with a certificate of ours for 127.0.0.1, for ten days; and who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=10))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "host.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    import socket

    listener = socket.create_server(("127.0.0.1", 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                context.wrap_socket(plain, server_side=True).close()
            except OSError:
                plain.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    trust = ssl.create_default_context(cafile=str(path))
    yield listener.getsockname()[1], trust
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def test_a_real_certificate(tls_server: tuple[int, ssl.SSLContext]) -> None:
    port, trust = tls_server
    end = certificate_end(f"127.0.0.1:{port}", trust=trust)
    assert 9.9 < (end - datetime.now(UTC).timestamp()) / DAY < 10.1
    with pytest.raises(CertificateRefused, match="self-signed"):
        certificate_end(f"127.0.0.1:{port}")
    with pytest.raises(Unanswerable, match="did not answer"):
        certificate_end("127.0.0.1:1")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("example.org", ("example.org", 443)),
        ("example.org:8443", ("example.org", 8443)),
        ("[::1]:8443", ("::1", 8443)),
        ("[::1]", ("::1", 443)),
    ],
)
def test_addresses(address: str, expected: tuple[str, int]) -> None:
    assert host_and_port(address) == expected


def test_the_machine_of_these_tests(tmp_path: Path) -> None:
    machine = Machine()
    assert machine.name
    assert 0 < machine.disk("/").percent <= 100
    assert 0 < machine.memory_percent() < 100
    assert machine.load_per_core() >= 0
    for question in (lambda: machine.disk("/not there"), lambda: machine.newest_file("/not there")):
        with pytest.raises(Unanswerable):
            question()
    assert machine.newest_file(str(tmp_path)) is None
    (tmp_path / "link").symlink_to("/etc/hostname")
    assert machine.newest_file(str(tmp_path)) is None


def test_who_is_away_is_told_in_our_words(breakable: House, servers: tuple[Any, Valkey, Valkey]) -> None:
    servers[0].crash()
    try:
        with pytest.raises(StoreUnavailable):
            breakable.guard.routines.run("morning-check", by="me")
    finally:
        servers[0].start()
