"""The guard inside Flower, as `celery -A yourapp flower` starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import guard
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from tests.flower.flowers import Flower, Flowers


def test_a_window_in_the_page_the_figures_and_the_task_list(flowers: Flowers) -> None:
    shop = flowers.shop
    shop.worker("w1", concurrency=1)
    flower = flowers.start()
    flower.hears(shop)

    assert "Off: all operations run" in flower.page()
    figures = flower.figures()
    assert figures["guard_mode[off]"] == 1
    assert figures["guard_phase[inactive]"] == 1
    assert figures["guard_workers[live]"] == 1
    assert "guard_jobs_in_flight" not in figures, "nobody reports while no window is open"

    running = shop.send("mixed_job", None, 6.0)
    eventually(lambda: flower.state_of(running.id) == "STARTED", within=20)
    waiting = shop.send("mixed_job", 2, 2.0)
    eventually(lambda: flower.state_of(waiting.id) == "RECEIVED", within=20)
    shop.enable()
    with pytest.raises(guard.MaintenanceActive):
        shop.send("job", 3, task_id="a-refused-job")

    eventually(lambda: flower.state_of(waiting.id) == "PARKED", within=20)
    refused = eventually(lambda: flower.tasks().get("a-refused-job"), within=20)
    assert refused["state"] == "REFUSED"
    assert refused["name"] == "shop.job"
    assert "MaintenanceActive" in refused["exception"]

    eventually(lambda: flower.figures().get("guard_phase[draining]") == 1, within=10)
    figures = flower.figures()
    assert figures["guard_mode[normal]"] == 1
    assert figures["guard_epoch"] == shop.guard.status().epoch
    assert figures["guard_jobs_in_flight"] == 1
    assert figures["guard_jobs_parked"] == 1
    assert figures["guard_workers[acknowledged]"] == 1
    assert figures["guard_drain_blockers"] == 1
    eventually(lambda: flower.figures()["guard_window_refused_jobs"] == 1, within=10)
    page = flower.page()
    assert "Drain: 1 left" in page
    assert "acknowledged" in page
    assert running.id in page
    assert waiting.id in page

    eventually(lambda: flower.figures().get("guard_phase[active]") == 1, within=30)
    shop.guard.disable(by="tests")
    eventually(
        lambda: flower.state_of(waiting.id) in {"STARTED", "SUCCESS"}, within=40, what="its release to show"
    )
    eventually(lambda: flower.state_of(waiting.id) == "SUCCESS", within=20)
    eventually(lambda: flower.figures()["guard_mode[off]"] == 1, within=10)


def test_a_job_that_flower_publishes_itself_is_refused_with_a_reason(
    shared: tuple[Flowers, Flower],
) -> None:
    flowers, flower = shared
    flowers.shop.enable()
    eventually(lambda: flower.figures().get("guard_mode[normal]") == 1, within=10)
    answer = flower.session.post(
        f"{flower.url}/api/task/async-apply/shop.job", json={"args": [1]}, timeout=20
    )
    assert answer.status_code == 503, answer.text
    assert "maintenance" in answer.text.lower()
    assert "Traceback" not in flower.process.log
    done = flower.session.post(f"{flower.url}/api/task/async-apply/shop.free", json={"args": [1]}, timeout=20)
    assert done.status_code == 200, done.text


def test_under_a_prefix(flowers: Flowers) -> None:
    flower = flowers.start("--url-prefix=watch", check="/watch/healthcheck")
    page = flower.get("/watch/maintenance")
    assert page.status_code == 200
    assert 'action="/watch/maintenance/enable"' in page.text
    (script,) = [part.split('"')[0] for part in page.text.split('src="') if "maintenance.js" in part]
    assert flower.get(script).status_code == 200
    assert "guard_epoch" in flower.get("/watch/metrics").text
