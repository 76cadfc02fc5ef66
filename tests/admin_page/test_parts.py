"""The parts of the pages that are pure: forms, provenance, plots, paging, words."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from guard.core.drain import Blocker, BlockerKind, Pace
from guard.errors import InvalidRequest
from guard.orchestrator.status import build_status
from guard.web.admin.errands import run_for_a_while
from guard.web.admin.fields import Typed
from guard.web.admin.paging import Pager
from guard.web.admin.plot import HEIGHT, WIDTH, make_plot
from guard.web.admin.provenance import is_own
from guard.web.admin.shown import ago, blocker_text, counted, detail, ends_text, look_of, moment, short_time
from guard.web.serving import is_loopback

UNKNOWN = build_status(
    state=None, roster=None, kinds={}, held=None, parked=None, refused=None, warnings=(), now=0.0
)


@pytest.mark.parametrize(
    ("site", "origin", "own"),
    [
        ("same-origin", "http://here:80", True),
        ("same-origin", "null", True),  # our own pages send no referrer
        ("none", None, True),
        (None, None, True),  # no browser: the token decides
        (None, "http://HERE:80", True),
        (None, "null", False),
        (None, "http://elsewhere:80", False),
        ("cross-site", "http://here:80", False),
        ("same-site", None, False),
        ("same-origin", "http://here:81", False),
    ],
)
def test_where_a_form_comes_from(site: str | None, origin: str | None, *, own: bool) -> None:
    assert is_own(site=site, origin=origin, host="here:80") is own


def test_problems_are_told_beside_their_fields() -> None:
    typed = Typed({"duration": ["90 minutes"], "reason": ["x"], "queues": ["a, b,,c"], "verify": ["yes"]})
    assert typed.seconds("duration") is None
    assert typed.seconds("grace") is None
    typed.blame(InvalidRequest("reason is empty: say why", "something else is wrong"))
    typed.blame(InvalidRequest("reason is empty: say why"))
    assert len(typed.of("duration")) == 1
    assert typed.of("reason") == ["reason is empty: say why"]
    assert typed.of("") == ["something else is wrong"]
    assert typed.text("duration") == "90 minutes"
    assert typed.all("queues") == ["a", "b", "c"]
    assert typed.ticked("verify")
    assert not typed.ticked("ease")
    assert Typed({"grace": ["0"]}).seconds("grace") == 0


def test_a_plot_fits_its_drawing_and_loses_no_attempt() -> None:
    minutes = {60 * minute: minute % 7 for minute in range(1000, 1300)}
    plot = make_plot(minutes, start=60_000, end=60 * 1299)
    assert plot.total == sum(minutes.values())
    assert len(plot.bars) <= 61
    assert plot.minutes == 5
    for bar in plot.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
    assert plot.peak is not None
    assert plot.peak.count == max(bar.count for bar in plot.bars)


def test_a_plot_of_nothing() -> None:
    plot = make_plot({}, start=0, end=600)
    assert (plot.total, plot.peak) == (0, None)
    assert [row.text for row in plot.rows] == ["0", "1", "2"]


def test_pages_are_bounded() -> None:
    pager = Pager.of({"page": "99999999"}, per_page=10, most=5)
    assert pager.number == 1
    assert Pager.of({"page": "99"}, per_page=10, most=5).reach == 51
    assert Pager.of({"page": "2"}, per_page=2, most=5).cut([1, 2, 3, 4, 5]) == ([3, 4], True)
    assert Pager.of({"page": "-1"}, per_page=2, most=5).number == 1


def test_unknown_looks_unknown() -> None:
    assert look_of(UNKNOWN).tone == "unknown"
    assert {moment(None), ago(None), short_time(None), counted(None, "job")} == {"unknown"}
    assert look_of(replace(UNKNOWN, is_active=False, phase="inactive")).tone == "open"
    assert look_of(replace(UNKNOWN, is_active=True, phase="active", mode="emergency")).tone == "emergency"
    assert look_of(replace(UNKNOWN, is_active=True, phase="active", mode="test")).tone == "test"


def test_every_blocker_has_words() -> None:
    for kind in BlockerKind:
        assert len(blocker_text(Blocker(kind=kind, worker="w", running_for=3.0))) > 3
    assert "never" in ends_text(Blocker(kind=BlockerKind.RUNNING, worker="w", pace=Pace.NEVER))
    assert (
        detail({"a_b": 1, "c": [1, None], "d": {}, "e": None, "f": {"g": True}}) == "a b: 1; c: 1; f: g yes"
    )


def test_an_errand_that_takes_long_goes_on() -> None:
    gate, done = threading.Event(), threading.Event()

    def work() -> int:
        gate.wait(5)
        done.set()
        return 1

    assert run_for_a_while("slow", work, seconds=0.05) is None
    gate.set()
    assert done.wait(5)
    assert run_for_a_while("quick", lambda: 2, seconds=5) == 2
    with pytest.raises(ZeroDivisionError):
        run_for_a_while("wrong", lambda: 1 // 0, seconds=5)


def test_who_can_reach_an_address() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.0.1", "example.org", "")))  # noqa: S104
