"""A Flask application with the guard on it: what is refused, how, and that nothing else changes."""

from __future__ import annotations

import json
import logging
import os
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from guard.api.attempts import LINES_PER_SECOND
from guard.core.counts import Count
from guard.store.redis.client import connect
from guard.web import MaintenanceExtension, guarded, unclassified_routes
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from tests.web.conftest import Gallery


def test_with_no_window_everything_is_as_without_the_guard(gallery: Gallery) -> None:
    client = gallery.client("bob")
    assert client.get("/").text == "pictures of bob"
    assert client.post("/profile").text == "changed"
    assert client.post("/make").status_code == 202
    assert client.post("/admin/captions").status_code == 202
    assert client.get("/nowhere").status_code == 404
    assert gallery.app.config["calls"] == ["profile", "make", "captions"]


ROLES = [
    # method, path, anonymous, bob, ada: in a normal window; then in an emergency
    ("GET", "/", (200, 200, 200), (503, 503, 200)),
    ("GET", "/pictures/3", (200, 200, 200), (503, 503, 200)),
    ("GET", "/nowhere", (404, 404, 404), (503, 503, 404)),
    ("POST", "/nowhere", (503, 503, 404), (503, 503, 503)),
    ("POST", "/pictures/3/like", (503, 503, 200), (503, 503, 503)),
    ("POST", "/profile", (503, 503, 200), (503, 503, 503)),
    ("POST", "/make", (503, 503, 503), (503, 503, 503)),
    ("POST", "/admin/captions", (503, 503, 503), (503, 503, 503)),
    ("GET", "/admin/users", (200, 200, 200), (200, 200, 200)),
    ("GET", "/login", (200, 200, 200), (200, 200, 200)),
    ("GET", "/maintenance", (200, 200, 200), (200, 200, 200)),
    ("GET", "/maintenance/", (200, 200, 200), (200, 200, 200)),
    ("GET", "/static/x.css", (404, 404, 404), (404, 404, 404)),
]


def test_who_may_do_what_in_a_window_and_in_an_emergency(gallery: Gallery) -> None:
    clients = [gallery.client(name) for name in ("", "bob", "ada")]
    for column, mode in ((2, "normal"), (3, "emergency")):
        if mode == "normal":
            gallery.close(mode)
        else:
            gallery.guard.change(by="ops", mode=mode, sessions="keep")
        for row in ROLES:
            found = tuple(client.open(row[1], method=row[0]).status_code for client in clients)
            assert found == row[column], (mode, row[0], row[1])
    gallery.guard.disable(by="ops")
    eventually(lambda: clients[1].post("/profile").status_code == 200, within=5, what="open again")


def test_a_refusal_for_programs(gallery: Gallery) -> None:
    gallery.close(duration=1800)
    answer = gallery.client().post("/profile", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    wait = int(answer.headers["Retry-After"])
    assert 1700 <= wait <= 1800 * 1.1
    assert answer.headers["X-Maintenance-Active"] == "true"
    assert answer.headers["X-Maintenance-Mode"] == "normal"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "https://elsewhere.example"
    body = json.loads(answer.text)
    message = "User data modifications are temporarily unavailable during maintenance"
    assert body["type"].startswith("urn:")
    assert (body["title"], body["status"], body["detail"]) == ("Profile Updates Unavailable", 503, message)
    assert (body["instance"], body["mode"], body["operation"]) == (
        "/profile",
        "normal",
        "user_data_modification",
    )
    epoch = gallery.guard.status().epoch
    assert epoch is not None
    assert epoch - 1 <= body["epoch"] <= epoch  # that its gates are closed is known a moment later
    assert 1700 <= body["retry_after"] <= 1800
    assert (body["error"], body["maintenance_active"], body["message"]) == (
        "Service Unavailable",
        True,
        message,
    )
    info = body["maintenance_info"]
    assert info.keys() == {
        "mode",
        "reason",
        "started_at",
        "estimated_completion",
        "estimated_duration",
        "enabled_by",
        "test_mode",
    }
    assert (info["reason"], info["estimated_duration"]) == ("Umzug <b>der</b> Bilder", 1800)
    assert "ops" not in answer.text
    told = body["operation_info"]
    assert told["operation_type"] == "user_data_modification"
    assert told["suggestion"] == "Note changes needed and apply after maintenance completion"
    assert told.keys() == {"operation", "operation_type", "title", "description", "icon", "suggestion"}


def test_a_path_cannot_break_out_of_the_document(gallery: Gallery) -> None:
    gallery.close()
    for path in ('/"}@path', "/ü\u2028", "/<script>"):
        answer = gallery.client().post(path)
        assert json.loads(answer.text)["instance"] == path


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json", "application/problem+json"),
        ("application/json, text/html;q=0.5", "application/problem+json"),
        ("text/html, application/json;q=0.5", "text/html"),
        ("*/*", "application/problem+json"),
        ("", "application/problem+json"),
    ],
)
def test_a_person_gets_a_page_and_a_program_a_document(gallery: Gallery, accept: str, kind: str) -> None:
    gallery.close()
    answer = gallery.client().post("/profile", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (503, kind)
    script = {"Accept": accept, "X-Requested-With": "XMLHttpRequest"}
    assert gallery.client().post("/profile", headers=script).mimetype == "application/problem+json"


def test_the_page_of_a_refusal_is_strict_and_escaped(gallery: Gallery) -> None:
    gallery.guard.enable(reason="<script>alert(1)</script>\"'", by="ops", sessions="keep")
    answer = gallery.client().post("/profile", headers={"Accept": "text/html"})
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "Note changes needed and apply after maintenance completion" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert " style=" not in answer.text
    assert "<style" not in answer.text
    assert "http://" not in answer.text.replace("http://www.w3.org", "")
    assert (answer.headers["X-Frame-Options"], answer.headers["X-Content-Type-Options"]) == (
        "DENY",
        "nosniff",
    )


def test_head_and_options_are_refused_alike_but_not_a_preflight(gallery: Gallery) -> None:
    gallery.close("emergency")
    client = gallery.client()
    head, options = client.head("/"), client.options("/")
    assert (head.status_code, head.text, options.status_code) == (503, "", 503)
    assert head.headers["Retry-After"]
    asks = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    assert client.options("/profile", headers=asks).status_code == 200


def test_a_view_runs_once_or_not_at_all(gallery: Gallery) -> None:
    client = gallery.client()
    assert client.post("/make").status_code == 202
    assert gallery.app.config["calls"] == ["make"]
    gallery.app.config["calls"].clear()
    with pytest.raises(ValueError, match="a mistake"):
        gallery.app.config.update(PROPAGATE_EXCEPTIONS=True) or client.post("/broken")
    assert gallery.app.config["calls"] == ["broken"]
    gallery.close()
    with pytest.raises(ValueError, match="a mistake"):
        client.post("/broken")
    assert gallery.app.config["calls"] == ["broken", "broken"]
    assert client.post("/make").status_code == 503
    assert gallery.app.config["calls"] == ["broken", "broken"]


def test_a_job_that_is_refused_inside_a_view_becomes_the_same_answer(gallery: Gallery) -> None:
    client = gallery.client("ada")
    gallery.close()
    answer = client.post("/admin/captions")
    assert (answer.status_code, answer.json and answer.json["operation"]) == (503, "caption_generation")
    assert gallery.app.config["calls"] == ["captions"]
    # The publish gate has counted it in the account, and the attempts count it: once each.
    assert gallery.guard.attempts.of().total == 1
    eventually(lambda: gallery.guard.status().refused == 1, within=5, what="one refusal in the account")


def test_a_bypass_lets_a_request_through(gallery: Gallery) -> None:
    client = gallery.client("bob")
    token = gallery.guard.bypass("caption_generation", by="ops", holder="bob", seconds=60)
    gallery.close()
    headers = {"X-Maintenance-Bypass": token}
    assert client.post("/make", headers=headers).status_code == 202
    assert client.post("/profile", headers=headers).status_code == 503
    assert client.post("/make", headers={"X-Maintenance-Bypass": token[:-2] + "xx"}).status_code == 503
    account = gallery.guard.account
    eventually(lambda: account().total(Count.BYPASSED) == 1, within=5, what="the use is counted")


def test_a_bypass_for_one_user_counts_for_nobody_else(gallery: Gallery) -> None:
    guard = gallery.guard
    token = guard.bypass("caption_generation", by="ops", holder="smoke test", seconds=60, user="bob")
    named = {"X-Maintenance-Bypass": token}
    bob, ada, nobody = gallery.client("bob"), gallery.client("ada"), gallery.client()
    gallery.close()
    statuses = [client.post("/make", headers=named).status_code for client in (nobody, ada, bob)]
    assert statuses == [503, 503, 202]
    assert [view.uses for view in guard.bypasses.list(1)] == [1], "each use is noted for the journal"
    guard.bypasses.revoke(guard.bypasses.list(1)[0].bypass_id, by="ops")
    assert bob.post("/make", headers=named).status_code == 503


def test_a_rehearsal_refuses_nothing_and_counts_what_it_would(gallery: Gallery) -> None:
    client = gallery.client("bob")
    gallery.close("test")
    assert client.post("/profile").status_code == 200
    assert client.post("/admin/captions").status_code == 202
    assert gallery.guard.attempts.of().total == 0
    account = gallery.guard.account
    eventually(lambda: account().total(Count.WOULD_REFUSE) == 2, within=5, what="a request and a job")


def test_refusals_are_counted_and_logged(gallery: Gallery, caplog: pytest.LogCaptureFixture) -> None:
    client = gallery.client("bob")
    gallery.close()
    with caplog.at_level(logging.INFO, "guard.maintenance"):
        for _ in range(3):
            client.post("/profile")
        client.post('/x"\n[MAINTENANCE] forged')
    view = gallery.guard.attempts.of()
    profile = view.operations["user_data_modification"]
    assert (view.total, profile.attempt_count, view.operations["unknown"].attempt_count) == (4, 3, 1)
    assert profile.last_attempt is not None
    assert profile.blocked_since is not None
    assert profile.blocked_since <= profile.last_attempt
    assert sum(sum(counts.values()) for _, counts in view.minutes) == 4
    lines = [record.getMessage() for record in caplog.records if "Operation blocked" in record.getMessage()]
    assert lines[0] == (
        '[MAINTENANCE] Operation blocked: endpoint="/profile" user="bob" reason="maintenance_active"'
    )
    assert len(lines) == 4
    assert "\n" not in lines[3]
    eventually(lambda: gallery.guard.status().refused == 4, within=5, what="four in the account")


def test_a_storm_is_answered_before_flask_and_counted_to_the_last(
    gallery: Gallery, caplog: pytest.LogCaptureFixture
) -> None:
    client = gallery.client("bob")
    gallery.close()
    with caplog.at_level(logging.INFO, "guard.maintenance"):
        answers = [client.post("/make") for _ in range(200)]
        eventually(
            lambda: any("more=" in record.getMessage() for record in caplog.records),
            within=5,
            what="a line with the rest",
        )
    assert {(each.status_code, each.json and each.json["instance"]) for each in answers} == {(503, "/make")}
    assert {each.headers["X-Maintenance-Mode"] for each in answers} == {"normal"}
    # Without the application's own functions: Flask never began.
    assert sum("Access-Control-Allow-Origin" not in each.headers for each in answers) > 100
    assert "Access-Control-Allow-Origin" in answers[0].headers
    assert gallery.guard.attempts.of().total == 200
    told = [record.getMessage() for record in caplog.records if "Operation" in record.getMessage()]
    each = [line for line in told if "Operation blocked" in line]
    more = sum(int(line.split('more="')[1].split('"')[0]) for line in told if "more=" in line)
    assert len(each) + more == 200
    assert len(each) <= LINES_PER_SECOND * 10
    eventually(lambda: gallery.guard.status().refused == 200, within=5, what="all in the account")


def test_a_storm_goes_by_rules_that_come_later(gallery: Gallery) -> None:
    client = gallery.client("bob")
    gallery.close()
    add_rule = gallery.guard.operations.add_endpoint
    add_rule("caption_generation", regex=r"/pictures/\d+/like", methods="POST")
    gallery.guard.attempts.is_storm = True
    assert client.post("/pictures/1/like").status_code == 503
    add_rule("read_operations", regex=r"/pictures/1/like", methods="POST")
    gallery.guard.attempts.is_storm = True
    assert client.post("/pictures/1/like").status_code == 200
    assert client.post("/pictures/2/like").status_code == 503


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/profile", {}),
        ("POST", "/make", {"Origin": "https://elsewhere.example"}),
        ("POST", "/make", {"Accept": "text/html"}),
        ("GET", "/maintenance", {}),
        ("GET", "/", {}),
        ("POST", "/login", {}),
    ],
)
def test_in_a_storm_whoever_may_pass_is_still_asked(
    gallery: Gallery, method: str, path: str, headers: dict[str, str]
) -> None:
    client = gallery.client("ada")
    before = client.open(path, method=method, headers=headers).status_code
    gallery.close()
    usual = client.open(path, method=method, headers=headers)
    gallery.guard.attempts.is_storm = True
    stormy = client.open(path, method=method, headers=headers)
    assert (usual.status_code, usual.content_type) == (stormy.status_code, stormy.content_type)
    assert "Access-Control-Allow-Origin" in stormy.headers
    assert before in {200, 202, 403}


def test_attempts_wait_while_the_control_plane_is_away(gallery: Gallery, monkeypatch: Any) -> None:
    client = gallery.client("bob")
    gallery.close()
    books = gallery.guard._parts.stores.attempts
    away = type(books)(gallery.guard._parts.stores.plane.client, books._keys)
    monkeypatch.setattr(books, "_client", connect("redis://127.0.0.1:1/0", timeout=0.2, name="away"))
    for _ in range(5):
        client.post("/profile")
    assert not gallery.guard.attempts.flush()
    assert not gallery.guard.attempts.flush()
    monkeypatch.undo()
    assert gallery.guard.attempts.flush()
    window = gallery.guard.status()
    assert window.is_active
    assert (
        away.of(gallery.guard._parts.stores.plane.read().window_id, now=gallery.guard.requests.now()).total
        == 5
    )


def test_a_fork_hands_nothing_over_that_its_parent_has_counted(gallery: Gallery) -> None:
    client = gallery.client("bob")
    gallery.close()
    attempts = gallery.guard.attempts
    attempts.flush()
    client.post("/profile")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads and forks: what is tested here
        child = os.fork()
    if child == 0:
        os._exit(int(bool(attempts._sums) or attempts._thread is not None or attempts.is_storm))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert attempts.of().total == 1


def test_the_routes_that_nobody_has_classified(make_gallery: Any) -> None:
    gallery = make_gallery()
    assert unclassified_routes(gallery.app, reading=False) == ["POST /pictures/<int:number>/like"]
    gallery.guard.operations.add_endpoint(
        "user_data_modification", regex=r"/pictures/\d+/like", methods=("POST",)
    )
    assert unclassified_routes(gallery.app, reading=False) == []
    assert "GET /" in unclassified_routes(gallery.app)
    gallery.guard.operations.add_endpoint("read_operations", regex=r"/(pictures/\d+)?", methods=("GET",))
    assert unclassified_routes(gallery.app) == []
    gallery.close()
    answer = gallery.client("bob").post("/pictures/3/like")
    assert answer.json is not None
    assert answer.json["operation"] == "user_data_modification"


def test_mistakes_are_told_at_once(gallery: Gallery) -> None:
    with pytest.raises(RuntimeError, match="no guard"):
        MaintenanceExtension(Flask("x"))
    with pytest.raises(RuntimeError, match="already"):
        MaintenanceExtension(gallery.app, gallery.guard)
    with pytest.raises(RuntimeError, match="no MaintenanceExtension"):
        unclassified_routes(Flask("y"))
    with pytest.raises(ValueError, match="guarded"):
        guarded(None)  # type: ignore[arg-type]


def test_a_guard_that_is_switched_off_asks_nobody(make_gallery: Any) -> None:
    gallery = make_gallery(MAINTENANCE_MODE_ENABLED="false")
    assert gallery.client().post("/make").status_code == 202
    assert gallery.guard.check_request("POST", "/make").allowed
