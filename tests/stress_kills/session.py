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
_MOST_BROKEN = 20


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
    """Play it. A stand that breaks down is noted, with how, and the next one begins.

    Args:
        progress: called after each round.
    """
    tally, plans, stands = Tally(), session.plans(), 0
    with Deaths() as deaths:
        while not session.is_over(tally) and len(tally.broken) < _MOST_BROKEN:
            stands += 1
            try:
                with Stand(
                    children=session.children, ledger=stands % 2 == 0, mistake=session.mistake
                ) as stand:
                    _play_on(stand, session, plans, deaths, tally, progress)
            except Exception as error:  # noqa: BLE001 - whatever it was, what is counted is not to be lost
                tally.broken.append(f"{type(error).__name__}: {error}")
    return tally


def _play_on(
    stand: Stand,
    session: Session,
    plans: _Plans,
    deaths: Deaths,
    tally: Tally,
    progress: Callable[[Tally], None],
) -> None:
    played: list[Playing] = []
    while len(played) < session.rounds_per_stand and not session.is_over(tally):
        playing = Playing(stand, plans.next(len(played)), deaths)
        _play(playing, tally)
        played.append(playing)
        progress(tally)
    _close(stand, played, tally)
    if session.keep and tally.wrong:
        stand.keeps_folder = True
        print(f"kept: {stand.folder}")


def _play(playing: Playing, tally: Tally) -> None:
    playing.send()
    playing.end_them()
    tally.add(playing.round)
    tally.add_wrong(playing.round, playing.judge_records())
    playing.release()


def _close(stand: Stand, played: list[Playing], tally: Tally) -> None:
    """Everything must come to its end: what a killed worker had, too. Then the books are looked through."""
    with contextlib.suppress(AssertionError):  # the judge names those that have not
        eventually(lambda: all(playing.has_ended() for playing in played), within=VISIBILITY * 2)
    for playing in played:
        tally.add_wrong(playing.round, playing.look_again())
        tally.add_end(playing.round)
    books: dict[str, list[str]] = {}
    if left := len(stand.guard.parked):
        books["parked"] = [f"{left} jobs are still parked"]
    if not (verdict := stand.guard.audit.verify().verdict).intact:
        books["journal"] = [str(verdict)]
    tally.add_wrong(played[-1].round, books)
