"""The code that pages show, for what needs real stores: Valkey and SQLite, no worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest
from celery import Celery
from flask import Flask

import guard
from guard.errors import StepUpRequired
from tests.examples.loading import loading_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.examples.loading import Examples
    from tests.support.valkey import Valkey

HERE = "192.0.2.1"


@pytest.fixture(scope="module")
def pages() -> Iterator[Examples]:
    """Modules of examples/pages."""
    with loading_from("examples/pages") as found:
        yield found


@pytest.fixture(scope="module")
def maintenance(valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[guard.Guard]:
    """A guard of an app without workers. Its first window waits for a lease, so all tests share it."""
    database = valkey.fresh_db()
    app = Celery("pages", broker=valkey.broker_url(database), set_as_current=False)
    folder = tmp_path_factory.mktemp("pages")
    settings = guard.load_settings(
        {
            "REDIS_URL": valkey.url(database),
            "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
            "GUARD_SECRET_KEY": "a secret of the examples' tests",
            "GUARD_LEASE_SECONDS": "1.5",
            "GUARD_RENEW_SECONDS": "0.35",
            "GUARD_TIMEOUT_SECONDS": "0.3",
            "GUARD_SESSION_PREFIX": "",
            "GUARD_LOCAL_CLOSE_FILE": str(folder / "closed"),
        }
    )
    made = guard.install(app, settings)
    made.durable.migrate()
    made.is_active  # noqa: B018 - a process registers when it asks for the first time
    yield made
    made.close()
    app.close()


def test_access(pages: Examples, maintenance: guard.Guard) -> None:
    bearer = maintenance.access.make_token("alice", rights=["emergency"], seconds=60, by="tests").text
    enrolled = maintenance.access.enrol("alice", by="tests")
    maintenance.access.confirm("alice", pyotp.TOTP(enrolled.seed).now())
    values = {"reason": "Fire", "grace": 5}
    with pytest.raises(StepUpRequired):
        pages.access.start_emergency(maintenance, bearer, None, HERE, values)
    assert not maintenance.status().is_active
    code = enrolled.break_glass[0]
    window = pages.access.start_emergency(maintenance, bearer, code, HERE, values)
    assert (window.mode, window.reason, window.by) == ("emergency", "Fire", "alice")
    token = maintenance.bypass("caption_generation", by="alice", holder="bob", seconds=60, user="bob")
    assert pages.access.may_caption(maintenance, token, "bob")
    assert not pages.access.may_caption(maintenance, token, "carol")
    maintenance.disable(by="alice")


def test_rollback(pages: Examples, maintenance: guard.Guard) -> None:
    at = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d} 02:00"
    maintenance.schedule.add(name="Reindex", reason="Weekly", by="alice", at=at, duration=600)
    window = maintenance.enable(reason="Schema 41", by="alice")
    maintenance.schedule.cancel("Reindex", by="bob")
    shown, done, numbers, again = pages.rollback.go_back(maintenance)
    assert window.window_id == shown.window_id == done.window_id == again.window_id
    assert {one.kind.value for one in shown.differences} == {"planned window", "sessions"}
    assert done.left == shown.differences
    assert numbers == [0, 0, 2, 0]
    assert not maintenance.status().is_active


def test_automation(pages: Examples, maintenance: guard.Guard) -> None:
    unknown, weeks, due, swept = pages.automation.by_hand(maintenance)
    assert unknown == maintenance.routines.results("morning-check")[0].result.unknown
    assert (weeks, due) == ([], [])
    assert (swept.name, swept.outcome.value) == ("expiry-sweep", "done")


def test_http_api(pages: Examples, maintenance: guard.Guard) -> None:
    app = Flask("pages")
    pages.http_api.mount(app, maintenance)
    answer = app.test_client().get("/api/maintenance/status")
    assert answer.status_code == 200
    assert (answer.json["is_active"], answer.json["phase"]) == (False, "inactive")
    app.blueprints["guard_api"].guard_site.health.close()
