"""The standing: never waits for a store, and says how old it is."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from guard.errors import StoreUnavailable
from guard.web.api.answers import PublicStatus, etag_of, status_answer
from guard.web.standing import _UNKNOWN, Standing, StandingView
from tests.support.eventually import eventually, throughout
from tests.support.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard.orchestrator.status import Status
    from tests.web_api.site import Site

OPEN = replace(_UNKNOWN, is_active=False, mode="normal", epoch=1)


class Ear:
    def __init__(self) -> None:
        self.rung = threading.Event()

    def wait(self, seconds: float) -> str | None:
        if self.rung.wait(seconds):
            self.rung.clear()
            return "changed"
        return None

    def close(self) -> None:
        pass


class DeafEar(Ear):
    def wait(self, seconds: float) -> str | None:
        raise StoreUnavailable("no Redis")


class Watched:
    """A guard of which a test says what it answers, and how long that takes."""

    def __init__(self, ear: Ear | None = None, lease: float = 3.0) -> None:
        self.answer: Status = OPEN
        self.looks = 0
        self.counts = 0
        self.free = threading.Event()
        self.free.set()
        self.ear = ear or Ear()
        self.settings: Any = type("S", (), {"guard_lease_seconds": lease})()

    def status(self, *, counted: Status | None = None) -> Status:
        self.free.wait(10)
        self.looks += 1
        self.counts += counted is None
        return self.answer

    def state_is_known(self) -> bool:
        return self.answer.is_active is not None

    def listen(self, name: str) -> Ear:
        return self.ear


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def standing(watched: Watched) -> Iterator[Standing]:
    made = Standing(watched, every=0.05)
    yield made
    watched.free.set()
    made.close()


def test_the_first_question_is_answered_after_a_look(standing: Standing) -> None:
    view = standing.now()
    assert (view.status, view.stale) == (OPEN, False)
    assert view.age is not None
    assert view.age < 1


def test_a_look_that_hangs_keeps_nobody(watched: Watched, standing: Standing) -> None:
    watched.free.clear()
    watch = Stopwatch()
    first = standing.now()
    assert watch.seconds < 2.5
    assert (first.status.is_active, first.age, first.stale) == (None, None, True)
    watched.free.set()
    eventually(lambda: standing.now().status == OPEN)
    watched.free.clear()
    standing.wait(standing.now().looks, 0.3)
    watch = Stopwatch()
    assert standing.now().status == OPEN
    assert watch.seconds < 0.2


def test_what_was_known_is_kept_and_marked_stale(watched: Watched, standing: Standing) -> None:
    standing.now()
    watched.answer = _UNKNOWN
    view = eventually(lambda: (view := standing.now()).stale and view)
    assert view.status == OPEN
    old = view.age
    assert old is not None
    eventually(lambda: (standing.now().age or 0) > old)
    watched.answer = OPEN
    eventually(lambda: not standing.now().stale)


def test_an_old_look_is_stale_even_while_the_next_one_hangs() -> None:
    watched = Watched(lease=0.2)
    standing = Standing(watched, every=0.05)
    standing.now()
    watched.free.clear()
    eventually(lambda: standing.now().stale)
    watched.free.set()
    standing.close()


def test_a_wake_up_is_a_look_at_once(watched: Watched) -> None:
    standing = Standing(watched, every=30)
    looks = standing.now().looks
    watched.answer = replace(OPEN, is_active=True, epoch=2)
    watched.ear.rung.set()
    assert standing.wait(looks, 5).status.epoch == 2
    watched.ear.rung.set()
    standing.close()


def test_without_wake_ups_it_looks_all_the_same() -> None:
    watched = Watched(DeafEar())
    standing = Standing(watched, every=0.05)
    standing.now()
    eventually(lambda: watched.looks > 3)
    standing.close()
    ended = watched.looks
    throughout(lambda: watched.looks == ended, during=0.2)


def test_jobs_are_counted_less_often_than_the_state(watched: Watched, standing: Standing) -> None:
    watched.answer = replace(OPEN, held=0, parked=3, refused=0, phase="active")
    standing.now()
    eventually(lambda: watched.looks >= 12)
    assert 2 <= watched.counts <= watched.looks // 2
    assert standing.now().status.parked == 3


def test_jobs_are_counted_with_each_look_while_people_watch(watched: Watched, standing: Standing) -> None:
    watched.answer = replace(OPEN, held=0, parked=3, refused=0, phase="releasing")
    standing.now()
    eventually(lambda: watched.looks >= 5)
    assert watched.counts >= watched.looks - 1


def test_a_broker_that_is_away_is_not_asked_with_each_look(watched: Watched, standing: Standing) -> None:
    watched.answer = replace(OPEN, held=None, parked=None, refused=0, phase="draining")
    standing.now()
    eventually(lambda: watched.looks >= 12)
    assert 2 <= watched.counts <= watched.looks // 2


def test_everybody_is_told_what_a_look_has_found_made_once() -> None:
    seen = StandingView(status=OPEN, age=0.25, stale=False)
    public = PublicStatus()
    told = public.of(seen)
    answer = status_answer(seen, detailed=False)
    said = json.loads(told.text(seen, time.perf_counter()))
    assert told.tag == etag_of(answer)
    times = {"timestamp", "last_updated", "response_time_ms"}
    assert {**said, **{name: answer[name] for name in times}} == answer
    later = replace(seen, age=2.5, looks=7)
    assert public.of(later) is told
    assert json.loads(told.text(later, time.perf_counter()))["age"] == 2.5
    stale = public.of(replace(later, stale=True))
    assert (json.loads(stale.head + "}")["stale"], stale.tag != told.tag) == (True, True)
    assert public.of(replace(seen, status=replace(OPEN, epoch=2))).tag.startswith('"2-')


def test_nobody_looks_when_nobody_asks(watched: Watched) -> None:
    standing = Standing(watched, every=0.02, idle=0.1)
    standing.now()
    eventually(lambda: not [one for one in threading.enumerate() if one.name == "guard-standing"])
    looks = watched.looks
    watched.answer = replace(OPEN, epoch=7)
    assert standing.now().status.epoch == 7
    assert watched.looks > looks
    standing.close()


def test_an_error_in_a_look_is_unknown_and_not_the_end(
    watched: Watched, standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing.now()
    real = watched.status

    def broken(*, counted: Status | None = None) -> Status:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(watched, "status", broken)
    eventually(lambda: standing.now().stale)
    looks = watched.looks
    monkeypatch.setattr(watched, "status", real)
    eventually(lambda: not standing.now().stale)
    assert watched.looks > looks


def test_a_real_window_is_seen(site: Site) -> None:
    standing = Standing(site.guard)
    assert standing.now().status.is_active is False
    site.enable(mode="test")
    eventually(lambda: standing.now().status.is_active, within=3)
    standing.close()
