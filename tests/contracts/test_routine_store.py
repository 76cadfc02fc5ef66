"""Turns of routines and their locks in SQL: one runner at a time, and a late one is refused."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from guard.core.routine_result import Figure, RoutineResult
from guard.core.routines import Outcome
from guard.store.sql.routines import Hold, SqlRoutines

if TYPE_CHECKING:
    from guard.store.sql.store import SqlStore

NAME = "morning-check"
RESULT = RoutineResult(
    figures=(Figure(name="disk", value=7, unit="%"), Figure(name="ü", value=None, why="away"))
)


@pytest.fixture
def store(sql: SqlStore) -> SqlRoutines:
    return SqlRoutines(sql)


def take(store: SqlRoutines, now: float = 100.0, seconds: float = 60.0, holder: str = "one") -> Hold:
    hold = store.take(NAME, holder=holder, now=now, seconds=seconds)
    assert hold is not None
    return hold


def test_the_fence_grows_with_each_taking(store: SqlRoutines) -> None:
    first = take(store)
    assert store.take(NAME, holder="two", now=159.0, seconds=60) is None
    assert store.take("another", holder="two", now=159.0, seconds=60) is not None
    store.give_back(first)
    second = take(store, now=101.0, holder="two")
    third = take(store, now=161.0, holder="three")
    assert [first.fence, second.fence, third.fence] == [1, 2, 3]


def test_giving_back_late_does_not_free_the_lock_of_another(store: SqlRoutines) -> None:
    late = take(store)
    take(store, now=161.0, holder="two")
    store.give_back(late)
    assert store.take(NAME, holder="three", now=162.0, seconds=60) is None


def test_a_run_and_its_result(store: SqlRoutines) -> None:
    hold = take(store)
    seq = store.begin(hold, due_at=90.0, now=100.0)
    assert seq is not None
    (running,) = store.runs(NAME, 5)
    assert (running.outcome, running.ended_at, running.fence) == (Outcome.RUNNING, None, 1)
    assert store.finish(hold, seq, result=RESULT, now=105.0)
    (run,) = store.runs(NAME, 5)
    assert (run.outcome, run.due_at, run.began_at, run.ended_at) == (Outcome.DONE, 90.0, 100.0, 105.0)
    assert run.result == RESULT
    assert store.last_result(NAME, before=91.0) == run
    assert store.last_result(NAME, before=90.0) is None


def test_a_result_with_a_smaller_fence_is_refused(store: SqlRoutines) -> None:
    slow = take(store)
    slow_seq = store.begin(slow, due_at=90.0, now=100.0)
    quick = take(store, now=161.0, holder="two")
    quick_seq = store.begin(quick, due_at=90.0, now=161.0)
    assert slow_seq is not None
    assert quick_seq is not None
    assert not store.finish(slow, slow_seq, result=RESULT, now=162.0)
    assert store.begin(slow, due_at=95.0, now=162.0) is None
    assert not store.note(slow, due_at=95.0, outcome=Outcome.SKIPPED, why="", now=162.0)
    assert not store.give_up(slow, now=162.0)
    assert store.finish(quick, quick_seq, result=RESULT, now=163.0)
    newest, oldest = store.runs(NAME, 5)
    assert (newest.outcome, newest.fence) == (Outcome.DONE, 2)
    assert (oldest.outcome, oldest.fence) == (Outcome.ABANDONED, 1)


def test_a_time_is_handled_once(store: SqlRoutines) -> None:
    hold = take(store)
    seq = store.begin(hold, due_at=90.0, now=100.0)
    assert seq is not None
    store.finish(hold, seq, result=RESULT, now=105.0)
    store.give_back(hold)
    again = take(store, now=106.0, holder="two")
    assert store.begin(again, due_at=90.0, now=106.0) is None
    assert store.begin(again, due_at=80.0, now=106.0) is None
    assert not store.note(again, due_at=90.0, outcome=Outcome.MISSED, why="late", now=106.0)
    assert store.begin(again, due_at=91.0, now=106.0) is not None
    assert len(store.runs(NAME, 5)) == 2


def test_the_last_turn_with_its_attempts_and_lock(store: SqlRoutines) -> None:
    assert store.last_turns() == {}
    first = take(store)
    store.begin(first, due_at=90.0, now=100.0)
    assert (store.last_turns()[NAME].attempts, store.last_turns()[NAME].held_until) == (1, 160.0)
    second = take(store, now=161.0, holder="two")
    store.begin(second, due_at=90.0, now=161.0)
    turn = store.last_turns()[NAME]
    assert (turn.attempts, turn.outcome, turn.held_until) == (2, Outcome.RUNNING, 221.0)
    third = take(store, now=222.0, holder="three")
    assert store.give_up(third, now=222.0)
    assert store.last_turns()[NAME].outcome is Outcome.ABANDONED


def test_a_note(store: SqlRoutines) -> None:
    hold = take(store)
    assert store.note(hold, due_at=90.0, outcome=Outcome.SKIPPED, why="a window was open", now=100.0)
    (run,) = store.runs(NAME, 5)
    assert (run.outcome, run.why, run.result) == (
        Outcome.SKIPPED, "a window was open", RoutineResult(outcome=Outcome.SKIPPED),
    )  # fmt: skip
    assert store.last_result(NAME, before=200.0) is None


def test_a_taking_that_is_tried_again_is_still_ours(store: SqlRoutines) -> None:
    """The answer to the first try was lost; the second one finds the lock taken, by ourselves."""
    assert take(store, holder="abc").fence == take(store, holder="abc").fence == 1


def test_one_of_many_runners_runs(store: SqlRoutines) -> None:
    together = threading.Barrier(6)
    began: list[int] = []

    def runner(number: int) -> None:
        together.wait()
        hold = store.take(NAME, holder=f"runner {number}", now=100.0, seconds=60)
        if hold is not None and store.begin(hold, due_at=90.0, now=100.0) is not None:
            began.append(hold.fence)

    threads = [threading.Thread(target=runner, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert began == [1]
    assert len(store.runs(NAME, 9)) == 1
