"""How planned windows end: extended, unfinished, by others, with a release that stays."""

from __future__ import annotations

import pytest

from guard.core.alerts import Severity
from guard.core.occurrence import Stage
from tests.support.planned import World, at

START = at("2026-12-01 02:00")
HOUR = 3600.0


@pytest.fixture
def world() -> World:
    return World(start=at("2026-11-30 22:00"))


def test_it_is_extended_while_the_drain_goes_on(world: World) -> None:
    world.drains = False
    plan = world.plan("move", at="2026-12-01 02:00", extend_by=1800, max_extensions=2)
    world.go(until=START + HOUR + 60)
    assert world.state.planned_end == pytest.approx(START + 1.5 * HOUR, abs=5)
    world.go(until=START + 3 * HOUR)
    (span,) = world.spans
    assert span.ended == pytest.approx(START + 2 * HOUR, abs=31)
    assert world.alerted == [
        "planned window extended", "planned window extended", "planned window unfinished"
    ]  # fmt: skip
    assert world.alerts[0][1].severity is Severity.INFO
    assert "its workers are not drained" in world.alerts[2][1].message
    assert world.row(plan, START).extensions == 2


def test_an_extension_counts_from_the_end_when_beat_was_down(world: World) -> None:
    world.drains = False
    world.plan("move", at="2026-12-01 02:00", extend_by=600, max_extensions=3)
    world.go(until=START + 60)
    world.sleep(START + HOUR + 700)
    world.tick()
    assert world.is_open
    world.go(until=START + 3 * HOUR)
    assert world.spans[0].ended == pytest.approx(START + HOUR + 1800, abs=31)


def test_a_window_that_nobody_verified_ends_with_an_alert(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00", verify=True)
    world.go(until=START + 2 * HOUR)
    assert world.spans[0].ended is not None
    assert world.alerted == ["planned window unfinished"]
    assert "nobody has verified it" in world.alerts[0][1].message


def test_it_may_be_agreed_that_a_person_ends_it(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00", auto_end=False)
    world.go(until=START + 9 * HOUR)
    assert world.is_open
    assert world.alerted == ["planned end"]


def test_a_window_that_its_drain_ended_is_told(world: World) -> None:
    world.drains = False
    plan = world.plan("move", at="2026-12-01 02:00", drain_within=60, at_deadline="abort")
    world.go(until=START + 60)
    world.disable(by="guard")
    world.go(until=START + 120)
    assert world.alerted == ["drain missed its deadline"]
    assert world.row(plan, START).stage is Stage.OVER


def test_a_release_that_stays_is_told_once_and_ends(world: World) -> None:
    world.releases = False
    plan = world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + HOUR + 300)
    assert world.row(plan, START).stage is Stage.RELEASING
    assert world.alerts == []
    world.go(until=START + 2 * HOUR)
    assert world.alerted == ["release stays"]
    assert world.row(plan, START).stage is Stage.RELEASING
    world.finish()
    world.tick()
    assert world.row(plan, START).stage is Stage.OVER
