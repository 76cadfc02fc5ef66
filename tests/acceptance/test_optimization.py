"""The weekly optimization: real workers with real jobs, on a MariaDB with the application's tables.

Whatever goes wrong in the middle: the window ends, every job runs, and somebody is told.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pymysql
import pytest

from guard.clock import SystemClock
from guard.core.optimization import BY
from guard.core.optimization_report import RunOutcome, TableOutcome
from guard.store.sql.store import SqlStore
from tests.support.application_tables import TABLES, create_application, fill_and_fragment
from tests.support.eventually import eventually, throughout
from tests.support.mariadb import MariaDB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from guard.core.optimization_report import Doing, Report
    from tests.support.processes import LocalProcess
    from tests.support.shop import Shop

pytestmark = pytest.mark.timeout(240)

BACK_WITHIN = 45.0
SETTINGS = {
    "GUARD_OPTIMIZE_LEAST_MB": "4",
    "GUARD_OPTIMIZE_LOCK_WAIT": "1",
    "GUARD_OPTIMIZE_DRAIN_WITHIN": "60",
    "GUARD_OPTIMIZE_DURATION": "600",
}
SHORT_LEASE = """
from dataclasses import replace
from guard.automation.parts import Patience
work = guard._parts.optimization
work._parts = replace(work._parts, patience=Patience(lease=4, renew=0.5, end={end}))
"""
RUN = "import json\nprint('REPORT', json.dumps(guard.optimization.run(by='tests').to_dict()), flush=True)\n"


def prepare(server: MariaDB, *, without: tuple[str, ...] = (), filled: bool = True) -> str:
    """A database with the guard's and the application's tables, as in production."""
    name = server.create_database()
    with connected(server, name) as connection:
        create_application(connection, without=without)
        if filled:
            fill_and_fragment(connection)
    store = SqlStore(server.url(name), clock=SystemClock(), auto_migrate=False)
    store.migrate()
    store.close()
    return name


@contextmanager
def connected(server: MariaDB, database: str) -> Iterator[Any]:
    connection = pymysql.connect(unix_socket=str(server.socket), user="root", database=database)
    try:
        yield connection
    finally:
        if connection.open:
            connection.close()


@pytest.fixture
def own_server() -> Iterator[MariaDB]:
    """A MariaDB to be broken."""
    with MariaDB() as server:
        yield server


@pytest.fixture
def make(make_shop: Callable[..., Shop]) -> Callable[..., Shop]:
    def shop_on(server: MariaDB, database: str, **settings: str) -> Shop:
        shop = make_shop("redis", DATABASE_URL=server.url(database), **{**SETTINGS, **settings})
        shop.worker("w1")
        shop.settled()
        return shop

    return shop_on


class Jobs:
    """Jobs that keep coming, from a thread of their own."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._over = threading.Event()
        self.sent: list[Any] = []
        self._thread = threading.Thread(target=self._send)

    def __enter__(self) -> Jobs:
        self._thread.start()
        eventually(lambda: self._shop.events("end"), within=15, what="jobs to run")
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(30)

    def _send(self) -> None:
        while not self._over.wait(0.05):
            self.sent.append(self._shop.send("job", len(self.sent), 0.2, when_closed="hold"))

    def all_ran_once(self) -> None:
        for number, result in enumerate(self.sent):
            assert result.get(timeout=BACK_WITHIN) == number
        runs = self._shop.runs()
        assert {runs[result.id] for result in self.sent} == {1}


def outcomes(report: Any) -> dict[str, str]:
    tables = report["tables"] if isinstance(report, dict) else report.to_dict()["tables"]
    return {table["name"]: table["outcome"] for table in tables}


def alerts(shop: Shop) -> list[str]:
    return [alert.kind for alert in shop.guard._parts.stores.alerts.recent(10)]


def phase(shop: Shop) -> str | None:
    return shop.guard.status().phase


def running_in(server: MariaDB, statement: str) -> bool:
    with connected(server, "mysql") as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT INFO FROM information_schema.PROCESSLIST WHERE INFO IS NOT NULL")
        return any(str(info).startswith(statement) for (info,) in cursor.fetchall())


def test_with_jobs_running(make: Callable[..., Shop], mariadb: MariaDB, tmp_path: Path) -> None:
    database = prepare(mariadb, without=("processing_runs",))
    trash = tmp_path / "trash"
    trash.mkdir()
    shop = make(mariadb, database, GUARD_CLEANUP_FOLDERS=f"{trash}|*.sql|30")
    generation = shop.guard.durable.read().generation
    stages: list[Doing] = []
    with connected(mariadb, "mysql") as connection:
        connection.cursor().execute("UPDATE innodb_table_stats SET last_update = '2001-01-01'")
        connection.commit()
    with Jobs(shop) as jobs:
        report: Report = shop.guard.optimization.run(by="tests", seen=stages.append)
        assert report.outcome is RunOutcome.DONE, report
        eventually(lambda: shop.started_after(report.ended_at), what="jobs to run again")
    jobs.all_ran_once()

    assert report.adds_up
    expected = dict.fromkeys(TABLES, TableOutcome.ANALYSED.value) | {
        "processing_runs": TableOutcome.MISSING.value,
        "images": TableOutcome.OPTIMISED.value,
    }
    assert outcomes(report) == expected
    images = next(table for table in report.tables if table.name == "images")
    _, optimised = images.steps
    assert optimised.before is not None
    assert optimised.after is not None
    assert (optimised.before.free_bytes or 0) > 2 * (optimised.after.free_bytes or 0)
    with connected(mariadb, "mysql") as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT table_name FROM innodb_table_stats "
            "WHERE database_name = %s AND last_update > '2001-01-02'",
            (database,),
        )
        renewed = {name for (name,) in cursor.fetchall()}
    assert set(TABLES) - {"processing_runs"} <= renewed, "tables were really analysed"

    assert report.window_ended is True
    assert {finding.name: finding.good for finding in report.findings}["workers"] is True
    records = {record.action: record.at for record in reversed(shop.guard.durable.records(200))}
    between = [event for event in shop.events() if records["drained"] < event["at"] < records["disable"]]
    assert between == [], "no guarded job started while the tables were worked on"
    assert shop.guard.durable.read().generation == generation, "sessions are kept"
    assert phase(shop) in {"inactive", "releasing"}
    assert alerts(shop) == []
    assert shop.guard.optimization.last() == report.to_dict()
    assert [doing.stage for doing in stages][:1] == ["closing the gates"]
    assert {"draining", "analysing", "optimising", "checking", "opening the gates"} <= {
        doing.stage for doing in stages
    }


def test_a_dry_run_opens_no_window_and_changes_nothing(make: Callable[..., Shop], mariadb: MariaDB) -> None:
    database = prepare(mariadb)
    shop = make(mariadb, database)
    epoch = shop.guard.durable.read().epoch
    lines = len(shop.guard.durable.records(100))
    report = shop.guard.optimization.run(by="tests", dry_run=True)
    assert report.outcome is RunOutcome.PLANNED
    assert set(outcomes(report).values()) == {"planned"}
    assert report.adds_up
    assert shop.guard.durable.read().epoch == epoch
    assert len(shop.guard.durable.records(100)) == lines
    assert shop.guard.optimization.last() is None


@pytest.mark.slow
def test_with_a_lock_held_on_one_table(make: Callable[..., Shop], mariadb: MariaDB) -> None:
    """Another connection has locked a table: it is not waited for, the others are done, somebody is told."""
    database = prepare(mariadb)
    shop = make(mariadb, database)
    with connected(mariadb, database) as other:
        other.cursor().execute("LOCK TABLES user_sessions WRITE")
        with Jobs(shop) as jobs:
            report = shop.guard.optimization.run(by="tests")
        jobs.all_ran_once()
    assert report.outcome is RunOutcome.PARTLY
    assert report.adds_up
    found = outcomes(report)
    assert found.pop("user_sessions") == "failed"
    assert found.pop("images") == TableOutcome.OPTIMISED.value
    assert set(found.values()) == {TableOutcome.ANALYSED.value}
    user_sessions = next(table for table in report.tables if table.name == "user_sessions")
    assert "Lock wait timeout exceeded" in user_sessions.why
    assert {one.name: one.good for one in report.findings}["table user_sessions"] is False
    assert report.window_ended is True
    assert alerts(shop) == ["weekly optimization in part"]


def test_a_drain_that_misses_its_deadline(make: Callable[..., Shop], mariadb: MariaDB) -> None:
    database = prepare(mariadb, filled=False)
    shop = make(mariadb, database, GUARD_OPTIMIZE_DRAIN_WITHIN="1")
    long = shop.send("job", "long", 6)
    eventually(shop.events, within=15, what="the job to run")
    report = shop.guard.optimization.run(by="tests")
    assert report.outcome is RunOutcome.NOT_DRAINED
    assert "jobs still ran after 1 s" in report.why
    assert set(outcomes(report).values()) == {"failed"}
    assert all(table.why.startswith("not done") for table in report.tables)
    assert report.adds_up
    assert report.window_ended is True
    assert not shop.events("end"), "nobody waited for it"
    assert shop.send("job", "next", when_closed="hold").get(timeout=BACK_WITHIN) == "next"
    assert long.get(timeout=15) == "long", "nothing was forced"
    assert shop.runs()[long.id] == 1
    assert alerts(shop) == ["drain missed its deadline"]


def test_somebody_elses_window_is_left_alone(make: Callable[..., Shop], mariadb: MariaDB) -> None:
    database = prepare(mariadb, filled=False)
    shop = make(mariadb, database)
    window, _ = shop.enable(reason="Theirs", by="alice")
    before = shop.guard.durable.read()
    report = shop.guard.optimization.run(by="tests")
    assert report.outcome is RunOutcome.SKIPPED
    assert "alice" in report.why
    assert report.adds_up
    assert shop.guard.optimization.recover() is None
    after = shop.guard.durable.read()
    assert (after.window_id, after.mode, after.by) == (window.window_id, before.mode, "alice")
    assert after.is_active
    shop.guard.disable(by="alice")


def test_who_changes_the_window_takes_it_over(make: Callable[..., Shop], mariadb: MariaDB) -> None:
    """A person who finds that window and makes it theirs keeps it."""
    database = prepare(mariadb, filled=False)
    shop = make(mariadb, database)
    taken = threading.Event()

    def meanwhile(doing: Doing) -> None:
        if doing.stage == "analysing" and doing.done == 2:
            shop.guard.change(by="alice", reason="Mine now")
            taken.set()

    report = shop.guard.optimization.run(by="tests", seen=meanwhile)
    assert taken.is_set()
    assert report.outcome is RunOutcome.PARTLY
    assert report.window_ended is None
    assert any("alice has changed the window" in problem for problem in report.problems)
    assert sorted(outcomes(report).values())[:1] == ["analysed"]
    assert "failed" in outcomes(report).values()
    state = shop.guard.durable.read()
    assert state.is_active
    assert state.reason == "Mine now"
    assert shop.guard.optimization.recover() is None
    assert shop.guard.durable.read().is_active
    shop.guard.disable(by="alice")


def test_two_runs_at_once_are_one(make: Callable[..., Shop], mariadb: MariaDB) -> None:
    database = prepare(mariadb, filled=False)
    shop = make(mariadb, database)
    second: list[Report] = []

    def meanwhile(doing: Doing) -> None:
        if doing.stage == "analysing" and not second:
            second.append(shop.guard.optimization.run(by="another"))

    report = shop.guard.optimization.run(by="tests", seen=meanwhile)
    assert report.outcome is RunOutcome.DONE, report
    assert second[0].outcome is RunOutcome.SKIPPED


def test_a_run_that_is_interrupted_ends_its_window(make: Callable[..., Shop], mariadb: MariaDB) -> None:
    database = prepare(mariadb, filled=False)
    shop = make(mariadb, database)

    def stop(doing: Doing) -> None:
        if doing.stage == "analysing" and doing.done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.guard.optimization.run(by="tests", seen=stop)
    assert not shop.guard.durable.read().is_active
    last = shop.guard.optimization.last()
    assert last is not None
    assert last["outcome"] == "failed"
    assert "KeyboardInterrupt" in last["why"]
    assert last["adds_up"] is True
    assert alerts(shop) == ["weekly optimization failed"]
    assert shop.send("job", 1, when_closed="hold").get(timeout=BACK_WITHIN) == 1


# -- what dies in the middle ---------------------------------------------------------------------


def in_the_middle(
    shop: Shop, server: MariaDB, database: str, *, end: float
) -> tuple[LocalProcess, Any, list[Any]]:
    """A run in a process of its own, stuck in OPTIMIZE, because another connection reads that table."""
    other = pymysql.connect(unix_socket=str(server.socket), user="root", database=database)
    other.cursor().execute("BEGIN")
    other.cursor().execute("SELECT COUNT(*) FROM images WHERE id < 3 FOR UPDATE")
    process = shop.python("optimize", SHORT_LEASE.format(end=end) + RUN)
    eventually(
        lambda: running_in(server, "OPTIMIZE TABLE `images`"),
        within=40,
        what=f"the rebuild to begin: {process.log_tail}",
    )
    held = [shop.send("job", number, when_closed="hold") for number in range(5)]
    return process, other, held


def ran_once(shop: Shop, results: list[Any]) -> None:
    for number, result in enumerate(results):
        assert result.get(timeout=BACK_WITHIN) == number
    assert {shop.runs()[result.id] for result in results} == {1}


@pytest.mark.slow
def test_killed_in_the_middle(make: Callable[..., Shop], mariadb: MariaDB) -> None:
    """A worker's housekeeping finds the window whose run is dead, once its lease has run out, and ends it."""
    database = prepare(mariadb)
    shop = make(mariadb, database, GUARD_OPTIMIZE_LOCK_WAIT="120")
    process, other, held = in_the_middle(shop, mariadb, database, end=60)
    throughout(lambda: not shop.started_after(0), during=5, what="the window of a living run to stay")
    process.kill()
    other.rollback()
    other.close()
    ran_once(shop, held)

    eventually(shop.guard.optimization.last, within=10, what="the report")
    last = shop.guard.optimization.last()
    assert last is not None
    assert last["outcome"] == "recovered"
    assert last["by"] == "tests"
    assert last["adds_up"] is True
    assert last["window_ended"] is True
    images = next(table for table in last["tables"] if table["name"] == "images")
    assert images["outcome"] == "failed"
    assert "nobody knows how it ended" in images["why"]
    assert [step["kind"] for step in images["steps"]] == ["analyse"]
    assert all(table["steps"][0]["kind"] == "analyse" for table in last["tables"])
    assert alerts(shop) == ["weekly optimization recovered"]
    assert [record.actor for record in shop.guard.durable.latest("disable", 5)] == [BY]
    assert shop.guard.optimization.recover() is None, "once"
    eventually(lambda: phase(shop) == "inactive", within=15, what="the window to be over")
    again = shop.guard.optimization.run(by="tests")
    assert again.outcome is RunOutcome.DONE, again


@pytest.mark.slow
def test_mysql_stopped_in_the_middle(make: Callable[..., Shop], own_server: MariaDB) -> None:
    """And started again: the run itself ends its window."""
    database = prepare(own_server)
    shop = make(own_server, database, GUARD_OPTIMIZE_LOCK_WAIT="120")
    process, _, held = in_the_middle(shop, own_server, database, end=120)
    own_server.crash()
    throughout(lambda: not shop.started_after(0), during=6, what="jobs to wait while nobody can say")
    assert process.alive
    own_server.start()
    ran_once(shop, held)
    eventually(lambda: "REPORT" in process.log, within=60, what=f"the report: {process.log_tail}")
    last = shop.guard.optimization.last()
    assert last is not None
    assert last["outcome"] == "done in part"
    assert last["adds_up"] is True
    assert last["window_ended"] is True
    assert outcomes(last)["images"] == "failed"
    assert alerts(shop) == ["weekly optimization in part"]


@pytest.mark.slow
def test_mysql_stopped_for_longer_than_the_run_waits(make: Callable[..., Shop], own_server: MariaDB) -> None:
    """The run gives up, says so, and the workers end the window when MySQL is back."""
    database = prepare(own_server)
    shop = make(own_server, database, GUARD_OPTIMIZE_LOCK_WAIT="120")
    process, _, held = in_the_middle(shop, own_server, database, end=3)
    own_server.crash()
    eventually(lambda: "REPORT" in process.log, within=90, what=f"the report: {process.log_tail}")
    assert '"window_ended": false' in process.log
    assert '"outcome": "failed"' in process.log
    assert not shop.started_after(0)
    own_server.start()
    ran_once(shop, held)
    eventually(
        lambda: (shop.guard.optimization.last() or {}).get("outcome") == "recovered",
        within=15,
        what="the recovery",
    )
    assert "weekly optimization recovered" in alerts(shop)


@pytest.mark.slow
def test_mysql_of_the_application_alone_is_stopped(
    make: Callable[..., Shop], mariadb: MariaDB, own_server: MariaDB
) -> None:
    """The guard's own database goes on: the window ends at once, and the report is kept."""
    application, guards = prepare(own_server), prepare(mariadb)
    shop = make(
        mariadb,
        guards,
        GUARD_APP_DATABASE_URL=own_server.url(application),
        GUARD_OPTIMIZE_LOCK_WAIT="120",
    )
    process, _, held = in_the_middle(shop, own_server, application, end=60)
    own_server.crash()
    ran_once(shop, held)
    eventually(lambda: "REPORT" in process.log, within=60, what=f"the report: {process.log_tail}")
    last = shop.guard.optimization.last()
    assert last is not None
    assert (last["outcome"], last["window_ended"], last["adds_up"]) == ("done in part", True, True)


# -- the command ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command(make: Callable[..., Shop], mariadb: MariaDB, tmp_path: Path) -> None:
    shop = make(
        mariadb,
        prepare(mariadb),
        GUARD_CLEANUP_FOLDERS=f"{tmp_path}/none|*.sql|30",
        GUARD_CLEANUP_KEYS="rq:progress:*|7",
    )
    code, out = shop.maintenance("optimize", "--dry-run")
    assert code == 0, out
    assert "Weekly optimization: dry run" in out
    assert "would be analysed" in out
    assert not shop.guard.durable.records(10)
    code, out = shop.maintenance("optimize")
    assert code == 4, out
    assert "Weekly optimization: done in part" in out
    assert "1 analysed and optimised" in out
    assert "is not there" in out
    assert "closing the gates" in out
    shop.enable(by="alice")
    code, out = shop.maintenance("optimize", "--json")
    assert code == 3, out
    assert '"outcome": "skipped"' in out
