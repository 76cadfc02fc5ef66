"""What databases and Redis say about themselves, on real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from guard.core.history import AuditRecord
from guard.errors import StoreUnavailable, Unanswerable
from guard.store.redis.client import connect
from guard.store.redis.measures import KeyCount, RedisMeasures
from guard.store.sql.measures import SqlMeasures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

    from guard.store.sql.store import SqlStore
    from tests.support.valkey import Valkey

USERS = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR(64), email VARCHAR(120), {role},"
    " is_active BOOLEAN, last_login DATETIME)"
)
ENUM = "role ENUM('ADMIN','MODERATOR','REVIEWER','VIEWER')"


def run(sql: SqlStore, *statements: str) -> None:
    with sql.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def measures(sql: SqlStore, sql_url: str) -> SqlMeasures:
    return SqlMeasures(sql_url)


def test_sizes(sql: SqlStore, measures: SqlMeasures) -> None:
    before = measures.size()
    assert before > 0
    run(sql, "CREATE TABLE posts (id INTEGER PRIMARY KEY, body TEXT)")
    with sql.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO posts VALUES (:id, :body)"), [{"id": n, "body": "x" * 4000} for n in range(200)]
        )
    if measures.version().startswith("mysql"):
        run(sql, "ANALYZE TABLE posts")
    sizes = measures.table_sizes()
    assert {"guard_state", "guard_windows", "posts"} <= sizes.keys()
    assert sizes["posts"] > 500_000
    assert sizes["posts"] > sizes["guard_state"] > 0


def test_connections(measures: SqlMeasures, sql_url: str) -> None:
    if sql_url.startswith("sqlite"):
        with pytest.raises(Unanswerable, match="sqlite has no connections"):
            measures.connections()
    else:
        used, allowed = measures.connections()
        assert 1 <= used <= allowed == 300


def test_admins(sql: SqlStore, measures: SqlMeasures, sql_url: str) -> None:
    with pytest.raises(Unanswerable, match="no table `users`"):
        measures.admins()
    role = "role VARCHAR(20)" if sql_url.startswith("sqlite") else ENUM
    run(
        sql,
        USERS.format(role=role),
        "INSERT INTO users VALUES (1, 'root', 'r@x', 'ADMIN', 1, '2026-11-20 10:00:00')",
        "INSERT INTO users VALUES (2, 'alice', 'a@x', 'REVIEWER', 1, NULL)",
        "INSERT INTO users VALUES (3, 'former', 'f@x', 'ADMIN', 0, NULL)",
    )
    former, root = measures.admins()
    assert (former["username"], former["is_active"], former["last_login"]) == ("former", False, None)
    assert (root["username"], root["is_active"]) == ("root", True)
    assert root["last_login"].startswith("2026-11-20 10:00:00")


def test_a_users_table_of_another_kind(sql: SqlStore, measures: SqlMeasures) -> None:
    run(sql, "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(64))")
    with pytest.raises(Unanswerable, match="no columns `username` and `role`"):
        measures.admins()


def test_journal_and_drains(sql: SqlStore, measures: SqlMeasures) -> None:
    lines = [
        (10, "enable", "a", "done"), (15, "drained", "a", "done"), (20, "enable", "b", "done"),
        (30, "enable", "c", "done"), (42, "drained", "c", "done"), (50, "import", "c", "refused"),
    ]  # fmt: skip
    for at, action, window_id, outcome in lines:
        sql.journal(
            AuditRecord(
                at=at, actor="x", action=action, epoch=1, outcome=outcome, detail={"window_id": window_id}
            )
        )
    assert measures.drain_times(0) == [5.0, 12.0]
    assert measures.drain_times(16) == [12.0]
    assert measures.journal_outcomes(20) == {
        ("enable", "done"): 2,
        ("drained", "done"): 1,
        ("import", "refused"): 1,
    }


@pytest.fixture(params=["valkey", "redis_server"])
def client(request: pytest.FixtureRequest) -> Iterator[Redis]:
    server: Valkey = request.getfixturevalue(request.param)
    with connect(server.url(server.fresh_db()), timeout=2.0, name="measures") as made:
        yield made


def test_redis_memory(client: Redis) -> None:
    memory = RedisMeasures(client).memory()
    assert memory.used > 100_000
    assert memory.limit is None


def test_keys_are_counted_by_a_scan_with_a_bound(client: Redis) -> None:
    measures = RedisMeasures(client)
    assert measures.count("shop:session:", at_most=10_000) == KeyCount(keys=0, whole=True)
    pipe = client.pipeline(transaction=False)
    for number in range(4000):
        pipe.set(f"shop:session:{number}", "x")
        pipe.set(f"shop:{number}", "x")
    pipe.set("shop:session*x", "x")
    pipe.execute()
    assert measures.count("shop:session:", at_most=1_000_000) == KeyCount(keys=4000, whole=True)
    assert measures.count("shop:session*", at_most=1_000_000).keys == 1
    part = measures.count("shop:session:", at_most=2000)
    assert not part.whole
    assert 0 < part.keys < 4000


def test_keys_without_an_expiry_get_one(client: Redis) -> None:
    client.set("endless", "x")
    client.set("ends", "x", ex=100)
    assert RedisMeasures(client).make_expire(["endless", "ends", "not there"], 500) == 1
    assert 490 <= int(client.ttl("endless")) <= 500  # type: ignore[arg-type]
    assert int(client.ttl("ends")) <= 100  # type: ignore[arg-type]
    assert RedisMeasures(client).make_expire([], 500) == 0


def test_who_is_away_is_unavailable() -> None:
    with connect("redis://127.0.0.1:1/0", timeout=0.5, name="measures") as nobody:
        for ask in (RedisMeasures(nobody).memory, lambda: RedisMeasures(nobody).count("x", at_most=1)):
            with pytest.raises(StoreUnavailable):
                ask()
