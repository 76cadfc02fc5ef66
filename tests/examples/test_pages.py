"""The code that pages show: each region runs, with a guard in memory.

Others run where there is what they need: `test_pages_on_web.py`, `test_pages_on_stores.py`,
`tests/testing/test_worker.py` (verifying), `tests/drills/test_rehearsal.py` (drills),
`tests/notify/test_webhook.py` (receiver of webhooks).
"""

from __future__ import annotations

import doctest
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import guard
from guard.core.named_events import EventName
from guard.testing import FakeClock, InMemoryGuard
from tests.examples.loading import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.examples.loading import Examples


def test_the_readme(plain: Examples, maintenance: InMemoryGuard) -> None:
    assert plain.view.describe("cat.jpg") == ("In a moment", 202)
    with maintenance.window(duration=600):
        said = "Caption generation is temporarily unavailable due to system maintenance"
        assert plain.view.describe("cat.jpg") == (said, 503, {"Retry-After": "600"})
        job = maintenance.assert_held(plain.view.describe_later, "cat.jpg")
    maintenance.assert_released(job)


def test_the_session_of_the_quickstart(maintenance: InMemoryGuard) -> None:
    session = ROOT / "examples" / "plain" / "refused.pycon"
    with maintenance.window():
        done = doctest.testfile(str(session), module_relative=False)
    assert (done.attempted, done.failed) == (2, 0)


def test_scope(
    pages: Examples, plain: Examples, maintenance: InMemoryGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: tuple[dict[str, Any], ...] = ({}, {"queue": "bulk"}, {"headers": {"tenant": "acme"}})
    refused: list[list[bool]] = []

    def noting(step: Callable[..., guard.Window]) -> Callable[..., guard.Window]:
        def done(**options: Any) -> guard.Window:
            window = step(**options)
            refused.append([_refuses(ship, **call) for call in calls])
            refused[-1].append(_refuses(plain.shop.caption))
            return window

        return done

    @plain.shop.app.task(shared=False)
    def ship(what: str) -> None: ...

    for name in ("enable", "change"):
        monkeypatch.setattr(maintenance, name, noting(getattr(maintenance, name)))
    pages.scope.narrow(maintenance)
    assert refused == [
        [False, False, False, True],
        [False, True, False, False],
        [False, False, True, False],
        [True, True, True, True],
    ]
    maintenance.disable(by="alice")


def _refuses(task: Any, **options: Any) -> bool:
    try:
        task.apply_async(("cat.jpg",), **options)
    except guard.MaintenanceActive:
        return True
    return False


def test_schedule(pages: Examples, plain: Examples, guarding: Callable[..., InMemoryGuard]) -> None:
    clock = FakeClock(datetime(2026, 12, 5, 12, tzinfo=UTC))
    maintenance = guarding(plain.shop.app, clock=clock)
    pages.schedule.plan(maintenance)
    (planned,) = maintenance.schedule.list(starts=2)
    assert planned.plan.name == "Reindex"
    assert not maintenance.is_active
    clock.set(datetime(2026, 12, 6, 1, 0, tzinfo=UTC))  # two o'clock in Berlin
    maintenance.schedule.run_due()
    assert maintenance.status().reason == "Weekly reindex"
    maintenance.drain()
    clock.advance(5401)
    maintenance.schedule.run_due()
    assert not maintenance.is_active


def test_sessions(pages: Examples, maintenance: InMemoryGuard) -> None:
    viewer, admin = SimpleNamespace(role="viewer"), SimpleNamespace(role="admin")
    sessions: dict[str, dict[str, Any]] = {"viewer": {}, "admin": {}}
    signed_out = ("signed out", 401)

    def asks(user: SimpleNamespace) -> tuple[str, int]:
        answer: tuple[str, int] = pages.sessions.in_every_request(
            maintenance, user, sessions[user.role], lambda: signed_out
        )
        return answer

    for user in (viewer, admin):
        assert pages.sessions.at_sign_in(maintenance, user, sessions[user.role]) == ("welcome", 200)
        assert asks(user) == ("page", 200)
    with maintenance.window():
        assert asks(viewer) == signed_out
        assert asks(admin) == ("page", 200)
        assert pages.sessions.at_sign_in(maintenance, viewer, {})[1] == 503
    assert asks(viewer) == signed_out
    sessions["viewer"] = {}
    assert pages.sessions.at_sign_in(maintenance, viewer, sessions["viewer"]) == ("welcome", 200)
    assert asks(viewer) == ("page", 200)


def test_events(pages: Examples, guarding: Callable[..., InMemoryGuard]) -> None:
    page = pages.events
    maintenance = guarding(page.app)
    with maintenance.window() as window:
        assert page.pager.empty()
        stuck = {"window_id": window.window_id, "epoch": window.epoch, "unknown": []}
        blockers = ["shop.caption on w1@host for 900 s"]
        maintenance._parts.announcer.announce(EventName.DRAIN_STUCK, **stuck, blockers=blockers)
        assert page.pager.get_nowait() == blockers


def test_emergency(pages: Examples, guarding: Callable[..., InMemoryGuard]) -> None:
    page = pages.emergency
    maintenance = guarding(page.app)
    page.convert_all(["a", "b"])
    assert page.converted == ["a", "b"]
    with maintenance.simulate.asked_to_stop(), pytest.raises(guard.JobInterrupted):
        page.convert_all(["c"])
    assert (page.converted, page.forgotten) == (["a", "b"], [2])
