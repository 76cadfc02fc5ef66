"""A window over HTTP: what is answered, and what is refused when it is not the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from guard.core.modes import Mode
from guard.errors import StaleEpoch
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.web_api.site import Site

GUIDES_STATUS = {
    "is_active",
    "mode",
    "reason",
    "estimated_duration",
    "started_at",
    "estimated_completion",
    "blocked_operations",
    "active_jobs_count",
    "message",
}
DETAILS = {"workers", "in_flight", "warnings", "scope", "held", "parked", "refused", "window_id"}


@pytest.fixture
def operator(site: Site) -> Any:
    return Caller(site, site.bearer("operate", "emergency"))


class Caller:
    def __init__(self, site: Site, headers: dict[str, str]) -> None:
        self.site = site
        self.headers = headers
        self.client = site.flask.test_client(use_cookies=False)

    def post(self, path: str, body: object = None, **headers: str) -> TestResponse:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(f"/api/maintenance/{path}", json=body or {}, headers={**self.headers, **told})

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/api/maintenance/{path}", headers={**self.headers, **headers})

    def code(self) -> str:
        return self.site.code("operateer")


def test_a_normal_window_from_begin_to_end(site: Site, operator: Caller) -> None:
    opened = operator.post("enable", {"reason": "Database upgrade", "duration": 3600})
    told = opened.get_json()
    assert opened.status_code == 200, told
    assert told["success"] is True
    assert told["message"] == "Maintenance mode enabled successfully (normal)"
    assert told["maintenance_status"]["is_active"] is True
    assert told["status"]["estimated_duration"] == 3600
    assert "job_creation" in told["blocked_operations"]
    assert "read_operations" not in told["blocked_operations"]

    again = operator.post("enable", {"reason": "another"})
    assert (again.status_code, again.get_json()["error"]) == (409, "maintenance_already_active")
    assert again.get_json()["current_status"]["reason"] == "Database upgrade"

    eventually(lambda: site.standing.now().status.is_active)
    public = site.flask.test_client().get("/api/maintenance/status").get_json()
    assert public.keys() >= GUIDES_STATUS
    assert not public.keys() & DETAILS
    assert public["enabled_by"] is None
    assert (public["maintenance_mode"], public["maintenance_reason"]) == (True, "Database upgrade")
    detailed = operator.get("status").get_json()
    assert detailed.keys() >= GUIDES_STATUS | DETAILS
    assert detailed["enabled_by"] == "operateer"

    longer = operator.post("extend", {"by": 600}).get_json()
    assert longer["status"]["estimated_duration"] == 4200
    assert operator.post("extend", {"duration": 9000}).get_json()["status"]["estimated_duration"] == 9000
    changed = operator.post("change", {"reason": "It takes longer"}).get_json()
    assert changed["window"]["reason"] == "It takes longer"

    ended = operator.post("disable").get_json()
    assert ended["disabled_by"] == "operateer"
    assert "job_creation" in ended["operations_resumed"]
    assert ended["status"]["is_active"] is False
    over = operator.post("disable")
    assert (over.status_code, over.get_json()["error"]) == (409, "maintenance_not_active")
    window_id = told["window"]["window_id"]
    assert operator.get(f"windows/{window_id}").get_json()["window"]["reason"] == "It takes longer"
    assert operator.get(f"windows/{window_id}/report").get_json()["books"]["adds_up"] is True
    actions = [one["action"] for one in operator.get("audit").get_json()["records"]]
    assert {"enable", "disable", "change", "admit"} <= set(actions)


def test_an_emergency_takes_a_second_factor_to_begin_and_to_end(site: Site, operator: Caller) -> None:
    plain = operator.post("emergency", {"reason": "Security incident"})
    assert (plain.status_code, plain.get_json()["error"]) == (401, "step_up_required")
    assert operator.post("enable", {"reason": "x", "mode": "emergency"}).status_code == 401
    sly = operator.post("enable", {"reason": "x", "drain_within": 1, "at_deadline": "escalate"})
    assert sly.status_code == 401
    assert site.guard.durable.read().epoch == 0

    operator.post("enable", {"reason": "Upgrade"})
    answer = operator.post(
        "emergency", {"reason": "Security incident", "grace_period": 5}, X_Guard_Code=operator.code()
    )
    told = answer.get_json()
    assert answer.status_code == 200, told
    assert told["message"] == "Emergency maintenance mode activated"
    assert told["emergency_status"]["mode"] == "emergency"
    assert "read_operations" in told["blocked_operations"]
    assert (told["terminated_jobs"], told["invalidated_sessions"]) == (0, None)

    for path, body in (("disable", {}), ("change", {"mode": "normal"}), ("change", {"scope": {}})):
        assert operator.post(path, body).get_json()["error"] == "step_up_required", path
    assert operator.post("extend", {"by": 60}).status_code == 200
    assert operator.post("disable", {}, X_Guard_Code=operator.code()).status_code == 200


def test_an_emergency_ends_a_rehearsal_but_not_by_a_request_that_is_wrong(
    site: Site, operator: Caller
) -> None:
    site.enable(mode="test")
    wrong = operator.post("emergency", {"reason": "a\u0007"}, X_Guard_Code=operator.code())
    assert wrong.status_code == 422
    assert site.guard.durable.read().mode is Mode.TEST
    real = operator.post("emergency", {"reason": "fire"}, X_Guard_Code=operator.code())
    assert real.get_json()["status"]["mode"] == "emergency"


def test_a_drill_is_in_the_way_of_no_real_window(site: Site, operator: Caller) -> None:
    site.enable(mode="test", reason="Drill: Team coordination")
    another = operator.post("enable", {"reason": "a rehearsal", "mode": "test"})
    assert (another.status_code, another.get_json()["error"]) == (409, "maintenance_already_active")
    opened = operator.post("enable", {"reason": "Database upgrade"})
    assert opened.status_code == 200, opened.get_json()
    state = site.guard.durable.read()
    assert (state.mode, state.reason) == (Mode.NORMAL, "Database upgrade")


def test_a_normal_window_that_became_an_emergency_meanwhile_is_not_ended(
    site: Site, operator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may end a normal window must not end an emergency by a race."""
    site.enable()
    real = site.guard.disable

    def slow(**options: Any) -> Any:
        monkeypatch.setattr(site.guard, "disable", real)
        site.guard.change(mode="emergency", by="somebody else")
        return real(**options)

    monkeypatch.setattr(site.guard, "disable", slow)
    answer = operator.post("disable")
    assert (answer.status_code, answer.get_json()["error"]) == (409, "changed_meanwhile")
    assert site.guard.durable.read().mode is Mode.EMERGENCY


def test_a_change_of_phase_meanwhile_is_tried_again(
    site: Site, operator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.enable()
    real = site.guard.disable
    tries = []

    def stale_once(**options: Any) -> Any:
        tries.append(options["epoch"])
        if len(tries) == 1:
            raise StaleEpoch(expected=options["epoch"], found=options["epoch"] + 1)
        return real(**options)

    monkeypatch.setattr(site.guard, "disable", stale_once)
    assert operator.post("disable").status_code == 200
    assert len(tries) == 2


def test_an_old_epoch_is_refused(site: Site, operator: Caller) -> None:
    """S8: a request that was decided on another state."""
    site.enable()
    tag = operator.get("status").headers["ETag"]
    epoch = site.guard.durable.read().epoch
    wrong = operator.post("disable", {}, If_Match='"1"')
    assert (wrong.status_code, wrong.get_json()["epoch"]) == (412, epoch)
    assert operator.post("disable", {}, If_Match="nonsense").status_code == 400
    eventually(lambda: site.standing.now().status.epoch == epoch)
    tag = operator.get("status").headers["ETag"]
    assert operator.post("disable", {}, If_Match=tag).status_code == 200


def test_the_same_idempotency_key_is_the_same_window(site: Site, operator: Caller) -> None:
    """S8: sent again, it changes nothing; after the window is over it is refused."""
    body = {"reason": "Upgrade"}
    first = operator.post("enable", body, Idempotency_Key="release-42").get_json()["window"]
    again = operator.post("enable", body, Idempotency_Key="release-42").get_json()["window"]
    assert again["window_id"] == first["window_id"]
    stranger = Caller(site, {"Authorization": f"Bearer {site.token('operate', owner='another')}"})
    assert stranger.post("enable", body, Idempotency_Key="release-42").status_code == 409
    operator.post("disable")
    replay = operator.post("enable", body, Idempotency_Key="release-42")
    assert (replay.status_code, replay.get_json()["error"]) == (409, "window_is_over")
    assert site.guard.durable.read().is_active is False
    assert operator.post("enable", body, Idempotency_Key="x" * 201).status_code == 400


def test_the_status_is_not_sent_again_while_it_is_the_same(site: Site, operator: Caller) -> None:
    first = operator.get("status")
    tag = first.headers["ETag"]
    same = operator.get("status", **{"If-None-Match": tag})
    assert (same.status_code, same.data) == (304, b"")
    site.enable(mode="test")
    eventually(lambda: site.standing.now().status.is_active)
    assert operator.get("status", **{"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, ["reason: Field required"]),
        ({"reason": "x", "duration": "3600"}, ["duration"]),
        ({"reason": "x", "duration": 0, "mode": "loud"}, ["duration", "mode"]),
        ({"reason": "x", "duraton": 5}, ["duraton"]),
        ({"reason": "x" * 501}, ["reason"]),
        ([], ["body"]),
    ],
)
def test_every_problem_of_a_body_is_named(operator: Caller, body: Any, words: list[str]) -> None:
    answer = operator.client.post("/api/maintenance/enable", json=body, headers=operator.headers)
    told = answer.get_json()
    assert (answer.status_code, told["error"]) == (400, "invalid_request")
    assert len(told["details"]) == len(words)
    for word, problem in zip(words, told["details"], strict=True):
        assert problem.startswith(word)


def test_bodies_that_are_no_json_or_too_large(operator: Caller) -> None:
    url, headers = "/api/maintenance/enable", {**operator.headers, "Content-Type": "application/json"}
    for data in (b"{", b"NaN", b'{"reason": "\xff"}', b'{"reason": "\\ud800"}'):
        assert operator.client.post(url, data=data, headers=headers).status_code == 400, data
    assert operator.client.post(url, data=b"[" * 200_000, headers=headers).status_code == 413


def test_what_only_the_guard_can_tell_is_422(operator: Caller) -> None:
    answer = operator.post("enable", {"reason": "x", "at_deadline": "abort"})
    assert (answer.status_code, answer.get_json()["error"]) == (422, "invalid_request")
    assert "drain_within" in answer.get_json()["details"][0]


def test_rates_are_told_and_kept(site: Site, operator: Caller) -> None:
    answer = operator.get("workers")
    limit, left = answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]
    assert int(left) == int(limit) - 1
    seen = [operator.post("extend").status_code for _ in range(61)]
    assert seen[0] == 422
    last = operator.post("extend")
    assert (last.status_code, last.get_json()["error"]) == (429, "too_many_requests")
    assert last.headers["X-RateLimit-Remaining"] == "0"
    assert int(last.headers["Retry-After"]) >= 1
    assert operator.get("workers").status_code == 200, "another kind has its own rate"


def test_the_status_has_no_rate(site: Site) -> None:
    client = site.flask.test_client()
    assert {client.get("/api/maintenance/status").status_code for _ in range(700)} == {200}


@pytest.mark.parametrize(
    ("wanted", "notify"), [({}, True), ({"notify_users": True}, True), ({"notify_users": False}, False)]
)
def test_whether_users_are_told_is_a_term_of_the_window(
    site: Site, operator: Caller, wanted: dict[str, bool], notify: bool
) -> None:
    assert operator.post("enable", {"reason": "r", **wanted}).status_code == 200
    assert site.guard.durable.read().terms.notify is notify
