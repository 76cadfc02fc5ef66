"""Rounds on stands, until enough jobs have been killed: what the command and the tests run."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING

from tests.stress_kills.plan import draw
from tests.stress_kills.playing import Playing
from tests.stress_kills.stand import VISIBILITY, Stand
from tests.stress_kills.tally import Tally
from tests.stress_kills.watch import Deaths
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]

ROUNDS_PER_STAND = 30
_CALM_AT_THE_END = 5
"""Rounds at the end of a stand in which no worker is killed: what one had is back half a minute later."""


def run(
    *,
    kills: int,
    seed: int,
    children: int = 20,
    rounds_per_stand: int = ROUNDS_PER_STAND,
    mistake: str = "",
    calm: bool = False,
    keep: bool = False,
    progress: Callable[[Tally], None] = lambda _tally: None,
) -> Tally:
    """Play rounds until this many jobs have been killed.

    Args:
        calm: no worker is killed and Redis is not cut.
        keep: leave the folder of a stand (logs, journals) where it is once something was wrong.
        progress: called after each round.
    """
    dice, tally = random.Random(seed), Tally()
    number = stands = 0
    with Deaths() as deaths:
        while tally.kills < kills:
            with Stand(children=children, ledger=stands % 2 == 1, mistake=mistake) as stand:
                stands += 1
                played: list[Playing] = []
                for turn in range(rounds_per_stand):
                    may_kill = not calm and turn < rounds_per_stand - _CALM_AT_THE_END
                    number += 1
                    plan = draw(dice, number, children=children, may_kill_worker=may_kill, may_cut=not calm)
                    played.append(_play(Playing(stand, plan, deaths), tally))
                    progress(tally)
                    if tally.kills >= kills:
                        break
                _close(stand, played, tally)
                if keep and tally.wrong:
                    stand.keeps_folder = True
                    print(f"kept: {stand.folder}")
    return tally


def _play(playing: Playing, tally: Tally) -> Playing:
    playing.send()
    playing.end_them()
    tally.add(playing.round)
    wrong = playing.judge_records()
    playing.release()
    tally.add_wrong(playing.round, wrong)
    return playing


def _close(stand: Stand, played: list[Playing], tally: Tally) -> None:
    """Everything must come to its end: what a killed worker had, too. Then the books are looked through."""
    with contextlib.suppress(AssertionError):  # the judge names those that have not
        eventually(lambda: all(playing.has_ended() for playing in played), within=VISIBILITY * 2)
    for playing in played:
        tally.add_wrong(playing.round, playing.look_again())
    books: dict[str, list[str]] = {}
    if left := len(stand.guard.parked):
        books["parked"] = [f"{left} jobs are still parked"]
    if not (verdict := stand.guard.audit.verify().verdict).intact:
        books["journal"] = [str(verdict)]
    if books:
        tally.add_wrong(played[-1].round, books)
