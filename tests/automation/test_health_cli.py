"""`celery -A tasks maintenance health` and `… alerts` as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from guard.cli.exits import Exit
from guard.core.alerts import Alert, Severity
from tests.automation.conftest import SECRET, house
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.automation.conftest import House

ROOT = Path(__file__).parents[2]
PARTS = ["sql", "redis", "broker", "workers", "beat", "disk", "clock"]


class Console:
    """A shell beside a house."""

    def __init__(self, server: Valkey, folder: Path) -> None:
        self.server = server
        self.environ = {
            "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
            "REDIS_URL": server.url(1),
            "CELERY_BROKER_URL": server.broker_url(2),
            "GUARD_ALERT_THRESHOLDS": "cpu=91",
        }

    def run(self, *words: str) -> tuple[int, str]:
        """Exit code and output."""
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "GUARD_SECRET_KEY": SECRET, **self.environ}
        argv = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "tasks", "maintenance", *words]
        done = subprocess.run(
            argv, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout or done.stderr

    def json(self, *words: str) -> tuple[int, Any]:
        """Exit code, and the one document on standard output."""
        code, told = self.run(*words, "--json")
        return code, json.loads(told)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """On servers of its own."""
    with Valkey() as server:
        yield Console(server, tmp_path_factory.mktemp("console"))


@pytest.fixture
def home(console: Console) -> Iterator[House]:
    """The same installation, in this process."""
    with house(**console.environ) as made:
        made.guard._parts.stores.plane.overwrite(made.guard.durable.read())  # type: ignore[attr-defined]
        yield made


def test_health_with_no_worker_and_no_beat(console: Console, home: House) -> None:
    del home
    code, told = console.json("health")
    assert code == Exit.UNCONFIRMED
    checks = {check["name"]: check for check in told["checks"]}
    assert (told["status"], list(checks)) == ("warn", PARTS)
    assert checks["sql"]["status"] == checks["redis"]["status"] == checks["broker"]["status"] == "pass"
    assert (checks["workers"]["status"], checks["workers"]["value"]) == ("warn", 0)
    assert (checks["beat"]["status"], checks["beat"]["age"]) == ("warn", None)
    assert all(check["remedy"] for check in told["checks"] if check["status"] != "pass")


def test_health_while_redis_hangs_and_the_database_is_away(console: Console, home: House) -> None:
    del home
    away = {"DATABASE_URL": "mysql+pymysql://guard:hunter2@127.0.0.1:1/guard"}
    console.environ, known = {**console.environ, **away}, console.environ
    console.server.freeze()
    try:
        begun = time.monotonic()
        code, told = console.run("health")
    finally:
        console.server.thaw()
        console.environ = known
    assert time.monotonic() - begun < 30  # most of it is a process that starts on a busy machine
    assert code == Exit.AWAY
    assert "hunter2" not in told
    lines = {line.split()[0]: line for line in told.splitlines()[1:] if line.split()[0] in PARTS}
    assert "fail" in lines["sql"]
    assert "pass" not in lines["redis"] + lines["broker"] + lines["workers"] + lines["beat"] + lines["clock"]


def test_alerts_are_listed_acknowledged_and_resolved(console: Console, home: House) -> None:
    alert = Alert(at=time.time(), severity=Severity.CRITICAL, kind="k", message="it burns", detail={})
    kept = home.guard._parts.stores.alerts.raise_once(alert, "k")  # type: ignore[attr-defined]
    code, told = console.run("alerts")
    assert code == 0
    assert "it burns" in told
    assert "open" in told
    code, seen = console.json("alerts", "acknowledge", str(kept.alert_id), "--by", "night shift")
    assert (code, seen["state"], seen["acknowledged_by"]) == (0, "acknowledged", "night shift")
    code, over = console.run("alerts", "resolve", str(kept.alert_id), "--by", "day shift")
    assert (code, home.guard.alerts.get(kept.alert_id).resolved_by) == (0, "day shift")
    assert "over" in over
    assert console.run("alerts", "acknowledge", "4711")[0] == Exit.NOT_FOUND


def test_rules_say_their_limits_in_force(console: Console, home: House) -> None:
    del home
    code, told = console.json("alerts", "rules")
    limits = {one["name"]: one["limit"] for one in told["rules"]}
    assert code == 0
    assert (limits["cpu"], limits["memory"], limits["emergency"]) == (91, 85, None)
