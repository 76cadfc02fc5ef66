"""The performer on a stage of the test's own, with a clock that goes on when somebody waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from guard.core.drill_detection import Readings
from guard.core.drill_scenarios import SCENARIOS
from guard.core.drills import Place
from guard.drills.performing import Moment, Performer, Unseen
from guard.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.drill_scoring import ScoreCard
    from guard.core.drills import Scenario, Step

SCENARIO = SCENARIOS["system-failure"]


@dataclass
class Scene:
    """Everything goes well, unless the test says otherwise. `drained_at` and so on: seconds on the clock."""

    place: Place = Place.DEMO
    now: float = 0.0
    seen_at: float = 2.0
    drained_at: float = 0.0
    stop_at: float = 1e9
    stop_why: str = "a normal window is open"
    fault: bool = False
    left: int = 0
    calls: list[str] = field(default_factory=list)
    unseen: str = ""
    error: BaseException | None = None

    def boot(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def interrupted(self) -> str:
        return self.stop_why if self.now >= self.stop_at else ""

    def inject(self) -> tuple[str, ...]:
        self.fault = True
        self.calls.append("inject")
        return ("redis is gone",)

    def readings(self) -> Readings:
        shown = self.fault and self.now >= self.seen_at
        return Readings(stores_answer=not shown, silent_workers=0)

    def close(self) -> str:
        self.calls.append("close")
        if self.error is not None:
            raise self.error
        if self.unseen:
            raise Unseen(self.unseen)
        return "2 workers"

    def drained(self) -> bool:
        return self.now >= self.drained_at

    def repair(self) -> None:
        self.fault = False
        self.calls.append("repair")

    def open(self) -> None:
        self.calls.append("open")

    def is_open(self) -> bool:
        return True

    def leave(self) -> None:
        self.left += 1


@dataclass
class People:
    """Each step is acknowledged so many seconds after it was shown; None: never."""

    scene: Scene
    after: Callable[[Step], float | None]
    shown: dict[str, float] = field(default_factory=dict)

    def wait_for(self, step: Step) -> None:
        self.shown[step.key] = self.scene.now

    def by(self, step: Step) -> str | None:
        seconds = self.after(step)
        return "alice" if seconds is not None and self.scene.now - self.shown[step.key] >= seconds else None


def play(
    scene: Scene,
    after: Callable[[Step], float | None] | None = lambda _step: 1.0,
    scenario: Scenario = SCENARIO,
) -> ScoreCard:
    people = People(scene, after) if after is not None else None
    moments: list[Moment] = []
    performer = Performer(
        scenario, scene, boot=scene.boot, sleep=scene.sleep, people=people, show=moments.append
    )
    return performer.play()


def outcomes(card: ScoreCard) -> dict[str, str]:
    return {line.key: line.outcome for line in card.lines}


def test_who_does_everything_in_time_earns_everything() -> None:
    scene = Scene()
    card = play(scene)
    assert (card.percent, card.level) == (100.0, "expert")
    assert scene.calls == ["inject", "repair", "close", "open"]
    assert scene.left == 1
    assert card.lines[0].seconds == 2.0
    assert card.lines[0].why == "a store does not answer"
    assert {line.by for line in card.lines if line.who != "guard"} == {"alice"}


def test_unattended_earns_what_the_guard_does_and_shows_the_rest_as_skipped() -> None:
    scene = Scene()
    card = play(scene, None)
    people = sum(line.points for line in card.lines if line.who != "guard")
    assert card.earned == card.possible - people
    assert card.percent is not None
    assert card.percent < 60
    skipped = {line.key for line in card.lines if line.outcome == "skipped"}
    assert skipped == {"assess", "decide", "check", "review"}
    assert scene.calls == ["inject", "repair", "close", "open"]


def test_nobody_answers_and_the_drill_goes_on() -> None:
    scene = Scene()
    card = play(scene, lambda step: None if step.key == "assess" else 1.0)
    assert outcomes(card)["assess"] == "not seen"
    assert scene.now >= 600
    assert outcomes(card)["decide"] == "in time"


@pytest.mark.parametrize(("after", "outcome"), [(300.0, "in time"), (301.0, "late"), (600.0, "late")])
def test_people_are_judged_by_their_time(after: float, outcome: str) -> None:
    card = play(Scene(), lambda step: after if step.key == "assess" else 1.0)
    assert outcomes(card)["assess"] == outcome


def test_what_is_never_seen_earns_nothing_and_is_named() -> None:
    scene = Scene(seen_at=1e9, unseen="unconfirmed: w1")
    card = play(scene)
    assert outcomes(card)["detect"] == outcomes(card)["close"] == "not seen"
    assert next(line.why for line in card.lines if line.key == "close") == "unconfirmed: w1"
    assert card.seconds["detected"] is None


def test_a_slow_drain_is_late() -> None:
    card = play(Scene(drained_at=700.0))
    assert outcomes(card)["drain"] == "late"


@pytest.mark.parametrize("at", [0.0, 1.0, 3.0])
def test_something_real_stops_it_at_once(at: float) -> None:
    scene = Scene(stop_at=at)
    card = play(scene)
    assert card.aborted == "a normal window is open"
    assert card.percent is None
    assert scene.left == 1
    assert scene.now < at + 1.0
    assert "close" not in scene.calls
    assert outcomes(card)["open"] == "not reached"


def test_an_error_of_the_guard_aborts_it() -> None:
    scene = Scene(error=StoreUnavailable("the SQL store did not answer"))
    card = play(scene)
    assert "did not answer" in card.aborted
    assert scene.left == 1


def test_an_interruption_leaves_nothing_behind() -> None:
    scene = Scene(error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        play(scene)
    assert scene.left == 1


def test_in_a_rehearsal_nothing_is_repaired() -> None:
    scene = Scene(place=Place.REHEARSAL)
    card = play(scene)
    assert "repair" not in scene.calls
    assert "repair" not in outcomes(card)
    assert card.percent == 100.0
