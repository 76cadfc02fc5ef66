"""Alerts and health over HTTP: listed, acknowledged, resolved, journaled; and what is told to whom."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.alerts import Alert, Severity
from guard.web.api.shapes import work

if TYPE_CHECKING:
    from guard.core.alerts import KeptAlert
    from tests.web_api.site import Site

API = "/api/maintenance"


@pytest.fixture
def client(site: Site) -> Any:
    return site.flask.test_client(use_cookies=False)


def raised(site: Site, key: str) -> KeptAlert:
    alert = Alert(at=time.time(), severity=Severity.CRITICAL, kind="kind", message="m", detail={"n": 1})
    made = site.guard._parts.stores.alerts.raise_once(alert, key)
    assert made is not None
    kept: KeptAlert = made
    return kept


def test_an_alert_is_acknowledged_and_resolved(site: Site, client: Any) -> None:
    alert_id = raised(site, "http").alert_id
    operator = site.bearer("operate")
    listed = client.get(f"{API}/alerts?waiting=true", headers=site.bearer("read")).get_json()
    work.AlertsAnswer.model_validate(listed)
    assert alert_id in [one["id"] for one in listed["alerts"]]
    seen = client.post(f"{API}/alerts/{alert_id}/acknowledge", json={}, headers=operator).get_json()["alert"]
    assert (seen["state"], seen["acknowledged_by"], seen["key"]) == ("acknowledged", "operateer", "http")
    line = site.guard.records.journal(1)[0].record
    assert (line.action, line.actor, line.detail["alert"]) == ("acknowledge alert", "operateer", alert_id)
    over = client.post(f"{API}/alerts/{alert_id}/resolve", json={}, headers=operator).get_json()["alert"]
    assert (over["state"], over["resolved_by"], over["key"]) == ("resolved", "operateer", None)
    again = client.post(f"{API}/alerts/{alert_id}/acknowledge", json={}, headers=operator)
    assert (again.status_code, again.get_json()["alert"]["state"]) == (200, "resolved")
    waiting = client.get(f"{API}/alerts?waiting=true", headers=operator).get_json()["alerts"]
    assert alert_id not in [one["id"] for one in waiting]


@pytest.mark.parametrize("alert_id", ["99999999", "0", "x", "-1", "1" * 40, "٣"])
def test_there_is_none_of_this_number(site: Site, client: Any, alert_id: str) -> None:
    answer = client.post(f"{API}/alerts/{alert_id}/acknowledge", json={}, headers=site.bearer("operate"))
    assert answer.status_code == 404


def test_who_may_only_read_sees_to_none(site: Site, client: Any) -> None:
    alert_id = raised(site, "read only").alert_id
    answer = client.post(f"{API}/alerts/{alert_id}/acknowledge", json={}, headers=site.bearer("read"))
    assert answer.status_code == 403
    assert site.guard.alerts.get(alert_id).acknowledged_by == ""


def test_health_says_figures_ages_and_remedies_to_those_who_may_know(site: Site, client: Any) -> None:
    url = "/api/health/maintenance"
    told = client.get(url, headers=site.bearer("read")).get_json()["checks"]
    assert set(told) == {"sql", "redis", "broker", "workers", "disk", "clock", "guard"}  # no timetable here
    assert (told["sql"][0]["status"], told["sql"][0]["observedUnit"]) == ("pass", "ms")
    assert 0 <= told["sql"][0]["age"] < 60
    assert told["workers"][0]["output"] == "no worker is registered"
    assert "start a worker" in told["workers"][0]["remedy"]
    public = client.get(url).get_json()
    assert public["status"] == "warn"  # no worker
    hidden = {"observedValue", "remedy", "output"}
    assert all(not hidden & found[0].keys() for found in public["checks"].values())
