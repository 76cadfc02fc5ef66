"""Reports where people and programs meet them: Python, command line, HTTP, the admin page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from guard.cli.exits import Exit
from guard.errors import InvalidRequest, NotKept
from guard.reports.html import policy
from guard.web.admin import make_admin
from guard.web.api import make_api
from guard.web.door import Door
from guard.web.standing import Standing
from tests.automation.conftest import SECRET
from tests.reports.conftest import PLANTED
from tests.reports.past import Past

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reports.conftest import Desk
    from tests.support.valkey import Valkey

ROOT = Path(__file__).parents[2]
OCTOBER = {"first": date(2026, 10, 1), "last": date(2026, 10, 31)}


# -- Python --------------------------------------------------------------------------------------


def test_the_python_api(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    past = Past(desk, 3)
    emergency = past.window(50, mode="emergency")
    past.write(windows=4)
    made = desk.guard.reports
    kept, is_new = made.make("weekly", by="alice", first=date(2026, 11, 2), last=date(2026, 11, 8))
    assert is_new
    assert made.make("weekly", by="bob", first=date(2026, 11, 2), last=date(2026, 11, 8)) == (kept, False)
    incident, _ = made.make("incident", by="alice", window_id=emergency)
    assert made.show("weekly") == made.show(kept.report_id) == kept
    assert {one.report_id for one in made.list()} == {kept.report_id, incident.report_id}
    assert [one.report_id for one in made.list(kind="incident")] == [incident.report_id]
    noted = made.note(incident.report_id, " the disk was full ", by="carol")
    assert [(note.by, note.text) for note in noted.notes] == [("carol", "the disk was full")]
    assert json.loads(made.export("incident", "json"))["notes"][0]["text"] == "the disk was full"
    assert made.export("incident", "text").startswith("Incident: ")
    assert made.export(incident.report_id).startswith("<!doctype html>")
    actions = [line.record.action for line in desk.guard.records.journal(5)]
    assert actions.count("make report") == 2
    assert "note on report" in actions
    # A window that was opened and ended now: the last one, of either kind
    desk.guard.enable(reason="fire", by="alice", mode="emergency", duration=600)
    with pytest.raises(InvalidRequest, match="is open"):
        made.make("window", by="alice", window_id=desk.guard.durable.read().window_id)
    desk.guard.disable(by="alice")
    last, _ = made.make("incident", by="alice")
    assert last.subject == desk.guard.durable.read().window_id
    for refused in (
        lambda: made.make("weakly", by="a"),
        lambda: made.make("weekly", by="a", window_id="w"),
        lambda: made.make("window", by="a", **OCTOBER),  # type: ignore[arg-type]
        lambda: made.list(0),
        lambda: made.list(kind="daily"),
        lambda: made.export("weekly", "pdf"),
        lambda: made.note(kept.report_id, " ", by="a"),
        lambda: made.note(kept.report_id, "x", by=""),
    ):
        with pytest.raises(InvalidRequest):
            refused()
    for missing in (
        lambda: made.show("monthly"),
        lambda: made.show("x"),
        lambda: made.note("x", "y", by="a"),
    ):
        with pytest.raises(NotKept):
            missing()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    from guard.reports import html

    html._template.cache_clear()
    with pytest.raises(InvalidRequest, match=r"\[reports\]"):
        made.export("weekly")
    assert made.export("weekly", "text")


def test_who_only_publishes_loads_none_of_it() -> None:
    """Neither `guard.install` nor a gate loads what makes reports, nor what draws them."""
    code = (
        "import sys, celery, guard; app = celery.Celery('a', broker='memory://'); guard.install(app);"
        "named = ('guard.reports', 'guard.core.reports', 'leather', 'jinja2');"
        "found = [m for m in sys.modules if m.startswith(named)];"
        "assert not found, found"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": "sqlite:///:memory:"}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True, timeout=60)


# -- HTTP and the admin page ---------------------------------------------------------------------


@pytest.fixture
def site(desk: Desk) -> Iterator[Any]:
    """The API and the admin page of the desk's guard, without a server."""
    door, standing = Door(desk.guard), Standing(desk.guard, every=5.0)
    flask = Flask("site")
    api = make_api(desk.guard, door, standing=standing)
    flask.register_blueprint(api, url_prefix="/api")
    flask.register_blueprint(make_admin(desk.guard, door, standing))
    yield flask.test_client()
    standing.close()
    api.guard_site.health.close()  # type: ignore[attr-defined]


def headers(desk: Desk, *rights: str) -> dict[str, str]:
    token = desk.guard.access.make_token("reader", rights=rights, seconds=600, by="t").text
    return {"Authorization": f"Bearer {token}"}


def test_over_http_and_in_the_admin_page(desk: Desk, site: Any) -> None:
    past = Past(desk, 3, hostile=PLANTED)
    window = past.window(50, mode="emergency")
    past.write(windows=3)
    made = desk.guard.reports
    weekly, _ = made.make("weekly", by="alice", first=date(2026, 11, 2), last=date(2026, 11, 8))
    incident, _ = made.make("incident", by="alice", window_id=window)
    made.note(incident.report_id, PLANTED, by="alice")
    for path in ("reports", f"reports/{weekly.report_id}", f"reports/{weekly.report_id}/page"):
        assert site.get(f"/api/maintenance/{path}").status_code == 401
    seen = headers(desk, "read")
    listed = site.get("/api/maintenance/reports?kind=incident&limit=5", headers=seen).get_json()
    assert listed == {"reports": [incident.head()]}
    assert site.get("/api/maintenance/reports?kind=daily", headers=seen).status_code == 400
    whole = site.get(f"/api/maintenance/reports/{incident.report_id}", headers=seen).get_json()
    assert whole == made.show(incident.report_id).to_dict()
    from guard.web.api.shapes.reports import KeptReportAnswer

    KeptReportAnswer.model_validate(whole)
    page = site.get(f"/api/maintenance/reports/{incident.report_id}/page", headers=seen)
    assert page.mimetype == "text/html"
    assert page.headers["Content-Security-Policy"] == policy(served=True)
    assert PLANTED not in page.text
    text = site.get(f"/api/maintenance/reports/{incident.report_id}/text", headers=seen)
    assert text.mimetype == "text/plain"
    for ref in ("incident", "nothing", incident.report_id + "x"):
        assert site.get(f"/api/maintenance/reports/{ref}", headers=seen).status_code == 404
    _the_admin_page(desk, site, incident.report_id)


def _the_admin_page(desk: Desk, site: Any, report_id: str) -> None:
    """Whoever is not signed in sees nothing; the page of a report comes alone, in a sandbox."""
    assert site.get("/admin/maintenance/reports").status_code in {302, 303, 401}
    assert site.get(f"/admin/maintenance/reports/{report_id}").status_code in {302, 303, 401}
    token = desk.guard.access.make_token("reader", rights=("read",), seconds=600, by="t").text
    signed = desk.guard.access.sign_in(token, address="127.0.0.1")
    site.set_cookie("guard", signed.cookie)
    listed = site.get("/admin/maintenance/reports")
    assert listed.status_code == 200
    assert PLANTED not in listed.text
    assert f"/admin/maintenance/reports/{report_id}" in listed.text
    assert report_id not in site.get("/admin/maintenance/reports?kind=weekly").text
    page = site.get(f"/admin/maintenance/reports/{report_id}")
    assert page.text.startswith("<!doctype html>")
    assert page.headers["Content-Security-Policy"] == policy(served=True)
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "no-store"
    for form, kind in (("text", "text/plain"), ("json", "application/json")):
        file = site.get(f"/admin/maintenance/reports/{report_id}/{form}")
        assert file.mimetype == kind
        assert "attachment" in file.headers["Content-Disposition"]
    for path in (f"{report_id}/pdf", "00000000-0000-0000-0000-000000000000", "nothing"):
        missing = site.get(f"/admin/maintenance/reports/{path}")
        assert missing.status_code == 404
        assert "sandbox" not in missing.headers.get("Content-Security-Policy", "")


# -- the command line ----------------------------------------------------------------------------


class Console:
    """`celery -A tasks maintenance reports …` as a process."""

    def __init__(self, **environ: str) -> None:
        self.environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "GUARD_SECRET_KEY": SECRET,
            "GUARD_LEASE_SECONDS": "1",
            "GUARD_RENEW_SECONDS": "0.25",
            "GUARD_TIMEOUT_SECONDS": "0.2",
            **environ,
        }

    def run(self, *words: str, say: str = "") -> tuple[int, str, str]:
        argv = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "celery",
            "-A",
            "tasks",
            "maintenance",
            "reports",
            *words,
        ]
        done = subprocess.run(
            argv,
            env=self.environ,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
            input=say,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr


def test_the_command(valkey: Valkey, tmp_path: Path) -> None:
    console = Console(
        DATABASE_URL=f"sqlite:///{tmp_path / 'guard.db'}",
        REDIS_URL=valkey.url(valkey.fresh_db()),
        CELERY_BROKER_URL=valkey.broker_url(valkey.fresh_db()),
    )
    code, out, _ = console.run("make", "weekly", "--json")
    made = json.loads(out)
    assert made["made"] is True
    assert code == Exit.UNCONFIRMED, "nobody ran a morning check, so its figures are unknown"
    page = tmp_path / "week.html"
    assert console.run("export", "weekly", str(page))[0] == Exit.DONE
    assert page.read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.slow
def test_the_rest_of_the_command(valkey: Valkey, tmp_path: Path) -> None:
    console = Console(
        DATABASE_URL=f"sqlite:///{tmp_path / 'guard.db'}",
        REDIS_URL=valkey.url(valkey.fresh_db()),
        CELERY_BROKER_URL=valkey.broker_url(valkey.fresh_db()),
    )
    code, out, _ = console.run()
    assert code == Exit.DONE
    assert "no report is kept yet" in out
    assert console.run("show", "incident")[0] == Exit.NOT_FOUND
    code, out, _ = console.run("make", "monthly", "--from", "2026-10-01", "--to", "2026-10-31", "--json")
    assert json.loads(out)["subject"] == "2026-10-01..2026-10-31"
    code, _, said = console.run("make", "monthly", "--from", "2026-10-01", "--to", "2026-10-31")
    assert "was made before" in said
    code, out, _ = console.run("make", "due", "--json")
    assert (code, "made" in json.loads(out)) == (Exit.DONE, True)
    for wrong in (
        ("make", "monthly", "--from", "yesterday", "--to", "2026-10-31"),
        ("make", "monthly", "--from", "2026-10-02", "--to", "2026-10-01"),
        ("make", "daily"),
        ("make", "window", "--window", "none"),
        ("export", "monthly", "out.pdf"),
        ("export", "monthly", "/nowhere/at/all.html"),
        ("note", "monthly", " "),
    ):
        assert console.run(*wrong)[0] == Exit.INVALID, wrong
    code, out, _ = console.run("export", "monthly", "-", "--format", "text")
    assert out.startswith("Monthly performance, 2026-10-01 to 2026-10-31")
    code, out, _ = console.run("--help")
    assert "reports show incident" in out
    code, out, _ = console.run("show", "monthly")
    assert code == Exit.UNCONFIRMED
    assert "unknown: no morning check of" in out
    code, out, _ = console.run("note", "monthly", "-", "--by", "alice", say="what was learnt\n")
    assert (code, "1 in all" in out) == (Exit.DONE, True)
    page = tmp_path / "there.html"
    page.write_text("there")
    code, _, said = console.run("export", "monthly", str(page))
    assert (code, "is there already" in said) == (Exit.INVALID, True)
    assert page.read_text() == "there"
