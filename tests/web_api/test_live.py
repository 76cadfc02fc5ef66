"""Under a real server: events as they happen, and answers while the stores are away."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests

from guard.web.api.routes import events
from tests.support.eventually import eventually
from tests.support.stopwatch import Stopwatch
from tests.support.valkey import Valkey
from tests.web_api.serving import served
from tests.web_api.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Ear:
    """A listener in a thread of its own, as a browser's EventSource is."""

    def __init__(self, address: str, **headers: str) -> None:
        self.answer = requests.get(
            f"{address}/api/maintenance/events", stream=True, timeout=30, headers=headers
        )
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            for line in self.answer.iter_lines(chunk_size=1, decode_unicode=True):
                self.lines.append(line)
        except (requests.RequestException, AttributeError, OSError, ValueError):
            return  # closed by the test

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line[6:]) for line in list(self.lines) if line.startswith("data: ")]

    def close(self) -> None:
        self.answer.raw.close() if self.answer.raw._fp is None else self.answer.raw._fp.close()
        self.answer.close()


@pytest.fixture
def address(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(events, "_BEAT_SECONDS", 0.3)  # who has gone is found out at the next beat
    with served(site.flask, threads=12) as where:
        yield where
        site.standing.close()


def test_events_come_at_once_and_upon_each_change(site: Site, address: str) -> None:
    ear = Ear(address)
    eventually(lambda: ear.told)
    assert ear.answer.headers["Content-Type"].startswith("text/event-stream")
    assert ear.lines[0] == "retry: 3000"
    assert ear.told[0]["is_active"] is False
    site.enable(mode="test")
    watch = Stopwatch()
    eventually(lambda: ear.told[-1]["is_active"], within=5)
    assert watch.seconds < 4
    assert "workers" not in ear.told[-1]
    site.guard.disable(by="tests")
    eventually(lambda: ear.told[-1]["is_active"] is False, within=5)
    ids = [line for line in ear.lines if line.startswith("id: ")]
    assert ids[-1] > ids[0]
    assert "event: status" in ear.lines
    ear.close()


def test_callers_who_may_read_hear_more(site: Site, address: str) -> None:
    ear = Ear(address, **site.bearer("read"))
    eventually(lambda: ear.told)
    assert "workers" in ear.told[0]
    ear.close()


def test_whose_token_is_revoked_hears_no_more_than_everybody(site: Site, address: str) -> None:
    access = site.guard.access
    made = access.make_token("gone", rights=["read"], seconds=600, by="tests")
    ear = Ear(address, Authorization=f"Bearer {made.text}")
    eventually(lambda: ear.told)
    assert "workers" in ear.told[0]
    eventually(lambda: ": still here" in ear.lines)
    assert "workers" in ear.told[-1], "who may read still hears more"
    access.revoke_token(made.view.token_id, by="tests")
    eventually(lambda: "workers" not in ear.told[-1], within=5)
    assert ear.told[-1]["is_active"] is False
    ear.close()


def test_places_are_bounded_and_given_back(site: Site, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ears = [Ear(address) for _ in range(4)]  # half of the eight places: one address may have no more
    eventually(lambda: all(ear.told for ear in ears))
    full = requests.get(f"{address}/api/maintenance/events", timeout=10)
    assert (full.status_code, full.json()["error"]) == (503, "too_many_listeners")
    assert "Retry-After" in full.headers
    assert requests.get(f"{address}/api/maintenance/status", timeout=10).status_code == 200
    for ear in ears:
        ear.close()
    eventually(lambda: site.api.guard_site.listeners.now == 0, within=15)  # type: ignore[attr-defined]
    again = Ear(address)
    eventually(lambda: again.told)
    again.close()


def test_a_comment_keeps_what_is_quiet(address: str) -> None:
    ear = Ear(address)
    eventually(lambda: ": still here" in ear.lines)
    assert len(ear.told) == 1
    ear.close()


def test_a_listener_is_asked_to_come_again(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_LONGEST_SECONDS", 0.5)
    answer = requests.get(f"{address}/api/maintenance/events", timeout=10)
    assert answer.text.count("event: status") == 1


def test_the_status_is_answered_marked_stale_while_both_stores_are_away(tmp_path: Path) -> None:
    with Valkey() as valkey:
        site = Site(
            redis=valkey.url(valkey.fresh_db()), broker=valkey.broker_url(valkey.fresh_db()), folder=tmp_path
        )
        with site, served(site.flask) as address:
            url = f"{address}/api/maintenance/status"
            site.enable(reason="before the outage", mode="test")
            known = eventually(lambda: (told := requests.get(url, timeout=5).json())["is_active"] and told)
            assert (known["stale"], known["service_available"]) == (False, True)
            reader = site.bearer("read")
            site.guard.durable.close()  # type: ignore[attr-defined]
            (tmp_path / "guard.db").rename(tmp_path / "away.db")
            (tmp_path / "guard.db").mkdir()
            valkey.stop()
            told = eventually(
                lambda: (told := requests.get(url, timeout=5).json())["stale"] and told, within=20
            )
            assert (told["is_active"], told["reason"]) == (True, "before the outage")
            assert told["service_available"] is False
            later = eventually(
                lambda: (now := requests.get(url, timeout=5).json())["age"] > told["age"] and now
            )
            assert later["epoch"] == known["epoch"]
            watch = Stopwatch()
            assert requests.get(url, timeout=5).status_code == 200
            assert watch.seconds < 0.5
            # who shows a token is answered too, as anybody
            shown = requests.get(url, timeout=20, headers=reader)
            assert shown.status_code == 200
            assert "workers" not in shown.json()
            health = requests.get(f"{address}/api/health/maintenance", timeout=10)
            assert health.status_code == 200
            checks = {name: found[0]["status"] for name, found in health.json()["checks"].items()}
            assert health.json()["status"] == "fail"
            assert checks["redis"] in {"fail", "unknown"}
            assert checks["sql"] in {"fail", "unknown"}
            assert checks["guard"] == "warn"
            ready = requests.get(f"{address}/api/health/maintenance?ready=true", timeout=10)
            assert ready.status_code == 503
            refused = requests.get(f"{address}/api/maintenance/windows", timeout=20, headers=reader)
            assert refused.status_code == 503
            assert refused.json()["error"] == "maintenance_service_unavailable"
            assert refused.headers["Retry-After"] == "30"
            assert str(tmp_path) not in refused.text
            assert "redis" not in refused.text.lower()
