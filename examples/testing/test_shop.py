"""What becomes of the shop's orders in a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import shop

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from guard import Window
    from guard.testing import FakeClock, InMemoryGuard, RecordedJobs

    Opens = Callable[..., AbstractContextManager[Window]]


def test_an_order_is_refused_with_a_time(maintenance_window: Opens) -> None:
    with maintenance_window(reason="Database upgrade", duration=600):
        status, text, headers = shop.order_caption("cat.jpg")
    assert status == 503
    assert text == "Caption generation is temporarily unavailable due to system maintenance"
    assert headers == {"Retry-After": "600"}
    assert shop.order_caption("cat.jpg")[0] == 202


@pytest.mark.maintenance(mode="emergency", reason="Fire in the server room")
def test_the_banner_tells_of_an_emergency(maintenance: InMemoryGuard) -> None:
    assert shop.banner().startswith("Emergency maintenance")
    refused = maintenance.assert_refused(shop.caption.delay, "cat.jpg")
    assert (refused.mode, refused.reason) == ("emergency", "Fire in the server room")
    maintenance.assert_accepted(shop.audit_stock.delay)


def test_an_order_waits_for_the_end(maintenance: InMemoryGuard, held_jobs: RecordedJobs) -> None:
    with maintenance.window(reason="Database upgrade"):
        job = shop.order_later("cat.jpg")
        assert held_jobs.tasks == ["shop.caption"]
        assert maintenance.assert_held(shop.caption.apply_async, ("dog.jpg",), when_closed="hold")
    maintenance.assert_released(job)


def test_retry_after_comes_nearer(maintenance: InMemoryGuard, maintenance_clock: FakeClock) -> None:
    with maintenance.window(reason="Database upgrade", duration=3600):
        maintenance_clock.advance(3000)
        assert maintenance.assert_refused(shop.caption.delay, "cat.jpg").retry_after == 600
        maintenance_clock.advance(3000)  # nobody has ended it: it stays closed
        assert maintenance.assert_refused(shop.caption.delay, "cat.jpg").retry_after == 30


def test_a_planned_window_begins_and_ends_by_itself(
    maintenance: InMemoryGuard, maintenance_clock: FakeClock
) -> None:
    start = maintenance_clock.now.replace(hour=2, minute=0, second=0, microsecond=0, year=2100)
    maintenance_clock.set(start.replace(hour=1))
    maintenance.schedule.add(
        name="reindex", reason="Reindex", by="alice", at=f"{start:%Y-%m-%d %H:%M}", duration=1800, zone="UTC"
    )
    maintenance_clock.set(start)
    maintenance.schedule.run_due()  # what beat does each minute
    assert shop.order_caption("cat.jpg")[0] == 503
    maintenance_clock.advance(1801)
    maintenance.schedule.run_due()
    assert shop.order_caption("cat.jpg")[0] == 202


def test_only_captions_are_blocked(maintenance: InMemoryGuard) -> None:
    with maintenance.window(reason="New model", scope={"operations": ["caption_generation"]}):
        maintenance.assert_refused(shop.caption.delay, "cat.jpg")
        maintenance.assert_accepted(shop.import_all.delay, ["a", "b"])


def test_unknown_is_closed(maintenance: InMemoryGuard) -> None:
    with maintenance.simulate.redis_away():
        status, _, _ = shop.order_caption("cat.jpg")
    assert status == 503
    assert shop.order_caption("cat.jpg")[0] == 202


def test_an_import_stops_when_it_is_asked_to(maintenance: InMemoryGuard) -> None:
    with maintenance.simulate.asked_to_stop():
        assert shop.import_all(["a", "b"]) == []
    assert shop.import_all(["a", "b"]) == ["a", "b"]


def test_a_silent_worker_is_named(maintenance: InMemoryGuard) -> None:
    with maintenance.simulate.worker("w1@host"), maintenance.simulate.worker("w2@host", silent=True):
        window = maintenance.enable(reason="Database upgrade", by="alice")
    assert [name.split()[0] for name in window.unconfirmed or ()] == ["w2@host"]
    assert window.proof == "time"
    maintenance.disable(by="alice")
