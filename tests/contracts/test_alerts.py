"""Alerts: kept, newest first, and logged also when they are not kept."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from guard.core.alerts import Alert, Severity
from guard.errors import StoreUnavailable
from guard.store.sql.alerts import SqlAlerts
from guard.store.sql.store import SqlStore

if TYPE_CHECKING:
    from pathlib import Path


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
