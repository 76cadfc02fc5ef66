"""Alerts: kept, newest first, and logged also when they are not kept."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect

from guard.core.alerts import Alert, AlertState, Severity
from guard.errors import StoreUnavailable
from guard.store.sql.alerts import SqlAlerts
from guard.store.sql.retention import SqlRetention
from guard.store.sql.schema import ALERTS
from guard.store.sql.store import SqlStore
from tests.contracts.doers import sql_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """One migrated database for the whole module."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('alerts') / 'store.sqlite3'}"
    else:
        server = request.getfixturevalue("mariadb")
        url = server.url(server.create_database())
    with sql_store(url) as made:
        made.migrate()
        yield made


@pytest.fixture
def sql(store: SqlStore) -> SqlStore:
    """It, without alerts."""
    with store.engine.begin() as connection:
        connection.execute(ALERTS.delete())
    return store


def alert(n: int, message: str = "m") -> Alert:
    return Alert(at=float(n), severity=Severity.CRITICAL, kind=f"kind {n}", message=message, detail={"n": n})


def test_newest_first(sql: SqlStore) -> None:
    alerts = SqlAlerts(sql)
    for n in range(3):
        alerts.raise_alert(alert(n))
    assert alerts.recent(2) == [alert(2), alert(1)]


def test_a_long_message_is_cut(sql: SqlStore) -> None:
    alerts = SqlAlerts(sql)
    alerts.raise_alert(alert(1, "ü" * 600))
    assert alerts.recent(1)[0].message == "ü" * 500


def test_it_is_logged_also_when_it_is_not_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from guard.clock import SystemClock

    away = SqlStore(f"sqlite:///{tmp_path / 'no' / 'where.db'}", clock=SystemClock(), auto_migrate=True)
    with caplog.at_level(logging.INFO), pytest.raises(StoreUnavailable):
        SqlAlerts(away).raise_alert(alert(1, "the drain missed its deadline"))
    assert "alert (kind 1): the drain missed its deadline" in caplog.text
    away.close()


# -- the life of an alert ----------------------------------------------------------------------------------


def test_one_stands_of_each_key_whoever_raises_at_once(sql: SqlStore) -> None:
    begin = threading.Barrier(4)
    won: list[int] = []

    def raise_it(n: int) -> None:
        begin.wait(10)
        if SqlAlerts(sql).raise_once(alert(n), "disk|h") is not None:
            won.append(n)

    threads = [threading.Thread(target=raise_it, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(won) == 1
    alerts = SqlAlerts(sql)
    assert len(alerts.standing()) == 1
    assert alerts.raise_once(alert(9), "disk|other") is not None


def test_from_raised_to_resolved_and_raised_anew(sql: SqlStore) -> None:
    alerts = SqlAlerts(sql)
    raised = alerts.raise_once(alert(1), "k")
    assert raised is not None
    assert alerts.get(raised.alert_id) == raised
    repeated = alerts.repeat(raised, "it is worse", now=2.0)
    assert repeated is not None
    assert (repeated.count, repeated.alert.message, repeated.last_told_at) == (2, "it is worse", 2.0)
    assert alerts.repeat(raised, "too late", now=2.0) is None  # another process did
    seen = alerts.acknowledge(repeated, by="ops", now=3.0)
    assert seen is not None
    assert (seen.state, seen.acknowledged_by, seen.key) == (AlertState.ACKNOWLEDGED, "ops", "k")
    assert alerts.repeat(seen, "not any more", now=4.0) is None
    assert alerts.resolve(repeated, now=5.0) is None  # it is not as it was read
    over = alerts.resolve(seen, now=5.0, why="80 %")
    assert over is not None
    assert (over.state, over.key, over.resolved_at) == (AlertState.RESOLVED, "", 5.0)
    assert over.alert.detail == {"n": 1, "resolved": "80 %"}
    assert alerts.standing() == alerts.waiting(10) == []
    again = alerts.raise_once(alert(6), "k")
    assert again is not None
    assert again.alert_id > raised.alert_id


def test_what_merely_happened_is_said_once_and_is_over_when_it_was_seen(sql: SqlStore) -> None:
    alerts = SqlAlerts(sql)
    noted = alerts.raise_once(alert(1), "recovery|w", lasts=False)
    assert noted is not None
    assert alerts.standing() == []
    assert alerts.waiting(10) == [noted]
    seen = alerts.acknowledge(noted, by="ops", now=2.0)
    assert seen is not None
    assert (seen.state, seen.resolved_by) == (AlertState.RESOLVED, "ops")
    assert alerts.raise_once(alert(3), "recovery|w", lasts=False) is None


def test_rows_of_older_releases_are_read_and_can_be_seen_to(sql: SqlStore) -> None:
    with sql.engine.begin() as connection:  # as revision 0005 wrote them
        values = {"at": 1.0, "severity": "warning", "kind": "old", "message": "m", "detail": "{}"}
        connection.execute(ALERTS.insert().values(**values))
        connection.execute(ALERTS.insert().values(**values))
    alerts = SqlAlerts(sql)
    old = alerts.waiting(10)
    assert [(one.state, one.count, one.last_told_at) for one in old] == [(AlertState.NOTED, 1, 1.0)] * 2
    assert alerts.acknowledge(old[0], by="ops", now=2.0) is not None
    assert alerts.resolve(old[1], by="ops", now=2.0) is not None
    assert alerts.waiting(10) == []


def test_retention_leaves_what_stands(sql: SqlStore) -> None:
    alerts = SqlAlerts(sql)
    alerts.raise_alert(alert(1))
    assert alerts.raise_once(alert(1), "stands") is not None
    assert alerts.raise_once(alert(1), "happened", lasts=False) is not None
    assert SqlRetention(sql).forget(before=100.0)["alerts"] == 2
    assert [one.key for one in alerts.history(10)] == ["stands"]


def test_an_installation_before_alerts_had_a_life_is_migrated_with_its_rows(sql: SqlStore) -> None:
    from alembic import command

    from guard.store.sql.migrate import _config

    SqlAlerts(sql).raise_alert(alert(1))
    with sql.engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0007")
    names = {column["name"] for column in inspect(sql.engine).get_columns("guard_alerts")}
    assert names == {"seq", "at", "severity", "kind", "message", "detail"}
    sql._ready = False
    sql.migrate()
    (kept,) = SqlAlerts(sql).history(10)
    assert (kept.alert, kept.state) == (alert(1), AlertState.NOTED)
    assert SqlAlerts(sql).raise_once(alert(2), "k") is not None
    assert SqlAlerts(sql).raise_once(alert(3), "k") is None
