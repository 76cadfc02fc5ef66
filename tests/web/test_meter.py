"""What a Flask application's requests leave in the meter, and what they cost when there are many."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

import guard.api.meter
from guard.web import MaintenanceExtension
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.api.meter import Meter
    from tests.web.conftest import Gallery


@pytest.fixture
def metered(make_gallery: Callable[..., Gallery]) -> tuple[Any, Gallery]:
    """A client of an application with views that are well, fail, raise, and refuse."""
    gallery = make_gallery()
    app = Flask("metered")

    @app.route("/well", methods=["GET", "POST"])
    def well() -> str:
        return "ok"

    @app.route("/gone")
    def gone() -> tuple[str, int]:
        return "not there", 404

    @app.route("/fails")
    def fails() -> tuple[str, int]:
        return "the application's own", 503

    @app.route("/raises")
    def raises() -> str:
        raise LookupError("broken")

    MaintenanceExtension(app, gallery.guard, api=False, admin=False)
    return app.test_client(), gallery


def seen(gallery: Gallery) -> tuple[int, int, float]:
    gallery.guard.meter.flush()
    minute = int(time.time() // 60)
    watched = gallery.guard._parts.watching.watched
    found: tuple[int, int, float] = watched.requests(range(minute - 2, minute + 2))
    return found


def test_answers_and_failures_are_told(metered: tuple[Any, Gallery]) -> None:
    client, gallery = metered
    statuses = [client.get(path).status_code for path in ("/well", "/gone", "/fails", "/raises", "/nowhere")]
    assert statuses == [200, 404, 503, 500, 404]
    count, failed, seconds = seen(gallery)
    assert (count, failed) == (5, 2)
    assert 0 < seconds < 5
    assert seen(gallery)[0] == 5  # handed over once


def test_what_the_guard_refuses_has_not_failed(metered: tuple[Any, Gallery]) -> None:
    client, gallery = metered
    gallery.close("emergency")
    assert [client.post("/well").status_code for _ in range(3)] == [503] * 3
    assert seen(gallery)[:2] == (3, 0)


def test_many_requests_are_measured_in_part(
    metered: tuple[Any, Gallery], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard.api.meter, "FLUSH_SECONDS", 3600.0)
    client, gallery = metered
    for _ in range(70):
        client.get("/well")
    assert gallery.guard.meter.wanted == 0
    assert seen(gallery)[0] == guard.api.meter.MOST_MEASURED
    client.get("/well")
    assert seen(gallery)[0] == guard.api.meter.MOST_MEASURED + 1


def test_a_store_that_is_away_costs_nothing_and_is_caught_up(
    metered: tuple[Any, Gallery], monkeypatch: pytest.MonkeyPatch
) -> None:
    from guard.errors import StoreUnavailable

    client, gallery = metered
    watched = gallery.guard._parts.watching.watched

    def away(_minutes: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(watched, "add_requests", away)
        client.get("/well")
        assert not gallery.guard.meter.flush()
    assert gallery.guard.meter.flush()
    assert seen(gallery)[0] == 1


def test_a_thread_hands_over_and_ends_when_nobody_asks(
    metered: tuple[Any, Gallery], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard.api.meter, "FLUSH_SECONDS", 0.05)
    client, gallery = metered
    meter: Meter = gallery.guard.meter
    for _ in range(2):
        client.get("/well")
        assert meter._thread is not None
        eventually(lambda: meter._thread is None, what="the thread to end")
    assert seen(gallery)[0] == 2


def test_a_fork_counts_for_itself(metered: tuple[Any, Gallery], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.api.meter, "FLUSH_SECONDS", 3600.0)
    client, gallery = metered
    client.get("/well")
    pid = os.fork()
    if pid == 0:
        empty = not gallery.guard.meter._sums and gallery.guard.meter._thread is None
        os._exit(0 if empty else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert seen(gallery)[0] == 1
