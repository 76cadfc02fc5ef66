"""How planned windows end: extended, unfinished, by others, with a release that stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.core.acts import Change, DueAct, Warn
from guard.core.alerts import Severity
from guard.core.ending import Ending
from guard.core.modes import Mode, Phase
from guard.core.occurrence import Occurrence, Stage
from guard.core.terms import AtDeadline
from tests.core.one_moment import NOW, PLAN, STATE, WANTS, row, standing
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


# -- one moment of a window from NOW until NOW + 600 ------------------------------------------------

END = NOW + 600
ACTIVE = replace(STATE, phase=Phase.ACTIVE)
RELEASING = replace(STATE, phase=Phase.RELEASING)
EMERGENCY = replace(ACTIVE, mode=Mode.EMERGENCY)


def go_on(
    mine: Occurrence, state: Any = ACTIVE, *others: Occurrence, now: float = END, **plan: Any
) -> DueAct | None:
    ending = Ending(standing(state, mine, *others, now=now, **plan))
    return ending.go_on(mine, replace(PLAN, **plan))


def ended_by_others(mine: Occurrence, state: Any = RELEASING, note: str = "") -> DueAct:
    return Ending(standing(state, mine)).ended_by_others(mine, PLAN, note)


def written(act: DueAct | None, before: Occurrence) -> dict[str, Any]:
    """What an act changes in the row."""
    assert act is not None
    assert (act.before, act.by, act.after.revision) == (before, "schedule: weekly", before.revision + 1)
    names = before.__dataclass_fields__.keys() - {"revision", "changed_at"}
    return {
        name: getattr(act.after, name) for name in names if getattr(act.after, name) != getattr(before, name)
    }


@pytest.mark.parametrize(
    ("mine", "now"),
    [
        (row(), END - 0.1),
        (row(wants=replace(WANTS, ends_at=None)), END),
        (row(stage=Stage.LEADING), END),
        (row(stage=Stage.EXPECTED), END),
        (row(stage=Stage.ENDING, window_id="another"), END),
    ],
)
def test_nothing_is_due(mine: Occurrence, now: float) -> None:
    assert go_on(mine, now=now) is None


def test_its_end_has_come() -> None:
    mine = row()
    act = go_on(mine)
    assert written(act, mine) == {"stage": Stage.ENDING, "told": False}
    assert act is not None
    assert (act.what, act.deed, act.says) == ("its end has come", None, ())


OTHER = row(schedule_id="b", wants=replace(WANTS, ends_at=NOW + 9000))


@pytest.mark.parametrize(
    ("duration", "mine", "others", "ends"),
    [
        (None, row(), [], True),
        (601, row(), [], True),  # but for rounding
        (605, row(), [], False),
        (700, row(), [], False),
        (700, row(), [replace(OTHER, stage=Stage.LEADING)], False),
        (700, row(), [OTHER], True),
        (700, row(found=WANTS), [], True),
        (500, row(), [], True),  # it should have ended before
    ],
)
def test_an_end_that_a_person_has_moved(
    duration: int | None, mine: Occurrence, others: list[Occurrence], ends: bool
) -> None:
    act = go_on(mine, replace(ACTIVE, duration=duration), *others)
    assert (act is not None) is ends


def test_an_end_that_was_moved_to_now_has_come() -> None:
    mine = row(wants=replace(WANTS, ends_at=NOW + 500))
    assert go_on(mine) is not None
    assert go_on(mine, now=END - 0.1) is None


def test_an_emergency_is_left_open() -> None:
    mine = row()
    act = go_on(mine, EMERGENCY)
    note = "left open: it has become an emergency"
    assert written(act, mine) == {"stage": Stage.OVER, "ended_at": END, "note": note}
    assert act is not None
    assert (act.what, act.deed) == ("left open", None)
    message = (
        "planned window 'weekly' has become an emergency: it is not ended by its plan; "
        "`maintenance disable` ends it"
    )
    assert act.says == (Warn(kind="planned window became an emergency", message=message),)
    untold = row(told=False)
    assert written(go_on(untold, EMERGENCY), untold)["told"] is True


@pytest.mark.parametrize(
    ("mine", "others"),
    [
        (row(), [OTHER]),
        (row(found=WANTS), []),
        (row(wants=replace(WANTS, at_deadline=AtDeadline.ESCALATE)), []),
    ],
)
def test_who_leaves_an_emergency_to_others_just_ends(mine: Occurrence, others: list[Occurrence]) -> None:
    act = go_on(mine, EMERGENCY, *others)
    assert act is not None
    assert act.what == "its end has come"


def test_a_person_is_reminded_once_to_end_it() -> None:
    mine = row()
    act = go_on(mine, auto_end=False)
    assert written(act, mine) == {"said": ("planned end",)}
    message = "the planned end of 'weekly' has come; it was agreed that a person ends it"
    assert act is not None
    assert act.says == (Warn(kind="planned end", message=message),)
    assert go_on(act.after, auto_end=False) is None


VERIFY = replace(ACTIVE, terms=replace(ACTIVE.terms, verify=True))


@pytest.mark.parametrize(
    ("state", "left"),
    [
        (STATE, "its workers are not drained"),
        (replace(STATE, phase=Phase.DRAINING), "its workers are not drained"),
        (replace(VERIFY, phase=Phase.DRAINING), "its workers are not drained"),
        (replace(VERIFY, phase=Phase.VERIFYING), "it is still being verified"),
        (VERIFY, "nobody has verified it"),
        (ACTIVE, ""),
        (replace(STATE, mode=Mode.TEST), ""),
        (replace(VERIFY, mode=Mode.TEST), ""),
    ],
)
def test_what_is_not_done_yet(state: Any, left: str) -> None:
    act = go_on(row(), state)
    assert act is not None
    assert act.after.note == left
    message = f"planned window 'weekly' ends as planned although {left}: jobs go back"
    assert act.says == ((Warn(kind="planned window unfinished", message=message),) if left else ())


@pytest.mark.parametrize(
    ("late", "extensions", "most", "times"),
    [
        (0, 0, 1, 1),
        (0, 0, 0, 0),
        (0, 1, 2, 1),
        (0, 2, 2, 0),
        (59, 0, 2, 1),
        (60, 0, 2, 2),
        (60, 0, 1, 0),
        (200, 0, 4, 4),
    ],
)
def test_how_often_it_is_extended(late: float, extensions: int, most: int, times: int) -> None:
    mine = row(extensions=extensions)
    state = replace(STATE, duration=600)
    act = go_on(mine, state, now=END + late, extend_by=60, max_extensions=most)
    assert act is not None
    if not times:
        assert act.what == "its end has come"
        return
    ends_at = END + 60 * times
    assert written(act, mine) == {
        "wants": replace(WANTS, ends_at=ends_at),
        "extensions": extensions + times,
    }
    assert act.what == "extended"
    assert act.deed == Change(epoch=STATE.epoch, fields={"duration": 600 + 60 * times})
    message = (
        f"planned window 'weekly' is extended to 2027-01-15 08:{10 + times} UTC: its workers are not drained"
    )
    assert act.says == (Warn(kind="planned window extended", message=message, severity=Severity.INFO),)


@pytest.mark.parametrize(
    ("duration", "fields"), [(None, {"duration": 660}), (500, {"duration": 660}), (9000, None)]
)
def test_an_extension_never_makes_a_window_shorter(
    duration: int | None, fields: dict[str, Any] | None
) -> None:
    state = replace(STATE, duration=duration)
    act = go_on(row(), state, OTHER, extend_by=60, max_extensions=1)
    assert act is not None
    assert act.what == "extended"
    assert act.deed == (Change(epoch=STATE.epoch, fields=fields) if fields else None)


def test_what_is_done_is_not_extended() -> None:
    act = go_on(row(), extend_by=60, max_extensions=9)
    assert act is not None
    assert act.what == "its end has come"


GIVES_BACK = row(stage=Stage.RELEASING, ended_at=NOW)


@pytest.mark.parametrize(
    "state",
    [replace(RELEASING, window_id="another"), replace(RELEASING, phase=Phase.INACTIVE, mode=None)],
)
def test_a_release_is_over(state: Any) -> None:
    act = go_on(GIVES_BACK, state, now=NOW)
    assert written(act, GIVES_BACK) == {"stage": Stage.OVER}
    assert act is not None
    assert (act.what, act.deed, act.says) == ("over", None, ())


def test_a_release_that_takes_ten_minutes_is_told_once() -> None:
    assert go_on(GIVES_BACK, RELEASING, now=NOW + 599.9) is None
    act = go_on(GIVES_BACK, RELEASING, now=NOW + 600)
    assert written(act, GIVES_BACK) == {"said": ("release stays",)}
    message = (
        "planned window 'weekly' has ended, and not all of its parked jobs have gone back since: "
        "see `maintenance parked`"
    )
    assert act is not None
    assert act.says == (Warn(kind="release stays", message=message),)
    assert go_on(act.after, RELEASING, now=NOW + 900) is None
    assert go_on(replace(GIVES_BACK, ended_at=None), RELEASING, now=NOW + 9000) is None


def test_a_look_ahead_that_others_ended_is_withdrawn_and_its_window_still_begins() -> None:
    mine = row(stage=Stage.LEADING, told=False)
    act = ended_by_others(mine)
    assert written(act, mine) == {
        "stage": Stage.EXPECTED,
        "told": True,
        "window_id": "",
        "wants": None,
        "leads": False,
    }
    assert (act.what, act.deed, act.says) == ("look-ahead ended", None, ())
    own = replace(mine, window_id=mine.own_window_id, attempt=2)
    own = replace(own, window_id=own.own_window_id)
    assert ended_by_others(own).after.attempt == 3, "its next window gets another id"
    gone = row(stage=Stage.LEADING)
    assert go_on(gone, replace(ACTIVE, window_id="another")) is not None


@pytest.mark.parametrize(
    ("mine", "state", "given", "stage", "note"),
    [
        (row(), RELEASING, "", Stage.RELEASING, "ended by ops"),
        (row(), replace(RELEASING, phase=Phase.INACTIVE, mode=None), "", Stage.OVER, "ended by ops"),
        (
            row(),
            replace(RELEASING, window_id="x"),
            "",
            Stage.OVER,
            "ended, and another window has begun",
        ),
        (row(), RELEASING, "given", Stage.RELEASING, "given"),
        (row(), replace(RELEASING, window_id="x", by="guard"), "given", Stage.OVER, "given"),
        (
            row(stage=Stage.ENDING),
            replace(RELEASING, by="guard"),
            "",
            Stage.RELEASING,
            "ended by guard",
        ),
    ],
)
def test_what_is_noted_when_others_end_it(
    mine: Occurrence, state: Any, given: str, stage: Stage, note: str
) -> None:
    mine = replace(mine, told=False)
    act = ended_by_others(mine, state, given)
    assert written(act, mine) == {"stage": stage, "told": True, "ended_at": NOW + 60, "note": note}
    assert (act.what, act.deed, act.says) == ("ended by others", None, ())


def test_a_drain_that_missed_its_deadline_is_told() -> None:
    for given in ("", "given"):
        act = ended_by_others(row(), replace(RELEASING, by="guard"), given)
        assert act.after.note == "ended because its drain missed its deadline"
        message = (
            "planned window 'weekly' was ended because its drain missed its deadline, as agreed: "
            "nothing was forced, jobs go back"
        )
        assert act.says == (Warn(kind="drain missed its deadline", message=message),)
    found = go_on(row(), RELEASING)
    assert found is not None
    assert (found.what, found.after.note) == ("ended by others", "ended by ops")
