"""Jobs, planned windows, sessions, tokens and bypasses over HTTP: what is done, and what is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from kombu.exceptions import OperationalError

from guard.core.headers import ORIGINAL
from guard.core.parked import ParkedJob
from guard.web.api.shapes import access, planned, work

if TYPE_CHECKING:
    from tests.web_api.site import Site

API = "/api/maintenance"


@pytest.fixture
def client(site: Site) -> Any:
    return site.flask.test_client(use_cookies=False)


def job(site: Site) -> ParkedJob:
    """One that is in the index, and whose message is gone."""
    made = ParkedJob(
        park_id="p-1",
        task_id="t-1",
        task="tasks.caption",
        operation="caption_generation",
        queue="captions",
        retries=0,
        publication="",
        generation=ORIGINAL,
        parked_at=1_700_000_000.0,
        window_id="w-1",
        worker="w1@host",
    )
    index = site.guard._parts.stores.index
    index.begin(made)
    index.parked(made)
    return made


def test_parked_jobs_are_shown_without_what_their_messages_hold(site: Site, client: Any) -> None:
    made = job(site)
    told = client.get(f"{API}/parked", headers=site.bearer("read")).get_json()
    assert [one["task_id"] for one in told["jobs"]] == [made.task_id]
    assert told["jobs"][0].keys() == work.ParkedView.model_fields.keys()
    where = client.get(f"{API}/jobs/{made.task_id}", headers=site.bearer("read")).get_json()
    assert (where["place"], where["queue"]) == ("parked", "captions")


def test_a_broker_that_is_away_is_unknown_and_no_error_of_ours(
    site: Site, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("amqp://user:hunter2@mq")

    monkeypatch.setattr(type(site.guard.parked), "__len__", away)
    monkeypatch.setattr(type(site.guard.parked), "release", away)
    assert client.get(f"{API}/parked", headers=site.bearer("read")).get_json()["parked"] is None
    answer = client.post(f"{API}/parked/t-1/release", json={}, headers=site.bearer("operate"))
    assert (answer.status_code, answer.get_json()["error"]) == (503, "maintenance_service_unavailable")
    assert "hunter2" not in answer.get_data(as_text=True)


def test_a_plan_is_added_changed_and_cancelled(site: Site, client: Any) -> None:
    me = site.bearer("operate")
    year = datetime.now(UTC).year + 1
    body = {"name": "upgrade", "reason": "Upgrade", "at": f"{year}-01-15 02:00", "duration": 3600}
    body |= {"zone": "Europe/Berlin", "skipped": [f"{year}-02-15"], "every": "FREQ=MONTHLY"}
    made = client.post(f"{API}/planned", json=body, headers=me)
    assert made.status_code == 200, made.get_json()
    planned.PlannedAnswer.model_validate(made.get_json())
    assert made.get_json()["planned"]["skipped"]
    changed = client.post(f"{API}/planned/upgrade", json={"duration": 7200}, headers=me)
    assert changed.get_json()["planned"]["duration"] == 7200
    sly = client.post(
        f"{API}/planned/upgrade", json={"at_deadline": "escalate", "drain_within": 60}, headers=me
    )
    assert sly.status_code == 403, "a plan that will begin an emergency takes that right"
    listed = client.get(f"{API}/planned?starts=3", headers=me).get_json()["planned"]
    assert [len(one["next"]) for one in listed] == [3]
    gone = client.post(f"{API}/planned/upgrade/cancel", json={}, headers=me)
    assert gone.get_json()["planned"]["cancelled_at"]
    assert client.get(f"{API}/planned", headers=me).get_json() == {"planned": []}


def test_sessions_are_ended_and_let_in_again(site: Site, client: Any) -> None:
    admin = site.bearer("admin")
    done = client.post(f"{API}/sessions/invalidate", json={}, headers=admin)
    work.SweepAnswer.model_validate(done.get_json())
    assert site.guard.durable.read().generation.number == 1
    site.enable()
    allowed = client.post(f"{API}/sessions/allow", json={}, headers=admin)
    assert allowed.status_code == 200
    assert client.get(f"{API}/sessions", headers=admin).get_json()["sign_in"] is True


def test_a_token_is_made_shown_once_and_revoked(site: Site, client: Any) -> None:
    admin = site.page("admin", stepped_up=True)
    body = {"owner": "ci", "rights": ["read"], "seconds": 60, "label": "pipeline"}
    made = client.post(f"{API}/tokens", json=body, headers=admin)
    assert made.status_code == 201
    access.NewTokenAnswer.model_validate(made.get_json())
    text, token_id = made.get_json()["text"], made.get_json()["token"]["token_id"]
    me = {"Authorization": f"Bearer {text}"}
    assert client.get(f"{API}/workers", headers=me).status_code == 200
    listed = client.get(f"{API}/tokens", headers=admin)
    assert text not in listed.get_data(as_text=True)
    assert client.post(f"{API}/tokens/{token_id}/revoke", json={}, headers=admin).status_code == 200
    assert client.get(f"{API}/workers", headers=me).status_code == 401


def test_a_bypass_is_made_listed_and_revoked(site: Site, client: Any) -> None:
    admin = site.bearer("admin")
    body = {"operations": ["caption_generation"], "holder": "smoke test", "seconds": 60, "user": "u-1"}
    made = client.post(f"{API}/bypass", json=body, headers=admin)
    assert made.status_code == 201
    listed = client.get(f"{API}/bypass", headers=admin)
    access.BypassesAnswer.model_validate(listed.get_json())
    (one,) = listed.get_json()["bypasses"]
    assert made.get_json()["token"] not in listed.get_data(as_text=True)
    url = f"{API}/bypass/{one['bypass_id']}/revoke"
    assert client.post(url, json={}, headers=admin).status_code == 200
    assert client.get(f"{API}/bypass", headers=admin).get_json()["bypasses"][0]["revoked_at"]


def test_the_journal_is_read_page_by_page(site: Site, client: Any) -> None:
    for _ in range(3):
        site.token("read")
    reader = site.bearer("read")
    first = client.get(f"{API}/audit?limit=2", headers=reader).get_json()
    rest = client.get(f"{API}/audit?limit=50&before={first['before']}", headers=reader).get_json()
    numbers = [one["seq"] for one in first["records"] + rest["records"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == len(numbers) >= 4
    assert rest["before"] is None
    assert client.get(f"{API}/audit?action=nothing", headers=reader).get_json()["records"] == []
    for wanted, some in {
        "actor=nobody": False,
        "actor=tests": True,
        "since=1": True,
        "until=1": False,
        "window=nothing": False,
    }.items():
        found = client.get(f"{API}/audit?{wanted}", headers=reader).get_json()["records"]
        assert bool(found) is some, wanted
    for wrong in ("since=nan", "until=soon", "window=", "limit=0", "limit=x", "before=-1"):
        assert client.get(f"{API}/audit?{wrong}", headers=reader).status_code == 400, wrong
    for wrong in ("limit=1&limit=2", "unknown=1"):
        assert client.get(f"{API}/audit?{wrong}", headers=reader).status_code == 400, wrong


def test_refused_requests_are_counted_by_operation(site: Site, client: Any) -> None:
    site.enable()
    site.guard.check("job_creation")  # this process learns of the window
    for _ in range(3):
        site.guard.attempts.note("caption_generation", user="u", endpoint="/caption/start")
    site.standing.wait(site.standing.now().looks, 5)
    told = client.get(f"{API}/blocked-operations").get_json()
    found = {one["operation_type"]: one for one in told["blocked_operations"]}
    assert found["caption_generation"]["attempt_count"] == 3
    assert found["caption_generation"]["last_attempt"]
    assert found["job_creation"]["attempt_count"] == 0
    assert (told["total_blocked_attempts"], told["attempts_unknown"]) == (3, None)
    assert told["count"] == told["total_blocked_operations"] == len(found)
    said = client.get(f"{API}/message?operation=caption_generation").get_json()
    assert said["blocked"] is True
    assert said["message"].startswith("Caption generation is temporarily unavailable")
    free = client.get(f"{API}/message?operation=admin_operations").get_json()
    assert (free["blocked"], free["alternative_actions"]) == (False, [])
