"""Threats of the HTTP API, one test each. S1, S2: test_routes. S3: test_door. S8: test_windows_api."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from guard.errors import StaleEpoch, StoreUnavailable
from guard.web.api.problems import as_problem
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from tests.web_api.site import Site

STATUS = "/api/maintenance/status"
ENABLE = "/api/maintenance/enable"


def test_no_secret_is_in_a_log_an_answer_or_the_journal(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """S12, S21: not of one that counts, of one that does not, of a cookie, a code."""
    client = site.flask.test_client(use_cookies=False)
    token, page = site.token("admin", "operate"), site.page("operate")
    wrong = token[:-4] + "AAAA"
    code = site.code("adminer")
    cookie = page["Cookie"].partition("=")[2]
    answers = []
    with caplog.at_level(logging.DEBUG):
        for text in (token, wrong):
            headers = {"Authorization": f"Bearer {text}"}
            answers.append(client.get("/api/maintenance/workers", headers=headers))
            answers.append(client.post(ENABLE, json={"reson": text}, headers=headers))
        shown = {"Authorization": f"Bearer {token}", "X-Guard-Code": code}
        answers.append(client.post(ENABLE, json={"reason": "a\u0007"}, headers=shown))
        answers.append(client.post(ENABLE, json={"reason": "a\u0007"}, headers=page))
        answers.append(client.get("/api/maintenance/tokens", headers={"Authorization": f"Bearer {token}"}))
        journal = repr(site.guard.records.journal(100))
    told = caplog.text + journal + "".join(one.get_data(as_text=True) for one in answers)
    assert len(answers) == 7
    for secret in (token, wrong, token.rpartition("_")[2], cookie, page["X-CSRF-Token"], code):
        assert secret not in told


REASONS = [
    "x\r\n[MAINTENANCE] Maintenance mode deactivated",
    "x\u2028[EMERGENCY]",
    "\x1b[2J",
    "a\u202egnp.exe",
    "\x00",
    "   ",
    "x" * 501,
]


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_that_forges_lines_is_refused(
    site: Site, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """S10, S30."""
    client = site.flask.test_client()
    answer = client.post(ENABLE, json={"reason": reason}, headers=site.bearer("operate"))
    assert answer.status_code in {400, 422}
    assert site.guard.durable.read().epoch == 0
    lines = [line for record in caplog.records for line in record.getMessage().splitlines()]
    assert not [line for line in lines if line.startswith(("[MAINTENANCE]", "[EMERGENCY]"))]


def test_a_reason_leaves_as_text_whatever_it_says(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """S10: stored raw; JSON text in the body, nothing of it in a header, escaped in the log."""
    reason = '</script><script>alert("1")</script> & "quoted" ünïcode'
    client = site.flask.test_client()
    with caplog.at_level(logging.INFO):
        made = client.post(ENABLE, json={"reason": reason}, headers=site.bearer("operate"))
    assert made.get_json()["window"]["reason"] == reason
    assert made.mimetype == "application/json"
    assert made.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in made.headers["Content-Security-Policy"]
    assert not [value for value in made.headers.values() if "script" in value]
    line = next(text for text in caplog.messages if "Maintenance mode activated" in text)
    assert 'alert(\\"1\\")' in line


def test_a_header_with_a_line_break_cannot_be_told(site: Site) -> None:
    """S10: what a caller says is never given back in a header."""
    client = site.flask.test_client()
    path = "/api/maintenance/windows/x%0d%0aSet-Cookie:%20a=b"
    answer = client.get(path, headers=site.bearer("read"))
    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers


def test_a_wrong_token_is_answered_alike_whatever_is_wrong(site: Site) -> None:
    """S13: nobody learns which tokens there are."""
    token = site.token("read")
    revoked = site.token("read", owner="gone")
    site.guard.access.revoke_token(revoked.split("_")[1], by="tests")
    client = site.flask.test_client()
    told = set()
    damaged = token[:-1] + ("A" if token[-1] != "A" else "B")
    for text in (damaged, revoked, "gmt_0123456789abcdef_" + "A" * 43):
        answer = client.get("/api/maintenance/workers", headers={"Authorization": f"Bearer {text}"})
        told.add((answer.status_code, answer.get_data()))
    assert len(told) == 1
    assert told.pop()[0] == 401


def test_wrong_tokens_are_locked_out_by_address_and_nobody_else_is(site: Site) -> None:
    """S9: and what a caller says of a proxy does not make another address."""
    client = site.flask.test_client()
    wrong = "Bearer gmt_0123456789abcdef_" + "A" * 43
    seen = []
    for n in range(12):
        headers = {"Authorization": wrong, "X-Forwarded-For": f"192.0.2.{n}"}
        seen.append(client.get("/api/maintenance/workers", headers=headers).status_code)
    assert seen[-1] == 429
    assert set(seen) == {401, 429}
    elsewhere = client.get(
        "/api/maintenance/workers",
        headers=site.bearer("read"),
        environ_overrides={"REMOTE_ADDR": "198.51.100.7"},
    )
    assert elsewhere.status_code == 200
    assert client.get(STATUS).status_code == 200


def test_the_public_answers_name_no_host_and_nobody(site: Site) -> None:
    """4.1: what anonymous callers can learn."""
    import socket

    site.enable(by="alice.admin", scope={"queues": ["secret-queue"]})
    client = site.flask.test_client()
    for path in ("status", "blocked-operations", "message", "openapi.json"):
        text = client.get(f"/api/maintenance/{path}").get_data(as_text=True)
        assert "alice.admin" not in text
        assert "secret-queue" not in text
        assert socket.gethostname() not in text
    health = client.get("/api/health/maintenance").get_json()
    assert all("observedValue" not in found[0] for found in health["checks"].values())


def test_private_answers_are_not_kept_by_caches(site: Site) -> None:
    client = site.flask.test_client()
    reader = site.bearer("read")
    assert client.get("/api/maintenance/audit", headers=reader).headers["Cache-Control"] == "no-store"
    status = client.get(STATUS, headers=reader)
    assert "private" in status.headers["Cache-Control"]
    assert status.headers["Vary"] == "Authorization, Cookie"


def test_an_error_of_ours_says_nothing_of_what_is_inside(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(type(site.guard), "workers", broken)
    client = site.flask.test_client()
    answer = client.get("/api/maintenance/workers", headers=site.bearer("read"))
    assert (answer.status_code, answer.get_json()["error"]) == (500, "internal")
    assert "hunter2" not in answer.get_data(as_text=True)
    assert "a request failed: workers" in caplog.text


def test_a_second_person_must_approve_where_that_is_set(valkey, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """S6: for this very request, once, and by somebody else."""
    from tests.web_api.site import Site

    redis, broker = valkey.url(valkey.fresh_db()), valkey.broker_url(valkey.fresh_db())
    with Site(redis=redis, broker=broker, folder=tmp_path, GUARD_SECOND_APPROVER="emergency") as site:
        client = site.flask.test_client(use_cookies=False)
        one = site.page("emergency", stepped_up=True, owner="one")
        two = site.page("emergency", stepped_up=True, owner="two")
        url, body = "/api/maintenance/emergency", {"reason": "fire"}
        asked = client.post(url, json=body, headers=one)
        told = asked.get_json()
        assert (asked.status_code, told["error"]) == (403, "approval_required")
        approval = told["approval_id"]
        approve = f"/api/maintenance/approvals/{approval}/approve"
        assert client.post(approve, json={}, headers=one).status_code == 403
        assert client.post(approve, json={}, headers=two).get_json()["approval"]["stage"] == "approved"
        shown = {**one, "X-Guard-Approval": approval}
        assert client.post(url, json={"reason": "another"}, headers=shown).status_code == 403
        stale = client.post(url, json=body, headers={**shown, "If-Match": '"7"'})
        assert stale.status_code == 412, "an epoch that has passed does not use the approval up"
        assert client.post(url, json=body, headers=shown).status_code == 200
        assert client.post(url, json=body, headers=shown).status_code == 403


def test_an_approval_to_end_an_emergency_is_for_that_one(valkey, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """S6: not for the next one, which may have begun for a better reason."""
    from tests.web_api.site import Site

    redis, broker = valkey.url(valkey.fresh_db()), valkey.broker_url(valkey.fresh_db())
    with Site(redis=redis, broker=broker, folder=tmp_path, GUARD_SECOND_APPROVER="emergency") as site:
        client = site.flask.test_client(use_cookies=False)
        one = site.page("emergency", stepped_up=True, owner="one")
        two = site.page("emergency", stepped_up=True, owner="two")
        url = "/api/maintenance/disable"
        site.enable(mode="emergency")
        approval = client.post(url, json={}, headers=one).get_json()["approval_id"]
        approve = f"/api/maintenance/approvals/{approval}/approve"
        assert client.post(approve, json={}, headers=two).status_code == 200
        site.guard.disable(by="tests")
        site.enable(mode="emergency", reason="another one")
        shown = {**one, "X-Guard-Approval": approval}
        assert client.post(url, json={}, headers=shown).status_code == 403
        assert site.guard.durable.read().is_active


def test_who_may_not_start_an_emergency_moves_none_that_starts_by_itself(site: Site) -> None:
    """S4: neither the deadline of the open window, nor a plan that has one."""
    client = site.flask.test_client(use_cookies=False)
    operator = site.bearer("operate")
    plan = site.guard.schedule.add(
        name="night",
        reason="x",
        at="2031-01-01 02:00",
        by="tests",
        duration=3600,
        drain_within=60,
        at_deadline="escalate",
    )
    url = f"/api/maintenance/planned/{plan.schedule_id}"
    assert client.post(url, json={"at": "2030-01-01 02:00"}, headers=operator).status_code == 403
    assert client.post(url, json={"at_deadline": "wait"}, headers=operator).status_code == 200
    site.enable(drain_within=3600, at_deadline="escalate")
    change = "/api/maintenance/change"
    assert client.post(change, json={"drain_within": 1}, headers=operator).status_code == 403
    assert client.post(change, json={"reason": "longer"}, headers=operator).status_code == 200
    assert site.guard.durable.read().terms.drain_within == 3600


def test_a_verification_is_of_the_window_that_was_judged(site: Site) -> None:
    """It must not let work pass in an emergency that has begun meanwhile."""
    site.enable(verify=True)
    eventually(
        lambda: site.guard.advance() and site.guard.status().phase == "active", within=10, what="active"
    )
    seen = site.guard.durable.read().epoch
    site.guard.change(by="tests", mode="emergency")
    with pytest.raises(StaleEpoch):
        site.guard.verify(by="tests", epoch=seen)


def test_which_store_is_away_and_where_it_is_nobody_learns() -> None:
    """It is said before anybody knows who asks."""
    view = as_problem(StoreUnavailable("redis://cache.internal:6379 does not answer"))
    assert (view.status, view.headers["Retry-After"]) == (503, "30")
    assert "internal" not in repr(view.to_dict("/api"))
