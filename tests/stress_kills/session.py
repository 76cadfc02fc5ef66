"""Rounds on stands, until enough jobs have been killed: what the command and the tests run."""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.stress_kills.plan import draw
from tests.stress_kills.playing import Playing
from tests.stress_kills.stand import VISIBILITY, Stand
from tests.stress_kills.tally import Tally
from tests.stress_kills.watch import Deaths
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stress_kills.plan import Plan

__all__ = ["ROUNDS_PER_STAND", "Session", "run"]

ROUNDS_PER_STAND = 30
_CALM_AT_THE_END = 5
"""Rounds at the end of a stand in which no worker is killed: what one had is back half a minute later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is to be done.

    Attributes:
        kills: rounds are played until signals have ended this many jobs.
        children: jobs on each of the two workers.
        rounds_per_stand: then servers and workers are started anew. Every other stand keeps a ledger.
        most_rounds: the end, however many were killed.
        mistake: one of `mistakes`, put into both workers; then the first thing that is wrong is the end.
        calm: no worker is killed and Redis is not cut.
        keep: leave the folder of a stand (logs, journals) where it is once something was wrong.
    """

    kills: int
    seed: int
    children: int = 24
    rounds_per_stand: int = ROUNDS_PER_STAND
    most_rounds: int = 1_000_000
    mistake: str = ""
    calm: bool = False
    keep: bool = False

    def is_over(self, tally: Tally) -> bool:
        """Whether that is enough."""
        if self.mistake and tally.wrong:
            return True
        return tally.kills >= self.kills or tally.rounds >= self.most_rounds

    def plans(self) -> _Plans:
        """The rounds, drawn by the seed."""
        return _Plans(self)


class _Plans:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._dice = random.Random(session.seed)
        self._number = 0

    def next(self, turn: int) -> Plan:
        """The next round; `turn` counts those of its stand."""
        may_kill = not self._session.calm and turn < self._session.rounds_per_stand - _CALM_AT_THE_END
        self._number += 1
        return draw(
            self._dice,
            self._number,
            children=self._session.children,
            may_kill_worker=may_kill,
            may_cut=not self._session.calm,
        )


def run(session: Session, *, progress: Callable[[Tally], None] = lambda _tally: None) -> Tally:
    """Play it.

    Args:
        progress: called after each round.
    """
    tally, plans, stands = Tally(), session.plans(), 0
    with Deaths() as deaths:
        while not session.is_over(tally):
            with Stand(children=session.children, ledger=stands % 2 == 1, mistake=session.mistake) as stand:
                stands += 1
                played: list[Playing] = []
                while len(played) < session.rounds_per_stand and not session.is_over(tally):
                    playing = Playing(stand, plans.next(len(played)), deaths)
                    played.append(playing)
                    goes_on = _play(playing, tally)
                    progress(tally)
                    if not goes_on:
                        break
                _close(stand, played, tally)
                if session.keep and tally.wrong:
                    stand.keeps_folder = True
                    print(f"kept: {stand.folder}")
    return tally


def _play(playing: Playing, tally: Tally) -> bool:
    """Whether this stand may go on."""
    try:
        playing.send()
        playing.end_them()
        tally.add(playing.round)
        wrong = playing.judge_records()
        playing.release()
    except AssertionError as error:
        tally.add_wrong(playing.round, {f"round {playing.round.plan.number}": [str(error)]})
        return False
    tally.add_wrong(playing.round, wrong)
    return True


def _close(stand: Stand, played: list[Playing], tally: Tally) -> None:
    """Everything must come to its end: what a killed worker had, too. Then the books are looked through."""
    whole = [playing for playing in played if playing.round.released]
    with contextlib.suppress(AssertionError):  # the judge names those that have not
        eventually(lambda: all(playing.has_ended() for playing in whole), within=VISIBILITY * 2)
    for playing in whole:
        tally.add_wrong(playing.round, playing.look_again())
    books: dict[str, list[str]] = {}
    if left := len(stand.guard.parked):
        books["parked"] = [f"{left} jobs are still parked"]
    if not (verdict := stand.guard.audit.verify().verdict).intact:
        books["journal"] = [str(verdict)]
    tally.add_wrong(played[-1].round, books)
