"""docs/upgrading.md: databases of older releases, down and up again, and records of older releases.

`older_databases` holds dumps of what the code of those revisions made itself: an open window, its line in
the journal (MariaDB's without triggers, which `migrate` makes); `older_records` what it wrote to Redis.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from sqlalchemy import text

from guard.core.modes import Phase
from guard.core.parked import ParkedJob
from guard.core.record import read_record, write_record
from guard.errors import InvalidRequest, StateInvalid
from guard.store.redis.codec import card_of, card_text, report_of, report_text
from guard.store.sql import migrate
from guard.store.sql.migrate import SchemaState, schema_state
from guard.store.sql.names import revisions
from guard.store.sql.store import SqlStore
from tests.contracts.doers import CARD, REPORT, SECRET, ended, first, opened, parked_job, sql_store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tests.support.shop import Shop

HERE = Path(__file__).parent
DUMPS = sorted(path.name for path in (HERE / "older_databases").glob("*.sql"))
SLOW = pytest.mark.slow  # MariaDB takes seconds for each; one of the first release is in tests/contracts
VERSIONS = Path(migrate.__file__).parent / "migrations" / "versions"


def load(connection: Connection, dump: str) -> None:
    """Run a dump, which is one statement after the other."""
    statements = (HERE / "older_databases" / dump).read_text(encoding="utf-8").split(";\n")
    for statement in statements:
        lines = [line for line in statement.splitlines() if not line.startswith("/*")]
        wanted = "\n".join(lines).strip()
        if wanted and wanted.upper() not in {"BEGIN TRANSACTION", "COMMIT"}:
            connection.exec_driver_sql(wanted.replace("%", "%%"))


def test_there_is_a_dump_of_most_revisions() -> None:
    """0007 and 0008 were at no time the newest: their tables came in one merge with 0009."""
    assert {dump[:4] for dump in DUMPS} == set(revisions()[:-1]) - {"0007", "0008"}


@pytest.mark.parametrize(
    "dump", [pytest.param(dump, marks=SLOW if "mariadb" in dump else ()) for dump in DUMPS]
)
def test_a_database_of_an_older_release_is_completed_and_loses_nothing(
    request: pytest.FixtureRequest, dump: str
) -> None:
    kind = dump.split(".")[1]
    with sql_store(str(request.getfixturevalue(f"{kind}_url")), auto_migrate=False) as store:
        with store.engine.begin() as connection:
            load(connection, dump)
        assert schema_state(store.engine) is SchemaState.HALF
        store.migrate()
        assert schema_state(store.engine) is SchemaState.READY
        state = store.read()
        assert (state.window_id, state.phase, state.epoch) == ("w-older", Phase.CLOSING, 1)
        assert [record.action for record in store.records(10)] == ["enable"]
        assert [window.window_id for window in store.windows(10)] == ["w-older"]
        ended(store)
        assert opened(store, "w-newer").epoch > 1


@pytest.mark.parametrize(
    ("kind", "revision"),
    [
        ("sqlite", "0001"),
        ("sqlite", "0005"),
        ("sqlite", "0009"),
        *(pytest.param("mariadb", revision, marks=SLOW) for revision in revisions()[:-1]),
    ],
)
def test_a_downgrade_keeps_the_window_and_the_journal(
    request: pytest.FixtureRequest, kind: str, revision: str
) -> None:
    with sql_store(str(request.getfixturevalue(f"{kind}_url")), auto_migrate=False) as store:
        _down_and_up(store, revision)


def _down_and_up(store: SqlStore, revision: str) -> None:
    store.migrate()
    before = opened(store)
    lines = [record.action for record in store.records(10)]
    with store.engine.connect() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        connection.commit()
        assert connection.execute(text("SELECT version_num FROM guard_schema_version")).scalar() == revision
        assert connection.execute(text("SELECT window_id FROM guard_state")).scalar() == before.window_id
    store._ready = False
    store.migrate()
    assert (store.read().epoch, store.read().phase) == (before.epoch, before.phase)
    assert [record.action for record in store.records(10)] == lines


@pytest.mark.parametrize("name", sorted(path.name for path in VERSIONS.glob("r0*.py")))
def test_revisions_of_one_family_only_add(name: str) -> None:
    """`names.only_adds` lets the release before go on, so no upgrade may take anything away."""
    tree = ast.parse((VERSIONS / name).read_text(encoding="utf-8"))
    [upgrade] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    done = {
        node.func.attr
        for node in ast.walk(upgrade)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "op"
    }
    assert done <= {"get_bind", "add_column", "create_index", "create_table"}


# --- records in Redis ------------------------------------------------------------------------------------


def record_of(release: str) -> str:
    return (HERE / "older_records" / f"{release}.json").read_text(encoding="ascii").strip()


def test_the_record_of_this_release_is_the_one_that_is_kept() -> None:
    """Changing what a record looks like closes every gate in the middle of a rolling deploy. Whoever must do
    it says so in the changelog and docs/upgrading.md, and then renews this file."""
    assert write_record(first(), SECRET) == record_of("current")
    assert read_record(record_of("current"), SECRET) == first()


@pytest.mark.parametrize("release", ["without-terms", "without-generation"])
def test_a_record_of_a_format_before_is_closed_and_never_open(release: str) -> None:
    with pytest.raises(StateInvalid, match="missing or unknown fields"):
        read_record(record_of(release), SECRET)


def test_the_header_of_a_parked_job_is_the_one_that_is_kept() -> None:
    """What one release has parked the next one must give back: it lies in the broker for a whole window."""
    kept = json.loads(record_of("parked-job"))
    assert parked_job().to_header() == kept
    assert ParkedJob.from_header(kept) == parked_job()


def test_a_parked_job_of_a_format_to_come_is_no_job_and_so_stays_parked() -> None:
    for changed in ({"version": 2}, {"added": 1}):
        with pytest.raises(InvalidRequest):
            ParkedJob.from_header({**json.loads(record_of("parked-job")), **changed})


def test_cards_and_reports_of_a_release_to_come_are_read() -> None:
    """So the view of workers stays whole while both releases run."""
    assert card_of(json.dumps({**json.loads(card_text(CARD)), "added": 1})) == CARD
    assert report_of(json.dumps({**json.loads(report_text(REPORT)), "added": 1})) == REPORT


def test_a_record_of_a_format_to_come_is_closed() -> None:
    later = record_of("current").replace('"epoch":', '"added":1,"epoch":')
    with pytest.raises(StateInvalid):
        read_record(later, None)


@pytest.mark.slow
def test_a_worker_of_this_release_starts_on_tables_of_a_later_one_and_follows_a_window(shop: Shop) -> None:
    store = shop.guard.durable
    assert isinstance(store, SqlStore)
    store.migrate()
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE guard_schema_version SET version_num = '0999'"))
        connection.execute(text("CREATE TABLE guard_of_a_later_release (id INTEGER PRIMARY KEY)"))
        connection.execute(text("ALTER TABLE guard_state ADD COLUMN later TEXT"))
    store._ready = False
    worker = shop.worker("w1")
    window, returned = shop.enable()
    assert (len(window.acknowledged or ()), window.unconfirmed) == (1, ())
    waiting = shop.send("job", 1, when_closed="hold")
    assert shop.started_after(returned) == []
    shop.guard.disable(by="tests")
    assert waiting.get(timeout=15) == 1
    assert "newer than this release" not in worker.log
