"""Figures of a sweep, and when what is left is looked for."""

from __future__ import annotations

import json

import pytest

from guard.core.session_sweep import FIGURES, Marks, SessionStats, SessionSweep, is_due
from guard.core.sessions import Verdict


def test_every_verdict_has_a_figure() -> None:
    assert set(FIGURES) == set(Verdict)
    assert set(FIGURES.values()) <= SessionSweep().to_dict().keys()


def test_figures_are_plain_json() -> None:
    assert json.loads(json.dumps(SessionSweep(problems=("x",)).to_dict()))["problems"] == ["x"]
    assert json.loads(json.dumps(SessionStats().to_dict()))["sessions"] is None


@pytest.mark.parametrize(
    ("sweep", "settled"),
    [
        (SessionSweep(), True),
        (SessionSweep(rows_unknown=0), True),
        (SessionSweep(complete=False), False),
        (SessionSweep(unknown=1), False),
        (SessionSweep(rows_unknown=1), False),
        (SessionSweep(problems=("away",)), False),
    ],
)
def test_a_sweep_is_settled_when_another_could_do_no_better(sweep: SessionSweep, settled: bool) -> None:
    assert sweep.is_settled is settled


@pytest.mark.parametrize(
    ("marks", "generation", "due"),
    [
        (Marks(), 0, False),
        (Marks(), 1, True),
        (Marks(cleaned=1), 1, False),
        (Marks(cleaned=1), 2, True),
        (Marks(generation=2, cursor=7), 2, True),
        (Marks(generation=2, not_before=101.0), 2, False),
        (Marks(generation=2, not_before=100.0), 2, True),
        (Marks(generation=2, not_before=101.0), 3, True),
    ],
)
def test_what_is_due(marks: Marks, generation: int, due: bool) -> None:
    assert is_due(marks, generation, 100.0) is due


def test_a_cursor_belongs_to_one_generation_on_one_server() -> None:
    marks = Marks(generation=2, server="a", cursor=7)
    assert marks.cursor_for(2, "a") == 7
    assert marks.cursor_for(2, "b") == 0
    assert marks.cursor_for(3, "a") == 0


def test_what_is_done_stays_done() -> None:
    assert Marks(cleaned=5, generation=3, cursor=7).done(3) == Marks(cleaned=5)
    assert Marks(cleaned=2).done(3) == Marks(cleaned=3)


def test_what_is_counted_where_nothing_was_seen() -> None:
    assert SessionSweep().to_dict() == {
        "dry_run": False, "generation": 0, "seen": 0, "expired": 0, "ended": 0, "unreadable": 0, "admins": 0,
        "accepted": 0, "unknown": 0, "foreign": 0, "unlisted": 0, "rows_expired": None, "rows_ended": None,
        "rows_unknown": None, "tokens": None, "complete": True, "resumed": False, "seconds": 0.0,
        "problems": [], "took": None, "proof": "",
    }  # fmt: skip
    assert SessionStats().to_dict() == {
        "generation": None, "valid_after": None, "sessions": None, "strings": 0, "hashes": 0, "admins": 0,
        "others": 0, "no_user": 0, "unknown": 0, "unreadable": 0, "expired": 0, "refused": 0, "endless": 0,
        "foreign": 0, "rows_active": None, "rows_expired": None, "sign_in": None, "problems": [],
    }  # fmt: skip


def test_in_which_figure_a_verdict_is_counted() -> None:
    assert {verdict.name: figure for verdict, figure in FIGURES.items()} == {
        "ACCEPTED": "accepted",
        "ADMIN": "admins",
        "EXPIRED": "expired",
        "ENDED": "ended",
        "UNREADABLE": "ended",
        "UNKNOWN": "unknown",
    }


def test_marks_before_any_pass() -> None:
    assert Marks() == Marks(cleaned=0, generation=-1, server="", cursor=0, not_before=0.0)
    assert Marks(generation=2, not_before=100.0).done(2) == Marks(cleaned=2)
