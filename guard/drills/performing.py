"""Plays a scenario, step by step, and measures. Where it is played is behind `Stage`.

It stops at once for whatever is real: a window that somebody opens, an emergency, stores that do not answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from guard.core.drill_detection import detect, is_well
from guard.core.drill_scoring import ScoreCard, Seen, score
from guard.core.drills import Act
from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.drill_detection import Readings
    from guard.core.drills import Place, Scenario, Step

__all__ = ["Acknowledgements", "DrillAborted", "Moment", "Performer", "Stage", "Unseen"]

_LOOK_SECONDS = 0.25


class DrillAborted(Exception):
    """Something real has come between. The text says what."""


class Unseen(Exception):
    """What a step waits for cannot be seen here. The text says why."""


class Stage(Protocol):
    """Where a drill is played."""

    @property
    def place(self) -> Place: ...

    def interrupted(self) -> str:
        """Why the drill has to stop now; empty when it need not."""

    def inject(self) -> tuple[str, ...]:
        """Make the fault, or tell its symptoms: what people are shown."""

    def readings(self) -> Readings:
        """Take them now."""

    def close(self) -> str:
        """Open the window. What was seen, for the card. Raises `Unseen` when not everybody acknowledged."""

    def drained(self) -> bool:
        """Whether nothing is in flight. Raises `Unseen` when nobody can say."""

    def repair(self) -> None:
        """Undo the fault."""

    def open(self) -> None:
        """End the window."""

    def is_open(self) -> bool:
        """Whether every worker knows that it has ended."""

    def leave(self) -> None:
        """Leave nothing behind: end the drill's own window if it is still open, and no other one."""


class Acknowledgements(Protocol):
    """How people say that they have done something."""

    def wait_for(self, step: Step) -> None:
        """From now on somebody may acknowledge this step; nobody any more the one before."""

    def by(self, step: Step) -> str | None:
        """Who has; None: nobody yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something to show while it goes on. Of a step that ended, `seen` says how."""

    text: str
    step: Step | None = None
    seen: Seen | None = None


class Performer:
    """Plays one drill.

    Args:
        boot: seconds of a clock that never jumps.
        people: None: nobody is asked, and no step of theirs is earned.
        show: called with what happens.
    """

    def __init__(
        self,
        scenario: Scenario,
        stage: Stage,
        *,
        boot: Callable[[], float],
        sleep: Callable[[float], None],
        people: Acknowledgements | None,
        show: Callable[[Moment], None],
    ) -> None:
        self._scenario = scenario
        self._stage = stage
        self._boot = boot
        self._sleep = sleep
        self._people = people
        self._show = show
        self._facts: list[Seen] = []

    def play(self) -> ScoreCard:
        """Play it to its end, or until something real comes between.

        Raises:
            KeyboardInterrupt: it was interrupted; `card` says so, and nothing is left behind.
        """
        aborted = ""
        try:
            for step in self._scenario.steps_in(self._stage.place):
                self._require_calm()
                self._play(step)
        except DrillAborted as stop:
            aborted = str(stop)
        except GuardError as error:
            aborted = f"the guard could not go on: {error}"
        finally:
            self._stage.leave()
        return self.card(aborted)

    def card(self, aborted: str = "") -> ScoreCard:
        """What is known so far."""
        return score(self._scenario, self._stage.place, self._facts, aborted=aborted)

    def _play(self, step: Step) -> None:
        if step.is_people and self._people is None:
            return self._note(step, Seen(key=step.key, skipped=True, why="nobody was asked"))
        self._show(Moment(text=step.title, step=step))
        began = self._boot()
        by = why = ""
        try:
            if step.act is Act.ASK:
                by = self._ask(step, began)
            else:
                why = self._do(step, began)
            seconds = round(self._boot() - began, 3)
            seen = Seen(key=step.key, seconds=seconds, by=by, why=why)
        except Unseen as error:
            seen = Seen(key=step.key, why=str(error))
        return self._note(step, seen)

    def _note(self, step: Step, seen: Seen) -> None:
        self._facts.append(seen)
        self._show(Moment(text=step.title, step=step, seen=seen))

    def _do(self, step: Step, began: float) -> str:
        stage = self._stage
        if step.act is Act.DETECT:
            for symptom in stage.inject():
                self._show(Moment(text=symptom))
            return self._until(step, began, self._detected)
        if step.act is Act.CLOSE:
            return stage.close()
        if step.act is Act.REPAIR:
            stage.repair()
            return self._until(step, began, self._is_well)
        if step.act is Act.OPEN:
            stage.open()
            return self._until(step, began, lambda: "seen" if stage.is_open() else "", say=False)
        return self._until(step, began, lambda: "seen" if stage.drained() else "", say=False)

    def _detected(self) -> str:
        found = (one for one in detect(self._stage.readings()) if one.fault is self._scenario.expects)
        return ", ".join(one.why for one in found)

    def _is_well(self) -> str:
        return "all is well" if is_well(self._stage.readings(), self._scenario.expects) else ""

    def _ask(self, step: Step, began: float) -> str:
        assert self._people is not None  # noqa: S101 - only then somebody is asked
        people = self._people
        people.wait_for(step)
        return self._until(step, began, lambda: people.by(step) or "")

    def _until(self, step: Step, began: float, look: Callable[[], str], *, say: bool = True) -> str:
        while True:
            if found := look():
                return found if say else ""
            self._require_calm()
            if self._boot() - began > step.given_up_after:
                raise Unseen(f"not within {step.given_up_after:g} s")
            self._sleep(_LOOK_SECONDS)

    def _require_calm(self) -> None:
        if why := self._stage.interrupted():
            raise DrillAborted(why)
