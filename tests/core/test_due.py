"""Several beats at once, processes that die, and a whole year."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core import changes
from guard.core.due import due
from guard.core.occurrence import Stage
from guard.errors import InvalidRequest, StoreUnavailable
from tests.core.strategies import some
from tests.support.planned import World, at

START = at("2026-12-01 02:00")
HOUR = 3600.0


@pytest.fixture
def world() -> World:
    return World(start=at("2026-11-30 22:00"))


@pytest.mark.parametrize("step", range(12))
def test_another_beat_between_any_two_steps_changes_nothing(step: int) -> None:
    """A second runner does all of its work right before the n-th write of the first."""
    world = World(start=at("2026-11-30 12:00"))
    world.enable(mode="normal", reason="by hand", by="alice", duration=600, scope={"queues": ["a"]})
    world.disable(by="alice")
    world.plan("one", at="2026-12-01 02:00", look_ahead=600, notices=(HOUR,), scope={"queues": ["one"]})
    world.plan("two", at="2026-12-01 02:30", scope={"queues": ["two"]})
    count = 0

    def another() -> None:
        nonlocal count
        count += 1
        if count == step + 1:
            world.runner(world.store).run()
        else:
            world.interrupt = another

    world.interrupt = another
    world.go(until=START + 3 * HOUR)
    (_, span) = world.spans
    assert (span.began, span.ended) == (START - 600, pytest.approx(START + 1.5 * HOUR, abs=31))
    scopes = [(state.terms.scope.queues, state.terms.scope.crossing is None) for state in span.states]
    assert scopes == [
        (("one",), False), (("one",), True), (("one", "two"), True), (("two",), True), (("two",), True)
    ]  # fmt: skip
    assert len(world.notices) == 1
    assert world.alerts == []


class Died(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("step", range(14))
def test_what_a_process_that_died_left_half_done_is_done_by_the_next(step: int) -> None:
    world = World(start=START - HOUR - 60)
    world.enable(mode="normal", reason="by hand", by="alice", duration=600, scope={"queues": ["a"]})
    world.plan("one", at="2026-12-01 02:00", notices=(HOUR,), scope={"queues": ["one"]})
    world.plan("two", at="2026-12-01 02:30", scope={"queues": ["two"]})
    count = 0

    def die() -> None:
        nonlocal count
        count += 1
        if count == step + 1:
            raise Died
        world.interrupt = die

    world.interrupt = die
    while world.now < START + 3 * HOUR:
        with suppress(Died):
            world.tick()
        world.now += 30
    (span,) = world.spans
    assert span.ended is None
    assert world.state.reason == "by hand"
    assert world.state.terms.scope.queues == ("a",)
    widest = {state.terms.scope.queues for state in span.states}
    assert ("a", "one", "two") in widest
    assert len(world.notices) == 1


def test_a_decision_of_a_process_that_stood_still_is_not_carried_out(world: World) -> None:
    """It was about to open the window when its machine was put to sleep."""
    plan = world.plan("move", at="2026-12-01 02:00", notices=())
    world.sleep(START)

    def second() -> None:
        world.interrupt = die

    def die() -> None:
        raise Died

    world.interrupt = second  # the row is written, the guard not told
    with suppress(Died):
        world.tick()
    assert world.row(plan, START).told is False
    late = world.runner()
    facts = late._facts()
    late._facts = lambda: facts  # type: ignore[method-assign]
    world.sleep(START + 9 * HOUR)
    late.run()
    assert world.spans == []
    world.tick()
    assert world.spans == []
    assert world.row(plan, START).stage is Stage.MISSED


def test_an_end_that_was_decided_for_another_window_is_not_carried_out(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + HOUR - 30)
    world.sleep(START + HOUR)

    def person() -> None:
        world.disable(by="alice")
        world.enable(mode="normal", reason="mine", by="alice", duration=600)

    def second() -> None:
        world.interrupt = person

    world.interrupt = second  # the first is the row, the second the guard
    world.go(until=START + 2 * HOUR)
    assert world.state.reason == "mine"
    assert world.is_open


def test_a_plan_that_begins_from_hands_of_another_generation_of_state(world: World) -> None:
    """An emergency that replaced its window ends the occurrence, and nothing else."""
    plan = world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 60)
    world.state = replace(
        changes.change(world.state, by="eve", now=world.now, mode="emergency"), window_id="another"
    )
    world.go(until=START + 3 * HOUR)
    assert world.is_open
    assert world.row(plan, START).note == "ended, and another window has begun"


def rows_and_acts(world: World) -> list[tuple[str, float, str]]:
    return [(act.before.schedule_id, act.before.starts_at, act.what) for act in due(world.runner()._facts())]


def test_rows_are_told_apart_by_plan_and_by_start(world: World) -> None:
    for name in ("one", "two"):
        world.plan(name, at="2026-12-01 02:00", every="FREQ=DAILY;COUNT=2", notices=(23 * HOUR,))
    world.go(until=START + HOUR - 30)
    world.sleep(START + HOUR)
    day = 24 * HOUR
    assert rows_and_acts(world) == [
        ("id of one", START, "its end has come"),
        ("id of two", START, "its end has come"),
        ("id of one", START + day, "notice"),
        ("id of two", START + day, "notice"),
    ]


def half_led(world: World, **wanted: Any) -> Any:
    """A plan whose look-ahead was written, and the guard not told: its process died in between."""
    schedule = world.plan("one", at="2026-12-01 02:00", look_ahead=600, **wanted)
    world.sleep(START - 600)

    def second() -> None:
        world.interrupt = die

    def die() -> None:
        raise Died

    world.interrupt = second
    with suppress(Died):
        world.tick()
    assert world.row(schedule, START).stage is Stage.LEADING
    assert not world.row(schedule, START).told
    return schedule


def test_a_row_has_one_act_at_a_time(world: World) -> None:
    half_led(world, notices=(300.0,))
    world.sleep(START - 200)
    assert rows_and_acts(world) == [("id of one", START, "opens")]
    world.tick()
    assert len(world.notices) == 1


def test_what_the_guard_was_not_told_of_does_not_go_on(world: World) -> None:
    schedule = half_led(world, notices=())
    world.replace(schedule, cancelled_at=world.now)
    world.sleep(START + 60)
    assert rows_and_acts(world) == [("id of one", START, "withdrawn")]


# -- a year ------------------------------------------------------------------------------------------------

# What a clock on the wall shows minus UTC, by hand: the law of each zone, not a library.
CHANGES = {
    "Europe/Berlin": (at("2026-03-29 01:00"), at("2026-10-25 01:00"), 1),
    "America/New_York": (at("2026-03-08 07:00"), at("2026-11-01 06:00"), -5),
}


def starts_by_hand(zone: str, hour: int, minute: int, *, weekday: int | None) -> list[float]:
    """All starts at this local time of 2026, from the two changes of the year."""
    forward, back, winter = CHANGES[zone]
    found = []
    for day in range(365):
        midnight = at("2026-01-01 00:00") + day * 86_400
        if weekday is not None and (3 + day) % 7 != weekday:  # 2026 began on a Thursday
            continue
        local = midnight + hour * 3600 + minute * 60
        in_winter, in_summer = local - winter * HOUR, local - (winter + 1) * HOUR
        if in_summer < forward <= in_winter:
            found.append(forward)  # it does not exist: the first instant after the gap
        elif forward <= in_summer < back:
            found.append(in_summer)  # where it exists twice, the first
        else:
            found.append(in_winter)
    return found


@pytest.mark.parametrize("zone", list(CHANGES))
@pytest.mark.parametrize(
    ("rule", "hour", "minute", "weekday"),
    [("FREQ=WEEKLY;BYDAY=SU", 2, 30, 6), ("FREQ=DAILY", 1, 30, None)],
)
def test_a_year_over_both_changes_of_the_clock(
    zone: str, rule: str, hour: int, minute: int, weekday: int | None
) -> None:
    world = World(start=at("2025-12-31 12:00"))
    world.plan("p", at=f"2026-01-01 {hour:02}:{minute:02}", zone=zone, every=rule, duration=2700)
    world.go(until=at("2026-12-31 00:00"), step=900)
    expected = starts_by_hand(zone, hour, minute, weekday=weekday)
    expected = [start for start in expected if start + 2700 < world.now]
    assert len(world.spans) == len(expected)
    for (began, ended), start in zip(world.opened, expected, strict=True):
        assert start <= began < start + 900
        assert ended is not None
        assert start + 2700 <= ended < start + 3600
    assert world.alerted.count("planned window missed") == 0


outages = st.lists(
    st.tuples(st.integers(min_value=0, max_value=21 * 24), st.integers(min_value=1, max_value=100)),
    max_size=5,
)


@given(
    outages,
    st.sampled_from([0, 1800, 7200]),
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU,WE"]),
    st.booleans(),
)
@some
def test_whenever_beat_was_down(
    down: list[tuple[int, int]], look_ahead: int, rule: str, drains: bool
) -> None:
    """Three weeks over the change of the clock: each start is opened once, in its time, or missed; nothing
    is left open, no notice is given twice, and no time is without either."""
    begin = at("2026-03-16 12:00")
    world = World(start=begin, drains=drains)
    plan = world.plan(
        "p", at="2026-03-17 02:30", zone="Europe/Berlin", every=rule, duration=7200, look_ahead=look_ahead,
        notices=(24 * HOUR, HOUR),
    )  # fmt: skip
    until = begin + 21 * 86_400
    ticks = []
    while world.now < until:
        world.now += 1200
        if not any(
            begin + first * HOUR <= world.now < begin + (first + hours) * HOUR for first, hours in down
        ):
            world.tick()
            ticks.append(world.now)
    world.now = until + 6 * HOUR  # whatever the last outage was, this ends it
    world.tick()
    ticks.append(world.now)

    rows = {row.starts_at: row for row in world.store.history(plan.schedule_id, 1000)}
    counted = [start for start, row in rows.items() if row.skipped]
    for start in plan.plan.when.starts(begin, world.now - 7200):
        row = rows.get(start)
        first = next((tick for tick in ticks if start <= tick < start + 7199), None)
        if first is not None:
            assert row is not None
            assert row.began_at == first
        else:
            assert any(start < later for later in counted) if row is None else row.note == "missed"
    assert not world.is_open
    assert all(span.ended is not None for span in world.spans)
    ids = [span.window_id for span in world.spans]
    assert len(ids) == len(set(ids))
    told = [(notice.starts_at, notice.before) for _, notice in world.notices]
    assert len(told) == len(set(told))
    assert len(told) <= 2 * len(rows)


# -- the step ----------------------------------------------------------------------------------------------


def test_what_cannot_be_done_is_told_and_keeps_nothing_else_from_being_done(world: World) -> None:
    world.plan("one", at="2026-12-01 02:00", notices=())
    world.plan("two", at="2026-12-01 03:00", notices=(HOUR,))
    world.sleep(START)
    enable = world.enable

    def broken(**_: Any) -> Any:
        raise InvalidRequest("the scope is not to be had")

    world.enable = broken  # type: ignore[method-assign]
    report = world.tick()
    assert report.problems == ("schedule: one: opens: the scope is not to be had",)
    assert "schedule: two: notice" in report.done
    assert report.to_dict()["problems"] == list(report.problems)
    world.enable = enable  # type: ignore[method-assign]
    assert world.tick().done == ("schedule: one: opens",)


def test_what_nobody_saw_of_a_window_that_opened_by_itself_is_an_alert(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00", notices=())
    world.sleep(START)
    window = world._window
    world._window = lambda: replace(window(), unconfirmed=("w1@shop",), unguarded=None)  # type: ignore[method-assign]
    world.tick()
    ((_, alert),) = world.alerts
    assert alert.kind == "planned window unconfirmed"
    assert "w1@shop" in alert.message
    assert "consumers without a guard" in alert.message


def test_an_alert_that_is_not_kept_keeps_nothing_from_being_done(world: World) -> None:
    def away(_: object) -> None:
        raise StoreUnavailable("away")

    world.raise_alert = away  # type: ignore[method-assign]
    world.give = away  # type: ignore[method-assign]
    world.plan("move", at="2026-12-01 02:00", notices=(HOUR,))
    world.sleep(START - 60)
    assert world.tick().done == ("schedule: move: notice",)
    world.sleep(START + 600)
    world.tick()
    assert world.is_open


def test_a_plan_for_every_day_costs_no_more_after_years(world: World) -> None:
    """The times of a rule are counted once, and then looked up: beat asks each half minute."""
    world.plan("daily", at="2026-12-01 02:00", every="FREQ=DAILY", notices=())
    world.now = at("2031-06-01 12:00")
    world.tick()
    began = time.perf_counter()
    for _ in range(50):
        world.tick()
    assert time.perf_counter() - began < 2.0
