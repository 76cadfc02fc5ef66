"""How planned windows hold one window: the union, and what a person did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.acts import Change, DueAct, End, Open, Warn
from guard.core.ending import Ending
from guard.core.generation import SessionPolicy
from guard.core.keeping import Keeping
from guard.core.modes import Mode, Phase
from guard.core.occurrence import Occurrence, Stage
from guard.core.scope import EVERYTHING, Scope
from guard.core.terms import AtDeadline
from tests.core.one_moment import NOW, PLAN, STATE, WANTS, row, standing
from tests.support.planned import World, at

if TYPE_CHECKING:
    from guard.core.state import GuardState

START = at("2026-12-01 02:00")
HOUR = 3600.0


@pytest.fixture
def world() -> World:
    return World(start=at("2026-11-30 22:00"))


def test_two_plans_that_overlap_are_one_window(world: World) -> None:
    world.plan("one", at="2026-12-01 02:00", duration=2 * HOUR, scope={"operations": ["job_creation"]})
    world.plan("two", at="2026-12-01 03:00", duration=2 * HOUR, scope={"operations": ["image_processing"]})
    world.go(until=START + HOUR + 60)
    assert world.state.terms.scope.operations == ("image_processing", "job_creation")
    assert world.state.reason == "the one one; the two one"
    assert world.state.planned_end == pytest.approx(START + 3 * HOUR, abs=5)
    world.go(until=START + 2 * HOUR + 60)
    assert world.state.terms.scope.operations == ("image_processing",), "the first one has let go"
    assert world.state.reason == "the two one"
    world.go(until=START + 5 * HOUR)
    (span,) = world.spans
    assert span.ended is not None
    assert START + 3 * HOUR <= span.ended < START + 3 * HOUR + 30
    assert world.alerts == []


def test_the_scope_of_a_union_is_everything_when_one_is(world: World) -> None:
    world.plan("one", at="2026-12-01 02:00", duration=2 * HOUR, scope={"queues": ["images"]})
    world.plan("two", at="2026-12-01 02:00", duration=HOUR)
    world.go(until=START + 60)
    assert world.state.terms.scope == EVERYTHING
    assert len(world.spans) == 1
    world.go(until=START + HOUR + 60)
    assert world.state.terms.scope == Scope(queues=("images",))


def test_windows_that_touch_go_on_without_a_gap(world: World) -> None:
    world.plan("one", at="2026-12-01 02:00")
    world.plan("two", at="2026-12-01 03:00")
    world.go(until=START + 5 * HOUR)
    assert len(world.spans) == 1
    assert world.spans[0].ended == pytest.approx(START + 2 * HOUR, abs=30)


def test_a_window_opened_by_hand_is_never_ended_and_gets_its_own_shape_back(world: World) -> None:
    world.sleep(START - HOUR)
    world.enable(mode="normal", reason="by hand", by="alice", duration=1800, scope={"queues": ["images"]})
    world.plan("move", at="2026-12-01 02:00", sessions="invalidate", drain_within=60, at_deadline="abort")
    world.go(until=START + 60)
    state = world.state
    assert (state.terms.scope, state.reason) == (EVERYTHING, "by hand; the move one")
    assert state.terms.sessions is SessionPolicy.INVALIDATE
    assert state.terms.at_deadline is AtDeadline.WAIT, "no plan sets a deadline for a person's window"
    assert state.planned_end == pytest.approx(START + HOUR, abs=5)
    world.go(until=START + 3 * HOUR)
    state = world.state
    assert world.opened == [(START - HOUR, None)]
    assert (state.terms.scope, state.reason) == (Scope(queues=("images",)), "by hand")
    assert state.terms.sessions is SessionPolicy.KEEP
    assert state.planned_end == pytest.approx(START - 1800, abs=5)


def test_a_window_that_a_program_works_in_is_waited_for(world: World) -> None:
    """A change by somebody else would make the weekly optimization stop, and leave its window to nobody."""
    world.sleep(START - 600)
    window = world.enable(mode="normal", reason="Weekly optimization", by="optimization", duration=HOUR)
    world.automated = window.window_id
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 600)
    assert world.state.reason == "Weekly optimization"
    assert world.alerted == ["planned window waits"]
    world.disable(by="optimization")
    world.automated = ""
    world.go(until=START + 2 * HOUR)
    assert world.opened[1:] == [(START + 600, pytest.approx(START + HOUR, abs=31))]


def test_what_a_person_ends_is_not_opened_again(world: World) -> None:
    plan = world.plan("move", at="2026-12-01 02:00", duration=2 * HOUR)
    world.go(until=START + 600)
    world.disable(by="alice")
    world.go(until=START + 3 * HOUR)
    assert world.opened == [(START, START + 600)]
    row = world.row(plan, START)
    assert (row.stage, row.note) == (Stage.OVER, "ended by alice")


def test_what_a_person_has_changed_stays(world: World) -> None:
    world.plan("one", at="2026-12-01 02:00", duration=2 * HOUR, scope={"queues": ["images"]})
    world.plan("two", at="2026-12-01 02:00", duration=HOUR, scope={"queues": ["mail"]})
    world.go(until=START + 60)
    world.change(by="alice", reason="look here", scope={"queues": ["everything else"]})
    world.go(until=START + HOUR + 60)
    assert world.state.reason == "look here"
    assert world.state.terms.scope.queues == ("everything else",)


def test_a_planned_end_that_a_person_has_moved_counts(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 600)
    world.change(by="alice", duration=3 * HOUR)
    world.go(until=START + 4 * HOUR)
    assert world.spans[0].ended == pytest.approx(START + 3 * HOUR, abs=31)


def test_an_emergency_that_a_person_made_of_it_is_left_open(world: World) -> None:
    plan = world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 600)
    world.change(by="alice", mode="emergency")
    world.go(until=START + 5 * HOUR)
    assert world.opened == [(START, None)]
    assert world.state.mode is Mode.EMERGENCY
    assert world.alerted == ["planned window became an emergency"]
    assert world.row(plan, START).stage is Stage.OVER


def test_an_emergency_that_a_person_made_of_it_is_not_narrowed(world: World) -> None:
    world.plan("one", at="2026-12-01 02:00", scope={"queues": ["images"]})
    world.plan("two", at="2026-12-01 02:00", duration=2 * HOUR, scope={"queues": ["mail"]})
    world.go(until=START + 600)
    world.change(by="alice", mode="emergency")
    world.go(until=START + 5 * HOUR)
    assert world.state.terms.scope.queues == ("images", "mail")
    assert world.is_open


def test_an_emergency_that_its_plan_agreed_on_ends_with_it(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00", drain_within=60, at_deadline="escalate")
    world.go(until=START + 60)
    world.change(by="guard", mode="emergency")
    world.go(until=START + 2 * HOUR)
    assert world.spans[0].ended is not None


def test_no_plan_widens_an_emergency(world: World) -> None:
    world.sleep(START - 600)
    world.enable(mode="emergency", reason="fire", by="alice", duration=HOUR, scope={"queues": ["images"]})
    plan = world.plan("move", at="2026-12-01 02:00", duration=2 * HOUR)
    world.go(until=START + 600)
    assert world.state.terms.scope.queues == ("images",)
    assert world.alerted == ["planned window waits"]
    world.disable(by="alice")
    world.go(until=START + 3 * HOUR)
    assert world.opened[1:] == [(START + 600, pytest.approx(START + 2 * HOUR, abs=31))]
    assert world.row(plan, START).stage is Stage.OVER


def test_a_planned_rehearsal_gives_way_to_a_real_window(world: World) -> None:
    rehearsal = world.plan("rehearsal", at="2026-12-01 01:30", mode="test", duration=2 * HOUR)
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 60)
    assert [span.states[0].mode for span in world.spans] == [Mode.TEST, Mode.NORMAL]
    assert world.spans[0].ended == START
    assert world.row(rehearsal, START - 1800).note == "gave way to a real window"


def test_a_rehearsal_waits_for_a_real_window(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00")
    world.plan("rehearsal", at="2026-12-01 02:30", mode="test", duration=2 * HOUR)
    world.go(until=START + 4 * HOUR)
    assert [span.states[0].mode for span in world.spans] == [Mode.NORMAL, Mode.TEST]
    assert world.alerted == ["planned window waits", "planned window late"]


def test_a_rehearsal_that_a_person_opened_is_not_ended(world: World) -> None:
    world.sleep(START - 600)
    world.enable(mode="test", reason="trying", by="alice", duration=HOUR)
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 600)
    assert world.state.mode is Mode.TEST
    world.disable(by="alice")
    world.go(until=START + 900)
    assert world.state.mode is Mode.NORMAL


# -- one moment of a window from NOW until NOW + 600 ------------------------------------------------

ACTIVE = replace(STATE, phase=Phase.ACTIVE)
EMERGENCY = replace(ACTIVE, mode=Mode.EMERGENCY)
NONE = replace(STATE, phase=Phase.INACTIVE, mode=None, window_id="", duration=None)
ANOTHER = replace(ACTIVE, window_id="another")
IMAGES, MAIL = Scope(queues=("images",)), Scope(queues=("mail",))


def tell(mine: Occurrence, state: GuardState, *others: Occurrence, now: float = NOW + 60) -> DueAct | None:
    found = standing(state, mine, *others, now=now)
    return Keeping(found, Ending(found)).tell(mine, PLAN)


def told(mine: Occurrence, state: GuardState, *others: Occurrence, now: float = NOW + 60) -> DueAct:
    act = tell(mine, state, *others, now=now)
    assert act is not None
    assert (act.by, act.before) == ("schedule: weekly", mine)
    return act


def own(**changed: Any) -> Occurrence:
    """A row that opens a window of its own, which the guard was not told yet."""
    return row(**({"told": False, "window_id": row().own_window_id} | changed))


def test_it_opens_its_own_window() -> None:
    act = told(own(), NONE)
    assert act.what == "opens"
    assert act.deed == Open(window_id=own().window_id, wants=WANTS, duration=540, drain_within=None)
    assert act.after == replace(own(), told=True, revision=1)
    assert act.says == ()


@pytest.mark.parametrize(
    ("ends_in", "drain_in", "duration", "drain_within"),
    [
        (1.0, 0.5, 1, 1),
        (1.9, 1.1, 1, 2),
        (90.5, -5.0, 90, 1),
        (9 * 86_400.0, 30.0, 7 * 86_400, 30),
        (100.0, None, 100, None),
    ],
)
def test_for_how_long_it_is_opened(
    ends_in: float, drain_in: float | None, duration: int, drain_within: int | None
) -> None:
    now = NOW + 60
    drain_by = now + drain_in if drain_in is not None else None
    wants = replace(WANTS, ends_at=now + ends_in, drain_by=drain_by)
    deed = told(own(wants=wants), NONE, now=now).deed
    assert isinstance(deed, Open)
    assert (deed.wants, deed.duration, deed.drain_within) == (wants, duration, drain_within)


@pytest.mark.parametrize("ends_at", [NOW + 60.9, NOW, None])
def test_what_could_not_be_opened_in_its_time_was_missed(ends_at: float | None) -> None:
    mine = own(wants=replace(WANTS, ends_at=ends_at))
    act = told(mine, NONE)
    assert (act.what, act.deed) == ("missed", None)
    assert act.after == replace(mine, stage=Stage.MISSED, told=True, note="missed", revision=1)
    message = "planned window 'weekly' of 2027-01-15 08:00 UTC could not be opened in its time"
    assert act.says == (Warn(kind="planned window missed", message=message),)


@pytest.mark.parametrize(
    ("mine", "state"),
    [
        (own(), ANOTHER),
        (row(told=False), NONE),
        (row(told=False), ANOTHER),
        (row(told=False), replace(STATE, phase=Phase.RELEASING)),
    ],
    ids=["another has come", "what it joined is gone", "that too", "that ends"],
)
def test_it_is_decided_anew(mine: Occurrence, state: GuardState) -> None:
    act = told(mine, state)
    assert (act.what, act.deed, act.says) == ("decided anew", None, ())
    assert act.after == replace(mine, stage=Stage.EXPECTED, told=True, window_id="", wants=None, revision=1)


def test_its_own_window_that_was_ended_is_not_opened_again() -> None:
    mine = own()
    over = replace(STATE, phase=Phase.RELEASING, window_id=mine.window_id, by="ann")
    act = told(mine, over)
    assert (act.what, act.after.stage, act.after.note) == ("ended by others", Stage.RELEASING, "ended by ann")


@pytest.mark.parametrize(
    ("starts_in", "state", "what"),
    [(0.0, NONE, None), (-1.0, NONE, None), (1.0, NONE, "opens"), (0.0, None, "holds")],
)
def test_a_look_ahead_whose_start_has_come(
    starts_in: float, state: GuardState | None, what: str | None
) -> None:
    mine = own(stage=Stage.LEADING, starts_at=NOW + 60 + starts_in)
    mine = replace(mine, window_id=mine.own_window_id)
    act = tell(mine, state or replace(ACTIVE, window_id=mine.window_id))
    assert (act.what if act is not None else None) == what
    if act is not None and what == "holds":
        assert (act.deed, act.after.told) == (None, True)


def joins(wants: Any, state: GuardState = ACTIVE) -> dict[str, Any] | None:
    """What is changed of the open window so that it is what this one wants too."""
    act = told(row(told=False, wants=wants), state)
    assert act.what == "holds"
    assert act.after == replace(act.before, told=True, revision=1)
    assert act.deed is None or isinstance(act.deed, Change)
    return dict(act.deed.fields) if act.deed is not None else None


def test_a_look_ahead_that_holds_the_window_changes_nothing_of_it() -> None:
    mine = row(stage=Stage.LEADING, told=False, starts_at=NOW + 3000, wants=replace(WANTS, reason="more"))
    act = told(mine, ACTIVE)
    assert (act.what, act.deed) == ("holds", None)


def scoped(state: GuardState, scope: Scope, **terms: Any) -> GuardState:
    return replace(state, terms=replace(state.terms, scope=scope, **terms))


def test_what_it_joins_becomes_the_union() -> None:
    wants = replace(
        WANTS,
        reason="more",
        scope=MAIL,
        sessions=SessionPolicy.INVALIDATE,
        ends_at=NOW + 900,
        drain_by=NOW + 100,
        at_deadline=AtDeadline.ABORT,
    )
    shape = {"reason": "why; more", "sessions": "invalidate", "duration": 900}
    assert joins(wants, scoped(ACTIVE, IMAGES)) == {
        **shape,
        "scope": Scope(queues=("images", "mail")).to_dict(),
    }, "its deadline is the first one's"
    assert joins(wants, scoped(EMERGENCY, IMAGES)) == shape, "an emergency is not widened"
    no_end = joins(wants, scoped(replace(ACTIVE, duration=None), MAIL))
    assert no_end == {"reason": "why; more", "sessions": "invalidate"}, "nobody planned an end"
    assert joins(WANTS) is None


def test_a_look_ahead_gives_way_to_what_was_looked_ahead_to() -> None:
    ahead = scoped(ACTIVE, replace(IMAGES, crossing=NOW), sessions=SessionPolicy.INVALIDATE)
    wants = replace(WANTS, reason="more", scope=MAIL, drain_by=NOW + 100, at_deadline=AtDeadline.ABORT)
    whole = {"reason": "more", "at_deadline": "abort", "drain_within": 100}
    assert joins(wants, ahead) == {**whole, "scope": MAIL.to_dict()}
    assert joins(wants, replace(ahead, mode=Mode.EMERGENCY)) == whole
    kept = scoped(ACTIVE, replace(IMAGES, crossing=NOW))
    asks = replace(wants, sessions=SessionPolicy.INVALIDATE)
    assert joins(asks, kept) == {**whole, "scope": MAIL.to_dict(), "sessions": "invalidate"}


GOES = row(stage=Stage.ENDING, told=False, note="why it ends", wants=replace(WANTS, scope=MAIL))
STAYS = row(schedule_id="b", wants=replace(WANTS, scope=IMAGES, ends_at=NOW + 900, reason="stays"))
UNION = scoped(replace(ACTIVE, reason="why; stays", duration=900), Scope(queues=("images", "mail")))


def test_without_others_the_window_ends() -> None:
    act = told(GOES, ACTIVE)
    assert (act.what, act.says) == ("ends", ())
    assert act.after == replace(GOES, stage=Stage.RELEASING, told=True, ended_at=NOW + 60, revision=1)
    assert act.deed == End(epoch=ACTIVE.epoch, unverified=False)


@pytest.mark.parametrize(
    ("phase", "verify", "unverified"),
    [
        (Phase.ACTIVE, True, True),
        (Phase.VERIFYING, True, False),
        (Phase.ACTIVE, False, False),
        (Phase.VERIFYING, False, False),
    ],
)
def test_an_end_that_nobody_verified(phase: Phase, verify: bool, unverified: bool) -> None:
    act = told(GOES, scoped(replace(ACTIVE, phase=phase), EVERYTHING, verify=verify))
    assert act.deed == End(epoch=ACTIVE.epoch, unverified=unverified)


def test_the_window_is_left_to_those_who_stay() -> None:
    act = told(GOES, UNION, STAYS)
    assert (act.what, act.says) == ("lets go", ())
    assert act.after == replace(GOES, stage=Stage.OVER, told=True, ended_at=NOW + 60, revision=1)
    assert act.deed == Change(epoch=ACTIVE.epoch, fields={"scope": IMAGES.to_dict(), "reason": "stays"})


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"scope": EVERYTHING}, {"reason": "stays"}),
        ({"reason": "look here"}, {"scope": IMAGES.to_dict()}),
        ({"duration": 5000}, {"scope": IMAGES.to_dict(), "reason": "stays"}),
        ({"sessions": SessionPolicy.INVALIDATE}, {"scope": IMAGES.to_dict(), "reason": "stays"}),
        ({"at_deadline": AtDeadline.ABORT}, {"scope": IMAGES.to_dict(), "reason": "stays"}),
        ({"drain_within": 300}, {"scope": IMAGES.to_dict(), "reason": "stays"}),
    ],
)
def test_what_is_not_as_it_was_left_stays(changed: dict[str, Any], fields: dict[str, Any]) -> None:
    own_fields = {name: value for name, value in changed.items() if name in {"reason", "duration"}}
    terms = {name: value for name, value in changed.items() if name not in own_fields}
    state = replace(UNION, **own_fields)
    act = told(GOES, replace(state, terms=replace(state.terms, **terms)), STAYS)
    assert act.deed == Change(epoch=ACTIVE.epoch, fields=fields)


def test_what_the_one_that_goes_had_asked_for_goes_with_it() -> None:
    wants = replace(
        WANTS,
        ends_at=NOW + 900,
        sessions=SessionPolicy.INVALIDATE,
        drain_by=NOW + 100,
        at_deadline=AtDeadline.ABORT,
    )
    goes, stays = replace(GOES, wants=wants), replace(STAYS, wants=replace(WANTS, drain_by=NOW + 200))
    state = replace(
        ACTIVE,
        duration=900,
        terms=replace(
            ACTIVE.terms, drain_within=100, at_deadline=AtDeadline.ABORT, sessions=SessionPolicy.INVALIDATE
        ),
    )
    act = told(replace(goes, began_at=NOW - 1), state, stays)
    assert act.deed == Change(
        epoch=ACTIVE.epoch,
        fields={"sessions": "keep", "duration": 600, "drain_within": 200, "at_deadline": "wait"},
    )


def test_a_person_gets_the_window_back() -> None:
    found = replace(WANTS, reason="by hand", scope=IMAGES, ends_at=NOW + 300)
    goes = replace(GOES, found=found, wants=replace(GOES.wants or WANTS, reason="plan"))
    state = scoped(replace(ACTIVE, reason="by hand; plan"), Scope(queues=("images", "mail")))
    act = told(goes, state)
    assert (act.what, act.after.stage) == ("lets go", Stage.OVER)
    assert act.deed == Change(
        epoch=ACTIVE.epoch,
        fields={"scope": IMAGES.to_dict(), "reason": "by hand", "duration": 300},
    )


def test_the_rest_of_a_window_that_became_an_emergency_is_not_touched() -> None:
    act = told(GOES, replace(UNION, mode=Mode.EMERGENCY), STAYS)
    assert (act.what, act.after.stage, act.deed) == ("lets go", Stage.OVER, None)
    alone = told(GOES, EMERGENCY)
    assert alone.what == "left open"
    agreed = replace(GOES, wants=replace(WANTS, at_deadline=AtDeadline.ESCALATE))
    assert told(agreed, EMERGENCY).what == "ends"


LEADS = row(
    schedule_id="b",
    stage=Stage.LEADING,
    wants=replace(
        WANTS,
        reason="ahead",
        scope=Scope(crossing=NOW + 3000),
        ends_at=NOW + 900,
        drain_by=NOW + 5,
        at_deadline=AtDeadline.ABORT,
    ),
)


def test_a_look_ahead_keeps_the_window_for_itself() -> None:
    act = told(GOES, scoped(ACTIVE, MAIL), LEADS)
    assert (act.what, act.after.stage) == ("lets go", Stage.OVER)
    assert act.deed == Change(
        epoch=ACTIVE.epoch,
        fields={"scope": Scope(crossing=NOW + 3000).to_dict(), "reason": "ahead", "duration": 900},
    )
    assert told(GOES, EMERGENCY, LEADS).what == "left open"
    assert told(GOES, ACTIVE, replace(LEADS, wants=None)).what == "ends"


def test_a_look_ahead_does_not_count_among_those_who_stay() -> None:
    crossing = replace(LEADS, stage=Stage.OPEN)
    assert told(GOES, ACTIVE, crossing).what == "ends"
    assert told(GOES, ACTIVE, replace(STAYS, wants=None)).what == "ends"
    assert told(GOES, ACTIVE, replace(STAYS, stage=Stage.ENDING)).what == "ends"


def test_who_lets_go_of_a_window_that_is_gone_only_notes_it() -> None:
    act = told(GOES, replace(ACTIVE, phase=Phase.RELEASING))
    assert (act.what, act.after.stage, act.after.note) == ("ended by others", Stage.RELEASING, "why it ends")
    assert told(GOES, ANOTHER).after.stage is Stage.OVER
