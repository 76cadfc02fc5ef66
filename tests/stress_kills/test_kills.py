"""Emergencies end jobs of many characters on real workers, and each record says what really happened.

CI ends a few; `make kills N=10000` is the whole of it. See docs/kills.md.
"""

from __future__ import annotations

import secrets

import pytest

from tests.stress_kills.mistakes import MISTAKES
from tests.stress_kills.screen import render
from tests.stress_kills.session import Session, run


def _seed() -> int:
    seed = secrets.randbits(32)
    print("seed", seed)
    return seed


def test_no_wrong_outcome() -> None:
    tally = run(Session(kills=1_000, seed=_seed(), children=16, most_rounds=1, calm=True))
    assert tally.wrong == []
    assert tally.broken == []
    assert tally.outcomes["killed"] >= 2
    assert tally.outcomes["completed"] >= 1
    assert tally.signals["TERM"] + tally.signals["KILL"] >= 2


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_wrong_outcome_in_a_thousand_kills() -> None:
    seed = _seed()
    tally = run(Session(kills=1_000, seed=seed, rounds_per_stand=18))
    print(render({"seed": seed, "seconds": 0, **tally.to_dict()}))
    assert tally.wrong == []
    assert tally.broken == []
    assert all(
        tally.faults[fault] for fault in ("worker killed", "guard's Redis cut", "child killed by the system")
    )
    assert {"killed", "completed", "interrupted", "lost"} <= tally.outcomes.keys()
    assert {"TERM", "KILL", "soft", "system"} <= tally.signals.keys()


FOUND_BY = {
    "recorded-too-early": (
        "after its recorded end",
        "before its process had ended",
        "recorded killed, was none",
    ),
    "killed-said-completed": ("recorded completed, was killed",),
    "completed-said-killed": ("recorded killed, was completed",),
    "signals-too-early": ("before its grace period",),
    "copy-not-dropped": ("ran 2 times, expected 1",),
    "not-given-back": ("ran 1 times, expected 2",),
    "deaf-to-the-second": ("nothing could be cleaned up",),
}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(mistake: str) -> None:
    tally = run(Session(kills=1_000, seed=_seed(), children=16, most_rounds=6, mistake=mistake, calm=True))
    found = "; ".join(what for one in tally.wrong for what in one["wrong"])
    assert any(words in found for words in FOUND_BY[mistake]), found
