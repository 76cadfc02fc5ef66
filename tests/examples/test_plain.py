"""The plain examples, with real workers and beat."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.examples.project import Project

DAY = Path(__file__).with_name("print_shop_day.py")


@pytest.fixture(scope="module")
def day(make_project: Callable[..., Project]) -> dict[str, Any]:
    """What a day in the print shop has shown."""
    project = make_project("plain", app="print_shop", SHOP_BROKER="BROKER", SHOP_RESULTS="RESULTS")
    with (project.folder / "print_shop" / "operations.py").open("a") as module:
        module.write('\n\n@app.task(operation="croping")\ndef misspelt() -> None: ...\n')
    worker = project.worker("w1", "-Q", "celery,bulk")
    assert "misspelt says operation='croping', which does not exist" in worker.log
    process = project.run("day", str(DAY), str(project.folder))
    eventually((project.folder / "window").exists, within=60, what=f"the window: {process.log_tail}")
    known = len(worker.log)
    project.run("beat", "-m", "celery", "-A", "print_shop", "beat")
    # a beat that has sent the one has sent the other
    eventually(lambda: worker.log[known:].count("timetable.alive[") >= 4, within=30, what="beat's jobs")
    counted = "timetable.count_sheets[" in worker.log[known:]
    (project.folder / "beaten").touch()
    process.wait(90)
    assert process.returncode == 0, process.log
    found: dict[str, Any] = json.loads(process.log.splitlines()[-1])
    eventually(lambda: "timetable.count_sheets[" in worker.log[known:], within=20, what="beat's held job")
    return {**found, "counted in the window": counted}


def test_without_a_window_all_is_as_ever(day: dict[str, Any]) -> None:
    assert day["open"][:3] == ["cat, cropped", "scan 7 by Audited, 1 seen", "3 pages stapled"]
    assert day["open"][3:] == ["3 sheets, wrapped", 0]


def test_each_task_is_refused_for_its_operation(day: dict[str, Any]) -> None:
    assert day["refused"] == {
        "crop": "image_processing",
        "bind_book": "job_creation",
        "bind_book on bulk": "batch_operations",
        "scan": "image_processing",
        "Staple": "job_creation",
        "leaflet": "job_creation",
    }
    assert day["answers"] == [503, 503]


def test_rules_let_pass_and_held_jobs_come_back(day: dict[str, Any]) -> None:
    assert day["passes"] == ["invoice 1", "4 reams"]
    assert day["held"] == ["PENDING"] * 3
    assert day["released"] == ["page 1", "atlas, bound", "page 2"]


def test_beat_goes_on_afterwards(day: dict[str, Any]) -> None:
    assert not day["counted in the window"]


def test_long_jobs_stop_and_go_on(day: dict[str, Any]) -> None:
    assert day["cleaned fewer"]
    assert 3 < day["stopped at"] < 40
    assert day["whole run"] == 40
    assert day["emergency"] == "invoicing"
