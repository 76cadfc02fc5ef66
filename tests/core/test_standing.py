"""The small questions of the planner."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from guard.core import changes
from guard.core.acts import End, Warn
from guard.core.generation import SessionPolicy
from guard.core.holding import Holding
from guard.core.modes import Mode, Phase
from guard.core.occurrence import Occurrence, Stage
from guard.core.scope import Scope
from guard.core.standing import DueFacts, same_time
from guard.core.terms import AtDeadline
from tests.core.one_moment import NOW, PLAN, STATE, row, standing

if TYPE_CHECKING:
    from guard.core.state import GuardState


def test_nothing_is_changed_into_what_it_is() -> None:
    now = Holding.of(STATE)
    assert standing().change_to(now) is None
    assert standing().change_to(replace(now, ends_at=NOW + 601)) is None, "but for rounding"
    assert standing().change_to(replace(now, ends_at=None)) is None, "an end cannot be taken away"


def test_only_what_differs_is_changed() -> None:
    wanted = replace(
        Holding.of(STATE),
        scope=Scope(queues=("a",)),
        sessions=SessionPolicy.INVALIDATE,
        ends_at=NOW + 1200.9,
        drain_by=NOW + 90.1,
        at_deadline=AtDeadline.ABORT,
    )
    change = standing().change_to(wanted)
    assert change is not None
    assert change.epoch == STATE.epoch
    assert change.fields == {
        "scope": Scope(queues=("a",)).to_dict(),
        "sessions": "invalidate",
        "duration": 1200,
        "drain_within": 91,
        "at_deadline": "abort",
    }
    changed = changes.change(STATE, by="x", now=NOW + 61, **change.fields)
    assert standing(changed).change_to(wanted) is None


def test_a_window_is_never_longer_than_a_week() -> None:
    change = standing().change_to(replace(Holding.of(STATE), ends_at=NOW + 9 * 86_400))
    assert change is not None
    assert change.fields == {"duration": 7 * 86_400}
    longest = changes.change(STATE, by="x", now=NOW, duration=7 * 86_400)
    assert standing(longest).change_to(replace(Holding.of(longest), ends_at=NOW + 9 * 86_400)) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, None, True),
        (None, 1.0, False),
        (1.0, None, False),
        (1.0, 2.0, True),
        (1.0, 5.999, True),
        (1.0, 6.0, False),
        (6.0, 1.0, False),
        (1.0, 7.0, False),
    ],
)
def test_the_same_time(one: float | None, other: float | None, same: bool) -> None:
    assert same_time(one, other) is same


def test_facts_without_a_word_about_sessions_or_a_program() -> None:
    facts = DueFacts(schedules=(), occurrences=(), state=STATE, now=NOW)
    assert (facts.sessions, facts.automated) == ({}, "")


def test_the_facts_are_at_hand() -> None:
    known, unknown = row(), row(schedule_id="gone")
    found = standing(STATE, known, unknown)
    assert (found.facts.state, found.state, found.now) == (STATE, STATE, NOW + 60)
    assert found.plans == {"a": PLAN, "b": PLAN}
    assert found.rows == [known], "nobody knows the plan of the other"


@pytest.mark.parametrize(
    ("phase", "mode", "is_open"),
    [
        (Phase.CLOSING, Mode.NORMAL, True),
        (Phase.VERIFYING, Mode.TEST, True),
        (Phase.RELEASING, Mode.NORMAL, False),
        (Phase.INACTIVE, None, False),
        (Phase.ACTIVE, None, False),
    ],
)
def test_whether_a_window_is_open(phase: Phase, mode: Mode | None, is_open: bool) -> None:
    found = standing(replace(STATE, phase=phase, mode=mode))
    assert found.is_open is is_open
    assert found.is_mine(row()) is is_open
    assert not found.is_mine(row(window_id="another"))


def test_who_holds_the_window_in_the_order_in_which_they_began() -> None:
    third = row(schedule_id="b", starts_at=NOW + 9)
    first = row(schedule_id="b", starts_at=NOW + 20, began_at=NOW + 1)
    second = row(starts_at=NOW + 9)
    others = [row(stage=Stage.RELEASING), row(window_id="another"), row(stage=Stage.EXPECTED)]
    assert standing(STATE, third, *others, first, second).in_window() == [first, second, third]


EMERGENCY = replace(STATE, mode=Mode.EMERGENCY)
PLAIN = Holding(mode=Mode.NORMAL, reason="why")
ESCALATES = replace(PLAIN, at_deadline=AtDeadline.ESCALATE)


@pytest.mark.parametrize(
    ("state", "mine", "others", "foreign"),
    [
        (STATE, row(wants=PLAIN), [], False),
        (EMERGENCY, row(wants=PLAIN), [], True),
        (EMERGENCY, row(wants=None), [], True),
        (EMERGENCY, row(wants=ESCALATES), [], False),
        (EMERGENCY, row(wants=PLAIN), [row(schedule_id="b", wants=ESCALATES)], False),
        (EMERGENCY, row(wants=PLAIN), [row(schedule_id="b", wants=ESCALATES, window_id="x")], True),
        (EMERGENCY, row(wants=PLAIN, found=replace(PLAIN, mode=Mode.EMERGENCY)), [], False),
        (EMERGENCY, row(wants=PLAIN, found=PLAIN), [], True),
    ],
)
def test_whose_emergency_it_is(
    state: GuardState, mine: Occurrence, others: list[Occurrence], foreign: bool
) -> None:
    assert standing(state, mine, *others).is_foreign_emergency(mine) is foreign


def test_the_reason_alone_may_differ() -> None:
    change = standing().change_to(replace(Holding.of(STATE), reason="another"))
    assert change is not None
    assert change.fields == {"reason": "another"}


def test_what_should_have_ended_ends_in_a_second() -> None:
    wanted = replace(Holding.of(STATE), ends_at=NOW - 100, drain_by=NOW - 100)
    change = standing().change_to(wanted)
    assert change is not None
    assert change.fields == {"duration": 1, "drain_within": 1}


def test_a_window_without_an_end_is_not_changed_into_what_it_is() -> None:
    state = replace(STATE, duration=None)
    assert standing(state).change_to(Holding.of(state)) is None


def test_a_length_counts_from_now_where_nobody_knows_when_it_was_opened() -> None:
    state = replace(STATE, started_at=None)
    change = standing(state).change_to(replace(Holding.of(state), ends_at=NOW + 160))
    assert change is not None
    assert change.fields == {"duration": 100}


def test_a_window_that_was_opened_at_the_first_second_of_all_time() -> None:
    state = replace(STATE, started_at=0.0)
    change = standing(state).change_to(replace(Holding.of(state), ends_at=1000.0))
    assert change is not None
    assert change.fields == {"duration": 1000}


def test_an_act_writes_the_next_revision() -> None:
    before, deed, says = row(), End(epoch=3), (Warn(kind="k", message="m"),)
    act = standing().act(before, PLAN, "ends", deed=deed, says=says, note="over")
    assert (act.by, act.what, act.before, act.deed, act.says) == (PLAN.actor, "ends", before, deed, says)
    assert act.after == replace(before, revision=1, note="over")
    assert act.after.changed_at == NOW + 60
    silent = standing().act(before, PLAN, "holds")
    assert (silent.deed, silent.says) == (None, ())


def test_an_alert_is_raised_once() -> None:
    before = row(said=("late",))
    act = standing().warn_once(before, PLAN, "waits", "it waits")
    assert act is not None
    assert (act.by, act.what, act.before, act.deed) == (PLAN.actor, "waits", before, None)
    assert act.says == (Warn(kind="waits", message="it waits"),)
    assert act.after == replace(before, revision=1, said=("late", "waits"))
    assert standing().warn_once(act.after, PLAN, "waits", "it waits") is None
