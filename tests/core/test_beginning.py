"""How planned windows begin, by a clock in the hand: late, missed, announced, looked ahead to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from guard.core.acts import Notice, Warn
from guard.core.beginning import Beginning
from guard.core.generation import SessionPolicy
from guard.core.holding import Holding
from guard.core.modes import Mode, Phase
from guard.core.occurrence import Occurrence, Stage
from guard.core.planning import PlanRequest, check_plan
from guard.core.scope import EVERYTHING, Scope
from guard.core.standing import Standing
from guard.core.terms import AtDeadline, Terms
from tests.core.one_moment import NOW, STATE, standing
from tests.support.planned import World, at

if TYPE_CHECKING:
    from guard.core.acts import DueAct

START = at("2026-12-01 02:00")
HOUR = 3600.0


@pytest.fixture
def world() -> World:
    return World(start=at("2026-11-30 22:00"))


def test_a_window_opens_ends_and_is_over(world: World) -> None:
    plan = world.plan("move", at="2026-12-01 02:00", duration=HOUR, grace=10, sessions="invalidate")
    world.go(until=START + 2 * HOUR)
    (span,) = world.spans
    assert START <= span.began < START + 30
    assert span.ended is not None
    assert START + HOUR <= span.ended < START + HOUR + 30
    assert (span.by, span.ended_by) == ("schedule: move", "schedule: move")
    state = span.states[0]
    assert (state.mode, state.reason, state.terms.grace) == (Mode.NORMAL, "the move one", 10)
    assert state.terms.sessions is SessionPolicy.INVALIDATE
    assert state.planned_end is not None
    assert START + HOUR - 1 <= state.planned_end <= START + HOUR
    row = world.row(plan, START)
    assert (row.stage, row.window_id) == (Stage.OVER, span.window_id)
    assert world.alerts == []


def test_a_step_may_be_repeated(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00")
    world.sleep(START)
    assert world.tick().done == ("schedule: move: begin", "schedule: move: opens")
    before = world.state
    assert world.tick().done == ()
    assert world.state == before


def test_beat_was_down_for_less_than_the_window(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START - 600)
    world.sleep(START + 1800)
    world.go(until=START + 2 * HOUR)
    (span,) = world.spans
    assert span.began == START + 1800
    assert span.ended is not None
    assert START + HOUR <= span.ended < START + HOUR + 30, "it ends when it was to end"
    assert world.alerted == ["planned window late"]


def test_beat_was_down_for_longer_than_the_window(world: World) -> None:
    plan = world.plan("move", at="2026-12-01 02:00")
    world.sleep(START + HOUR)
    world.go(until=START + 5 * HOUR)
    assert world.spans == []
    assert world.alerted == ["planned window missed"]
    assert world.row(plan, START).stage is Stage.MISSED


def test_many_missed_windows_are_one_alert_and_the_next_one_opens(world: World) -> None:
    world.plan("daily", at="2026-12-01 02:00", every="FREQ=DAILY", notices=(HOUR,))
    world.go(until=START - 2 * HOUR)
    world.sleep(at("2026-12-08 12:00"))
    world.go(until=at("2026-12-09 12:00"))
    assert world.alerted == ["planned window missed"]
    assert "and 7 before it" in world.alerts[0][1].message
    assert [began for began, _ in world.opened] == [at("2026-12-09 02:00")]
    assert len(world.notices) == 1


def test_a_window_that_was_open_when_beat_went_down_ends_when_it_comes_back(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00")
    world.go(until=START + 60)
    world.sleep(START + 9 * HOUR)
    world.tick()
    assert world.spans[0].ended == START + 9 * HOUR
    assert len(world.spans) == 1


def test_each_notice_is_given_once(world: World) -> None:
    world.plan("move", at="2026-12-05 02:00", notices=(72 * HOUR, 24 * HOUR, HOUR))
    start = at("2026-12-05 02:00")
    world.go(until=start + 60)
    assert [(round((start - when) / HOUR), notice.before) for when, notice in world.notices] == [
        (72, 259_200),
        (24, 86_400),
        (1, 3600),
    ]
    assert "2026-12-05 02:00 UTC, in 3 days" in world.notices[0][1].message


def test_of_missed_notices_only_the_nearest_is_given(world: World) -> None:
    world.plan("move", at="2026-12-05 02:00", notices=(72 * HOUR, 24 * HOUR, HOUR))
    start = at("2026-12-05 02:00")
    world.sleep(start - 20 * HOUR)
    world.go(until=start - 10 * HOUR)
    assert [notice.before for _, notice in world.notices] == [86_400]
    assert "in 20 hours" in world.notices[0][1].message


def test_a_cancelled_plan_says_so_if_it_was_announced(world: World) -> None:
    announced = world.plan("announced", at="2026-12-01 02:00", notices=(24 * HOUR,))
    quiet = world.plan("quiet", at="2026-12-10 02:00", notices=(HOUR,))
    world.go(until=START - 2 * HOUR)
    for one in (announced, quiet):
        world.replace(one, cancelled_at=world.now)
    world.go(until=START + 2 * HOUR)
    assert [(notice.kind, notice.name) for _, notice in world.notices] == [
        ("coming", "announced"),
        ("cancelled", "announced"),
    ]
    assert world.spans == []
    assert world.row(announced, START).stage is Stage.CANCELLED


def test_a_plan_that_is_moved_and_moved_back_takes_place(world: World) -> None:
    plan = world.plan("move", at="2026-12-01 02:00", notices=(24 * HOUR,))
    world.tick()
    moved = world.replace(plan, plan=world.checked("move", at="2026-12-01 06:00", notices=(24 * HOUR,)))
    world.tick()
    world.replace(moved, plan=world.checked("move", at="2026-12-01 02:00", notices=(24 * HOUR,)))
    world.go(until=START + 60)
    assert [notice.kind for _, notice in world.notices] == [
        "coming", "cancelled", "coming", "cancelled", "coming"
    ]  # fmt: skip
    assert world.opened == [(START, None)]


def test_jobs_that_would_cross_the_start_wait_from_the_look_ahead_on(world: World) -> None:
    world.plan(
        "move", at="2026-12-01 02:00", look_ahead=1800, drain_within=300, at_deadline="abort",
        sessions="invalidate", scope={"queues": ["images"]},
    )  # fmt: skip
    world.go(until=START - 600)
    state = world.state
    assert world.spans[0].began == START - 1800
    assert state.terms.scope == Scope(queues=("images",), crossing=START)
    assert (
        "planned maintenance at 2026-12-01 02:00 UTC: jobs that would not end before it wait" in state.reason
    )
    assert (state.terms.sessions, state.drain_deadline) == (SessionPolicy.KEEP, None)
    generation = state.generation
    world.go(until=START + 60)
    state = world.state
    assert len(world.spans) == 1
    assert state.terms.scope == Scope(queues=("images",))
    assert state.reason == "the move one"
    assert world.spans[0].states[-1].phase is Phase.CLOSING, "it closes anew"
    assert state.generation.number == generation.number + 1
    assert state.drain_deadline == pytest.approx(START + 300, abs=5)
    assert state.terms.at_deadline is AtDeadline.ABORT
    world.go(until=START + 2 * HOUR)
    assert world.spans[0].ended == pytest.approx(START + HOUR, abs=31)


def test_a_look_ahead_that_a_person_ends_does_not_keep_the_window_from_beginning(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00", look_ahead=1800)
    world.go(until=START - 600)
    world.disable(by="alice")
    world.go(until=START - 60)
    assert not world.is_open
    world.go(until=START + 60)
    assert world.is_open
    assert world.state.reason == "the move one"


@pytest.mark.parametrize("when", [START - 30, START])
def test_a_look_ahead_that_is_ended_right_before_the_start(world: World, when: float) -> None:
    world.plan("move", at="2026-12-01 02:00", look_ahead=1800)
    world.go(until=START - 60)
    world.sleep(when)
    world.disable(by="alice")
    world.sleep(START)
    world.go(until=START + 60)
    assert world.is_open


def test_a_look_ahead_ends_with_its_plan(world: World) -> None:
    plan = world.plan("move", at="2026-12-01 02:00", look_ahead=1800)
    world.go(until=START - 600)
    world.replace(plan, cancelled_at=world.now)
    world.go(until=START + 60)
    assert world.opened == [(START - 1800, START - 600)]


def test_a_look_ahead_gives_way_and_comes_back(world: World) -> None:
    world.plan("late", at="2026-12-01 02:00", look_ahead=3600)
    world.plan("early", at="2026-12-01 01:15", duration=900, scope={"queues": ["images"]})
    world.go(until=START - 40 * 60)
    assert world.state.terms.scope == Scope(queues=("images",))
    world.go(until=START - 20 * 60)
    assert world.state.terms.scope.crossing == START
    world.go(until=START + 60)
    assert world.state.terms.scope == EVERYTHING
    assert len(world.spans) == 1


def test_a_missed_window_ends_its_look_ahead(world: World) -> None:
    world.plan("move", at="2026-12-01 02:00", look_ahead=1800)
    world.go(until=START - 600)
    world.sleep(START + 2 * HOUR)
    world.tick()
    assert not world.is_open
    assert world.alerted == ["planned window missed"]


# -- one moment: a plan that begins at BEGINS, for ten minutes --------------------------------------

BEGINS = at("2027-06-01 02:00")
DAILY = check_plan(
    PlanRequest(
        name="daily", reason="why", by="ops", at="2027-02-01 02:00", zone="UTC", duration=600,
        every="FREQ=DAILY",
    ),
    now=NOW,
)  # fmt: skip
CLOSED = replace(STATE, phase=Phase.INACTIVE, mode=None, window_id="", duration=None)
NEW = Occurrence(schedule_id="a", starts_at=BEGINS)
ACTIVE = replace(STATE, phase=Phase.ACTIVE)
SHAPE = Holding(mode=Mode.NORMAL, reason="why", ends_at=BEGINS + 600)


def starts(
    now: float,
    *rows: Occurrence,
    state: Any = CLOSED,
    cancelled: bool = False,
    facts: dict[str, Any] | None = None,
    **plan: Any,
) -> tuple[list[DueAct], list[DueAct]]:
    found = standing(state, *rows, now=now, **plan)
    found = Standing(replace(found.facts, **(facts or {})))
    mine = found.facts.schedules[0]
    return Beginning(found).starts_of(replace(mine, cancelled_at=now if cancelled else None))


def only(acts: list[DueAct]) -> DueAct:
    (act,) = acts
    assert act.deed is None
    assert act.after.revision == act.before.revision + 1
    assert act.after.changed_at > BEGINS - 86_400, "when it was written"
    return act


def begun(now: float = BEGINS, *rows: Occurrence, **given: Any) -> DueAct:
    begins, later = starts(now, *rows, **given)
    assert later == []
    return only(begins)


def coming(now: float, *rows: Occurrence, **given: Any) -> DueAct:
    begins, later = starts(now, *rows, **given)
    assert begins == []
    return only(later)


def ahead(**changed: Any) -> Occurrence:
    """A look-ahead that holds its own window."""
    return replace(
        NEW, **({"stage": Stage.LEADING, "window_id": NEW.own_window_id, "wants": SHAPE} | changed)
    )


def test_before_its_start_nothing_begins() -> None:
    assert starts(BEGINS - 0.1) == ([], [])
    assert starts(BEGINS - 0.1, look_ahead=0, notices=()) == ([], [])


def test_a_start_that_was_moved_by_a_second_is_withdrawn() -> None:
    act = coming(BEGINS - 100, replace(NEW, starts_at=BEGINS + 1))
    assert act.what == "withdrawn"


def test_a_start_from_before_the_plan_was_changed_still_counts() -> None:
    """Its row waits, and the plan still has that start; only new ones are not made."""
    waiting = replace(NEW, given=(60,))
    for now in (BEGINS, BEGINS + 5):
        begins, _ = starts(now, waiting, since=BEGINS + 1)
        assert [(act.what, act.before) for act in begins] == [("begin", waiting)]


def test_who_begins_is_not_looked_ahead_to_and_the_next_start_is() -> None:
    day = 86_400.0
    first = at("2027-02-01 02:00")
    plan = {name: getattr(DAILY, name) for name in ("name", "when", "since")}
    cancelled = replace(NEW, starts_at=first + day, stage=Stage.OPEN, given=())
    _, later = starts(first - 60, cancelled, **plan, notices=(3 * 86_400,))
    assert [(act.what, act.before.starts_at) for act in later] == [
        ("notice", first),
        ("notice", first + 2 * day),
    ]


def test_beginning_again_clears_what_was_noted_before() -> None:
    gone = replace(NEW, stage=Stage.CANCELLED, note="cancelled or moved", ended_at=5.0)
    after = begun(BEGINS, gone).after
    assert (after.stage, after.note, after.ended_at) == (Stage.OPEN, "", None)


def test_a_notice_that_the_plan_has_no_more_was_still_given() -> None:
    act = coming(BEGINS - 60, replace(NEW, given=(7200,)), notices=(60,))
    assert act.after.given == (7200, 60)


def test_before_the_look_ahead_nobody_waits() -> None:
    assert starts(BEGINS - 600, replace(NEW, given=(3600,)), look_ahead=300, notices=(3600,)) == ([], [])


def test_a_look_ahead_that_another_has_joined_finds_what_that_one_found() -> None:
    found = replace(SHAPE, reason="by hand")
    joined = replace(OTHERS, began_at=BEGINS + 20, found=found)
    assert begun(BEGINS + 30, ahead(window_id="w"), joined, state=ACTIVE).after.found == found


def test_a_look_ahead_that_has_to_wait_stays_one() -> None:
    mine = ahead()
    act = begun(BEGINS, mine, state=ACTIVE, facts={"automated": "w"})
    assert (act.what, act.after.stage) == ("waits", Stage.LEADING)


def test_a_start_opens_a_window_of_its_own() -> None:
    act = begun()
    assert (act.by, act.what, act.before, act.says) == ("schedule: weekly", "begin", NEW, ())
    assert act.after == replace(
        NEW,
        stage=Stage.OPEN,
        told=False,
        window_id=NEW.own_window_id,
        wants=SHAPE,
        began_at=BEGINS,
        leads=False,
        revision=1,
    )


def test_what_it_wants_of_the_window() -> None:
    terms = Terms(
        grace=7,
        drain_within=60,
        at_deadline=AtDeadline.ABORT,
        verify=True,
        sessions=SessionPolicy.INVALIDATE,
        scope=Scope(queues=("a",)),
    )
    assert begun(BEGINS + 5, terms=terms, reason="more", mode=Mode.TEST).after.wants == Holding(
        mode=Mode.TEST,
        reason="more",
        scope=Scope(queues=("a",)),
        sessions=SessionPolicy.INVALIDATE,
        ends_at=BEGINS + 600,
        drain_by=BEGINS + 65,
        at_deadline=AtDeadline.ABORT,
        grace=7,
        verify=True,
    )
    usual = {"sessions": {Mode.NORMAL: SessionPolicy.INVALIDATE}}
    for mode, policy in ((Mode.NORMAL, SessionPolicy.INVALIDATE), (Mode.TEST, SessionPolicy.KEEP)):
        wants = begun(facts=usual, mode=mode).after.wants
        assert wants is not None
        assert wants.sessions is policy


@pytest.mark.parametrize(("late", "says"), [(119.9, None), (120.0, "2 minutes"), (598.9, "10 minutes")])
def test_how_late_it_begins(late: float, says: str | None) -> None:
    act = begun(BEGINS + late)
    assert act.what == "begin"
    message = (
        f"planned window 'weekly' of 2027-06-01 02:00 UTC begins {says} late; it ends when it was planned "
        "to end"
    )
    assert act.says == ((Warn(kind="planned window late", message=message),) if says else ())


def test_a_start_that_nothing_could_open_in_its_time_was_missed() -> None:
    now = BEGINS + 599
    act = begun(now)
    assert (act.by, act.what, act.before) == ("schedule: weekly", "missed", NEW)
    assert act.after == replace(NEW, stage=Stage.MISSED, note="missed", ended_at=now, revision=1)
    message = (
        "planned window 'weekly' of 2027-06-01 02:00 UTC was missed: nothing could open it within its "
        "10 minutes"
    )
    assert act.says == (Warn(kind="planned window missed", message=message),)


def test_what_was_held_back_before_a_missed_start_is_given_back() -> None:
    act = begun(BEGINS + 599, ahead())
    assert (act.after.stage, act.after.told, act.after.note) == (Stage.ENDING, False, "missed")


def test_of_many_missed_starts_the_last_one_speaks() -> None:
    first = at("2027-02-01 02:00")
    day = 86_400.0
    kept = replace(NEW, starts_at=first + day, given=(60,))
    plan = {name: getattr(DAILY, name) for name in ("name", "when", "since")}
    now = first + 4 * day + 3600
    begins, later = starts(now, kept, **plan)
    assert later == []
    assert [(act.before.starts_at, act.after.skipped) for act in begins] == [
        (first + day, 0),
        (first + 4 * day, 4),
    ]
    assert {act.after.stage for act in begins} == {Stage.MISSED}
    assert begins[0].says == ()
    (warning,) = begins[1].says
    assert warning.message == (
        "planned window 'daily' of 2027-02-05 02:00 UTC was missed, and 4 before it: nothing could open it "
        "within its 10 minutes"
    )
    in_time, _ = starts(first + 2 * day + 60, kept, **plan)
    assert [(act.what, act.before.starts_at) for act in in_time] == [
        ("missed", first + day),
        ("begin", first + 2 * day),
    ]
    over = replace(kept, stage=Stage.OVER, starts_at=first + 3 * day)
    (after_that, _) = starts(now, over, **plan)
    assert [(act.what, act.before.starts_at) for act in after_that] == [("missed", first + 4 * day)]
    month, _ = starts(first + 40 * day + 3600, **plan)
    assert [act.after.skipped for act in month] == [30], "31 days are looked back"
    edge, _ = starts(first + 40 * day + 15, **plan)
    assert [(act.what, act.after.skipped) for act in edge] == [("missed", 29), ("begin", 0)], "to the second"
    since, _ = starts(now, **(plan | {"since": first + 3 * day}))
    assert [act.after.skipped for act in since] == [0]


@pytest.mark.parametrize(
    ("before", "given", "said"),
    [(3601, (), None), (3600, (), 3600), (3599, (3600,), None), (60, (3600,), 60), (30, (3600, 60), None)],
)
def test_notices(before: float, given: tuple[int, ...], said: int | None) -> None:
    now = BEGINS - before
    mine = replace(NEW, given=given)
    rows = (mine,) if given else ()
    begins, later = starts(now, *rows, notices=(3600, 60))
    assert begins == []
    if said is None:
        assert later == []
        return
    act = only(later)
    assert (act.by, act.what, act.before) == ("schedule: weekly", "notice", mine)
    assert act.after == replace(mine, given=(*given, said), revision=1)
    left = {3600: "1 hour", 60: "1 minute"}[said]
    assert act.says == (
        Notice(
            kind="coming",
            name="weekly",
            reason="why",
            mode="normal",
            starts_at=BEGINS,
            ends_at=BEGINS + 600,
            zone="UTC",
            before=said,
            message=f"maintenance is planned for 2027-06-01 02:00 UTC, in {left}, for 10 minutes: why",
        ),
    )


def test_of_notices_that_come_together_only_the_nearest_is_given() -> None:
    act = coming(BEGINS - 50, notices=(3600, 60, 30))
    assert act.after.given == (3600, 60)
    (notice,) = act.says
    assert isinstance(notice, Notice)
    assert notice.before == 60


def test_a_withdrawn_start_that_is_planned_again() -> None:
    gone = replace(
        NEW, stage=Stage.CANCELLED, given=(3600,), said=("waits",), note="cancelled or moved", ended_at=5.0
    )
    act = coming(BEGINS - 3600, gone, notices=(3600,))
    assert (act.what, act.before) == ("notice", gone)
    assert act.after == replace(NEW, given=(3600,), revision=1)
    assert begun(BEGINS, gone).after.note == ""


def test_the_look_ahead() -> None:
    terms = Terms(scope=Scope(queues=("a",)), grace=7, verify=True, drain_within=5)
    act = coming(BEGINS - 300, look_ahead=300, terms=terms)
    assert (act.by, act.what, act.before, act.says) == ("schedule: weekly", "look-ahead", NEW, ())
    reason = "planned maintenance at 2027-06-01 02:00 UTC: jobs that would not end before it wait; why"
    wants = Holding(
        mode=Mode.NORMAL,
        reason=reason,
        scope=Scope(queues=("a",), crossing=BEGINS),
        ends_at=BEGINS + 600,
        grace=7,
        verify=True,
    )
    assert act.after == replace(
        NEW, stage=Stage.LEADING, told=False, window_id=NEW.own_window_id, wants=wants, revision=1
    )
    long = coming(BEGINS - 300, look_ahead=300, reason="y" * 490).after.wants
    assert long is not None
    assert len(long.reason) == 500


@pytest.mark.parametrize(
    ("before", "given"),
    [
        (300.1, {}),
        (300.0, {"look_ahead": 0}),
        (300.0, {"mode": Mode.TEST}),
        (300.0, {"state": ACTIVE}),
        (300.0, {"state": replace(CLOSED, phase=Phase.RELEASING)}),
    ],
)
def test_no_look_ahead(before: float, given: dict[str, Any]) -> None:
    assert starts(BEGINS - before, **({"look_ahead": 300} | given)) == ([], [])


@pytest.mark.parametrize("mine", [replace(NEW, leads=False), ahead(), replace(NEW, stage=Stage.OPEN)])
def test_a_look_ahead_begins_once(mine: Occurrence) -> None:
    assert starts(BEGINS - 300, mine, look_ahead=300) == ([], [])


def test_a_notice_is_given_beside_the_look_ahead() -> None:
    act = coming(BEGINS - 300, ahead(), look_ahead=300, notices=(600,))
    assert (act.what, act.after.stage, act.after.given) == ("notice", Stage.LEADING, (600,))


@pytest.mark.parametrize("cancelled", [True, False])
def test_what_is_planned_no_more_is_withdrawn(cancelled: bool) -> None:
    now = BEGINS - 1000
    off = 0.0 if cancelled else 60.0
    mine = replace(NEW, starts_at=BEGINS + off, given=(3600,))
    act = coming(now, mine, cancelled=cancelled)
    assert (act.by, act.what, act.before) == ("schedule: weekly", "withdrawn", mine)
    assert act.after == replace(
        mine, stage=Stage.CANCELLED, note="cancelled or moved", ended_at=now, revision=1
    )
    (notice,) = act.says
    assert isinstance(notice, Notice)
    when = "2027-06-01 02:00 UTC" if cancelled else "2027-06-01 02:01 UTC"
    assert notice.message == f"the maintenance planned for {when} will not take place then"
    assert (notice.kind, notice.before) == ("cancelled", None)
    quiet = coming(now, replace(mine, given=()), cancelled=cancelled)
    assert quiet.says == ()
    leads = coming(now, replace(mine, stage=Stage.LEADING), cancelled=cancelled)
    assert (leads.after.stage, leads.after.told) == (Stage.ENDING, False)
    assert coming(BEGINS + off, mine, cancelled=True).says == (), "it should have begun by now"


def test_a_cancelled_plan_begins_nothing() -> None:
    assert starts(BEGINS, cancelled=True, notices=(60,), look_ahead=60) == ([], [])
    assert starts(BEGINS, replace(NEW, stage=Stage.OPEN), cancelled=True) == ([], [])


# -- a window is open when it is to begin ------------------------------------------------------------

OTHERS = Occurrence(
    schedule_id="b", starts_at=BEGINS - 60, stage=Stage.OPEN, window_id="w", wants=replace(SHAPE, reason="b")
)


def test_it_joins_what_a_person_opened() -> None:
    act = begun(state=ACTIVE)
    assert (act.after.window_id, act.after.found) == ("w", Holding.of(ACTIVE))
    assert (act.after.attempt, act.after.wants) == (0, SHAPE)


def test_it_joins_what_another_plan_opened() -> None:
    assert begun(BEGINS, OTHERS, state=ACTIVE).after.found is None
    found = replace(SHAPE, reason="by hand")
    assert begun(BEGINS, replace(OTHERS, found=found), state=ACTIVE).after.found == found


def test_its_own_look_ahead_becomes_the_window() -> None:
    mine = ahead(told=True)
    act = begun(BEGINS, mine, state=replace(ACTIVE, window_id=mine.window_id))
    assert (act.what, act.after.window_id, act.after.found) == ("begin", mine.window_id, None)
    assert act.after.attempt == 0


def test_where_somebody_has_ended_its_look_ahead_its_window_is_another() -> None:
    act = begun(BEGINS, ahead(attempt=2))
    assert act.after.attempt == 3
    assert act.after.window_id == act.after.own_window_id


def waits(why: str, *rows: Occurrence, **given: Any) -> None:
    act = begun(BEGINS, *rows, **given)
    message = (
        f"planned window 'weekly' of 2027-06-01 02:00 UTC cannot begin: {why}; it begins when the open "
        "window ends"
    )
    assert (act.by, act.what, act.before) == ("schedule: weekly", "waits", NEW)
    assert act.after == replace(NEW, said=("waits",), revision=1)
    assert act.says == (Warn(kind="planned window waits", message=message),)
    begins, later = starts(BEGINS, act.after, *rows, **given)
    assert (begins, later) == ([], []), "it is said once"


def test_when_it_has_to_wait() -> None:
    waits("a program works in a window of its own, and would stop", state=ACTIVE, facts={"automated": "w"})
    rehearsal = "a rehearsal and a real window cannot be one"
    waits(rehearsal, state=replace(ACTIVE, mode=Mode.TEST))
    waits(rehearsal, state=ACTIVE, mode=Mode.TEST)
    waits(rehearsal, OTHERS, state=ACTIVE, mode=Mode.TEST)
    emergency = replace(
        ACTIVE, mode=Mode.EMERGENCY, terms=replace(ACTIVE.terms, scope=Scope(queues=("images",)))
    )
    waits("the emergency that is on would end jobs that it leaves alone now", state=emergency)


def test_it_joins_an_emergency_that_covers_it() -> None:
    emergency = replace(ACTIVE, mode=Mode.EMERGENCY)
    assert begun(state=emergency).what == "begin"
    narrow = replace(emergency, terms=replace(ACTIVE.terms, scope=Scope(queues=("a", "b"))))
    assert begun(state=narrow, terms=Terms(scope=Scope(queues=("a",)))).what == "begin"


def test_rehearsals_join_each_other() -> None:
    assert begun(state=replace(ACTIVE, mode=Mode.TEST), mode=Mode.TEST).what == "begin"


def test_a_withdrawn_start_that_has_to_wait_is_expected_again() -> None:
    act = begun(
        BEGINS, replace(NEW, stage=Stage.CANCELLED, said=("late",)), state=ACTIVE, facts={"automated": "w"}
    )
    assert (act.after.stage, act.after.said) == (Stage.EXPECTED, ("late", "waits"))


def test_planned_rehearsals_give_way() -> None:
    test = replace(ACTIVE, mode=Mode.TEST)
    ending = replace(OTHERS, stage=Stage.ENDING, starts_at=BEGINS - 30)
    act = begun(BEGINS, OTHERS, ending, state=test)
    assert (act.by, act.what, act.before, act.says) == ("schedule: weekly", "gives way", OTHERS, ())
    assert act.after == replace(
        OTHERS, stage=Stage.ENDING, told=False, note="gave way to a real window", revision=1
    )
    by_hand = replace(OTHERS, found=Holding.of(test))
    assert begun(BEGINS, by_hand, state=test).what == "waits"
