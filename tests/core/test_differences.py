"""What differs from what a window found, what of it is undone, and what is never touched."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from guard.core.account import Account
from guard.core.configuration import drift, rows_of
from guard.core.counts import Count
from guard.core.difference import Difference, Kind, WriteRow
from guard.core.differences import differences, losses, unknowns, when_over
from guard.core.found import Consumer, Found, PlannedWindow
from guard.core.generation import Generation
from guard.core.state import GuardState
from tests.contracts.doers import closed, first
from tests.core.strategies import many
from tests.core.wording import is_worded
from tests.core.worlds import CALM, EMPTY, founds, undone

NEVER_OPEN = GuardState.first("store", 0.0)


def one_of(found: Found, now: Found) -> Difference:
    (difference,) = differences(found, now)
    return difference


@many
@given(founds(unknown=True))
def test_equal_is_no_difference(found: Found) -> None:
    assert differences(found, found) == ()


@many
@given(founds(), founds())
def test_after_the_rollback_only_what_cannot_be_undone_is_left(found: Found, now: Found) -> None:
    before = differences(found, now)
    after = now
    for one in before:
        after = undone(after, one.undo) if one.undo is not None else after
    assert not [one for one in differences(found, after) if one.undo is not None]
    assert {one.what for one in before if one.undo is None} <= {one.what for one in differences(found, after)}


@many
@given(founds(unknown=True), founds(unknown=True))
def test_what_is_unknown_is_named_and_never_undone(found: Found, now: Found) -> None:
    undo = [one.undo for one in differences(found, now) if one.undo is not None]
    said = unknowns(found, now)
    if found.configuration is None or now.configuration is None:
        assert not any(isinstance(act, WriteRow) for act in undo)
        assert any("configuration rows" in text for text in said)
    for act in undo:
        if not isinstance(act, WriteRow):
            for world in (found, now):
                assert world.consumers is not None
                assert world.consumers[act.agent_id].queues is not None
    parts = (found, now)
    blind = any(None in (one.consumers, one.plans, one.settings, one.beat) for one in parts)
    assert said or not blind


@many
@given(founds(), founds())
def test_a_rollback_never_asks_for_a_window(found: Found, now: Found) -> None:
    rows = dict(now.configuration or {})
    asked_before = drift(rows, NEVER_OPEN)
    for one in differences(found, now):
        if isinstance(one.undo, WriteRow):
            assert one.undo.key != "maintenance_mode"
            rows[one.undo.key] = one.undo.value
    assert (drift(rows, NEVER_OPEN) is None) == (asked_before is None)


@pytest.mark.parametrize(
    ("was", "now", "undo"),
    [
        ({"contact": "ops"}, {"contact": "me"}, WriteRow(key="contact", value="ops")),
        ({"contact": None}, {"contact": "me"}, WriteRow(key="contact", value=None)),
        ({"contact": "ops"}, {}, None),
        ({}, {"contact": "me"}, None),
        (
            {**CALM, "maintenance_reason": "sunday"},
            CALM,
            WriteRow(key="maintenance_reason", value="sunday"),
        ),
    ],
    ids=["changed", "was NULL", "deleted", "added", "the guides' rows too"],
)
def test_rows(was: dict[str, str | None], now: dict[str, str | None], undo: WriteRow | None) -> None:
    one = one_of(replace(EMPTY, configuration=was), replace(EMPTY, configuration=now))
    assert (one.kind, one.undo) == (Kind.ROW, undo)


@pytest.mark.parametrize("mode", ["true", "maybe", "1"])
def test_rows_that_asked_for_this_very_window_are_not_written_back(mode: str) -> None:
    wish = {**CALM, "maintenance_mode": mode, "maintenance_reason": "by hand", "contact": "ops"}
    now = {**CALM, "contact": "me"}
    one = one_of(replace(EMPTY, configuration=wish), replace(EMPTY, configuration=now))
    assert one.undo == WriteRow(key="contact", value="ops")


def test_a_row_that_is_kept_on_one_side_only_is_not_compared() -> None:
    found = replace(EMPTY, configuration={}, withheld=("contact",))
    now = replace(EMPTY, configuration={"contact": "x"})
    assert differences(found, now) == ()
    assert "contact is not kept" in unknowns(found, now)[0]


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ({"p": 1}, {}, "cancelled meanwhile"),
        ({"p": 1}, {"p": 2}, "changed meanwhile"),
        ({}, {"p": 1}, "planned meanwhile"),
    ],
)
def test_planned_windows_are_named(was: dict[str, int], now: dict[str, int], said: str) -> None:
    found, is_now = (
        replace(EMPTY, plans={name: PlannedWindow(revision=number) for name, number in plans.items()})
        for plans in (was, now)
    )
    one = one_of(found, is_now)
    assert (one.kind, one.undo) == (Kind.PLAN, None)
    assert said in one.how


def test_sessions_stay_ended() -> None:
    one = one_of(EMPTY, replace(EMPTY, generation=Generation(number=1, valid_after=5.0)))
    assert (one.kind, one.was, one.now, one.undo) == (Kind.SESSIONS, "0", "1", None)


@pytest.mark.parametrize("part", ["settings", "beat"])
def test_settings_and_beats_table_are_named(part: str) -> None:
    found, now = (replace(EMPTY, **{part: {"a": value}}) for value in ("1", "2"))  # type: ignore[arg-type]
    one = one_of(found, now)
    assert (one.what, one.was, one.now, one.undo) == ("a", "1", "2", None)


def test_what_happened_to_jobs_is_named_with_its_numbers() -> None:
    account = Account({(Count.KILLED, "x"): 2, (Count.KILLED, "y"): 1, (Count.COMPLETED, "x"): 9})
    (one,) = losses(account)
    assert (one.what, one.now, one.undo) == ("jobs killed", "3", None)
    assert losses(Account()) == ()


def test_while_open_the_rows_are_taken_as_the_end_will_leave_them() -> None:
    state = closed(first())
    rows: dict[str, str | None] = {**rows_of(state), "maintenance_reason": "by hand", "contact": "me"}
    now = replace(EMPTY, configuration=rows)
    found = replace(EMPTY, configuration={**CALM, "contact": "ops"})
    assert [one.what for one in differences(found, when_over(now, state))] == ["contact"]
    assert when_over(now, first()) == now


def test_losses_in_these_words() -> None:
    lost = losses(Account({(count, "x"): 1 for count in Count}))
    assert {one.kind for one in lost} == {Kind.JOBS}
    assert [(one.what, one.was, one.now, one.undo) for one in lost] == [
        (f"jobs {word}", "0", "1", None)
        for word in ("refused", "aborted", "interrupted", "killed", "lost", "discarded", "expired")
    ]
    for one in lost:
        is_worded("differences", one.what, one.how)


def test_every_part_that_is_unknown_in_these_words() -> None:
    blind = replace(EMPTY, configuration=None, consumers=None, plans=None, settings=None, beat=None)
    assert differences(EMPTY, blind) == differences(blind, EMPTY) == ()
    for said in (unknowns(EMPTY, blind), unknowns(blind, EMPTY)):
        assert len(said) == 5
        for text in said:
            is_worded("differences", text)
    assert unknowns(blind, blind) == unknowns(blind, EMPTY), "when it opened is said once"
    assert unknowns(EMPTY, EMPTY) == ()


def test_rows_that_are_not_kept_and_consumers_that_do_not_answer_in_these_words() -> None:
    silent = {"a": Consumer(node="w1", queues=None), "b": Consumer(node="w2", queues=("q",))}
    found = replace(EMPTY, withheld=("b", "a"), consumers=silent)
    said = unknowns(found, replace(EMPTY, withheld=("c", "a"), consumers=silent))
    assert said == (
        "the row a is not kept (a secret, or too long): nobody can say whether it has changed",
        "the row b is not kept (a secret, or too long): nobody can say whether it has changed",
        "the row c is not kept (a secret, or too long): nobody can say whether it has changed",
        "which queues w1 consumed when the window opened is unknown: it did not answer",
        "which queues w1 consumes now is unknown: it does not answer",
    )
    assert unknowns(replace(EMPTY, consumers=None), replace(EMPTY, consumers=silent)) == (
        "what the consumers were when the window opened is unknown",
    )


def test_every_difference_in_full_and_in_order() -> None:
    plans = {
        "p": PlannedWindow(revision=1, plan="{}"),
        "q": PlannedWindow(revision=1),
        "s": PlannedWindow(revision=1),
    }
    found = replace(
        EMPTY, configuration={"b": None, "c": "1", "d": "2", "e": "same"}, plans=plans,
        consumers={"i": Consumer(node="w", queues=("q",))}, beat={"x": "1", "y": "1"}, settings={"k": "1"},
    )  # fmt: skip
    now = replace(
        EMPTY,
        configuration={"a": None, "b": "1", "d": "3", "e": "same"},
        plans={
            "p": PlannedWindow(revision=2),
            "r": PlannedWindow(revision=1),
            "s": PlannedWindow(revision=1, plan="x"),
        },
        consumers={"i": Consumer(node="w", queues=())},
        beat={"y": "1", "z": "1"},
        settings={"k": "2"},
        generation=Generation(number=3, valid_after=1.0),
    )
    all_of = differences(found, now)
    assert [(one.kind.value, one.what, one.was, one.now, one.undo is not None) for one in all_of] == [
        ("configuration row", "a", None, "NULL", False),
        ("configuration row", "b", "NULL", "1", True),
        ("configuration row", "c", "1", None, False),
        ("configuration row", "d", "2", "3", True),
        ("consumer", "w, queue q", "consumed", "not consumed", True),
        ("planned window", "p", "revision 1 {}", "revision 2", False),
        ("planned window", "q", "revision 1", None, False),
        ("planned window", "r", None, "revision 1", False),
        ("beat entry", "x", "1", None, False),
        ("beat entry", "z", None, "1", False),
        ("setting", "k", "1", "2", False),
        ("sessions", "generation", "0", "3", False),
    ]
    for one in all_of:
        is_worded("differences", one.kind, one.what, one.how)


def test_before_a_window_the_rows_are_as_they_are() -> None:
    rows: dict[str, str | None] = {"contact": "me"}
    assert when_over(replace(EMPTY, configuration=None), closed(first())).configuration is None
    assert when_over(replace(EMPTY, configuration={}), closed(first())).configuration == {}
    over = when_over(replace(EMPTY, configuration=rows), closed(first())).configuration
    assert over == {"contact": "me", **rows_of(NEVER_OPEN)}


def test_what_is_unknown_says_since_when() -> None:
    names = ("the configuration rows", "the consumers", "the planned windows", "beat's table", "the settings")
    blind = replace(EMPTY, configuration=None, consumers=None, plans=None, settings=None, beat=None)
    assert unknowns(EMPTY, blind) == tuple(f"what {name} are now is unknown" for name in names)
    assert unknowns(blind, EMPTY) == tuple(
        f"what {name} were when the window opened is unknown" for name in names
    )


def test_a_row_that_is_withheld_now_is_not_compared() -> None:
    found = replace(EMPTY, configuration={"contact": "x"})
    now = replace(EMPTY, configuration={}, withheld=("contact",))
    assert differences(found, now) == ()


def test_the_row_of_the_mode_is_never_a_difference() -> None:
    found = replace(EMPTY, configuration={**CALM, "maintenance_mode": "false"})
    now = replace(EMPTY, configuration={**CALM, "maintenance_mode": "off"})
    assert differences(found, now) == ()


def test_a_plan_that_changed_is_named_after_one_that_did_not() -> None:
    found, now = (
        replace(EMPTY, plans={"p": PlannedWindow(revision=1), "q": PlannedWindow(revision=number)})
        for number in (1, 2)
    )
    assert [one.what for one in differences(found, now)] == ["q"]
