"""What windows, journal and routines add up to: sums that are known, and those that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core.account import Account
from guard.core.counts import Count
from guard.core.history import AuditRecord, WindowRecord
from guard.core.reports.counting import (
    average,
    between_actions,
    covered_seconds,
    jobs_of,
    middle,
    opened_in,
    overran,
    refused_tries,
    requests_of,
    runs_by_outcome,
    samples,
    was_emergency,
)
from guard.core.reports.facts import Said, WindowFact
from guard.core.reports.report import Period
from guard.core.routine_result import Figure, RoutineResult, RoutineRun
from guard.core.routines import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence


def window(
    start: float = 0.0,
    end: float | None = 10.0,
    *,
    mode: str = "normal",
    planned: int | None = None,
    jobs: Account | None = None,
    requests: int | None = None,
) -> WindowFact:
    record = WindowRecord(
        window_id="w", mode=mode, reason="r", by="b", started_at=start, duration=planned, ended_at=end
    )
    return WindowFact(
        record=record, account=Said(value=jobs, source="s"), requests=Said(value=requests, source="s")
    )


def line(action: str, when: float, *, outcome: str = "done", **detail: object) -> AuditRecord:
    return AuditRecord(at=when, actor="a", action=action, epoch=1, outcome=outcome, detail=detail)


def run(name: str, value: object, *, due_at: float = 1.0, outcome: Outcome = Outcome.DONE) -> RoutineRun:
    figure = Figure(name="load", value=value)
    return RoutineRun(
        seq=1, name=name, due_at=due_at, began_at=due_at, ended_at=None, outcome=outcome, fence=1,
        result=RoutineResult(figures=(figure,)),
    )  # fmt: skip


def test_windows_that_were_opened_in_a_time() -> None:
    before, first, rehearsal, after = (
        window(9), window(10), window(19.9, mode="test"), window(20),
    )  # fmt: skip
    found = opened_in([before, first, rehearsal, after], Period(start=10, end=20))
    assert found == [first, rehearsal]


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0),
        ([(10, 20)], 10),
        ([(0, 110)], 100),
        ([(0, 40), (90, 200)], 50),
        ([(0, 5)], 0),
        ([(200, 300)], 0),
        ([(30, 50), (10, 20)], 30),
        ([(10, 30), (20, 40)], 30),
        ([(10, 50), (20, 30)], 40),
        ([(10, 50), (20, 30), (40, 60)], 50),
        ([(10, 20), (20, 30)], 20),
        ([(60, None)], 50),
        ([(-5, 4), (6, 20), (15, 22)], 12),
    ],
)
def test_time_in_windows_counts_once(spans: list[tuple[float, float | None]], seconds: float) -> None:
    windows = [window(start, end) for start, end in spans]
    assert covered_seconds(windows, 10, 110) == seconds
    rehearsal = window(0, 999, mode="test")
    assert covered_seconds([rehearsal, *windows], 10, 110) == seconds


def test_jobs_are_the_sum_of_all_real_windows() -> None:
    some = Account({(Count.REFUSED, "a"): 2, (Count.REFUSED, "b"): 3, (Count.KILLED, "a"): 7})
    more = Account({(Count.REFUSED, "a"): 10})
    windows = [window(jobs=some), window(mode="test"), window(jobs=more)]
    assert jobs_of(windows, Count.REFUSED) == 15
    assert jobs_of(windows, Count.REFUSED, Count.KILLED) == 22
    assert jobs_of(windows, Count.LOST) == 0
    assert jobs_of([], Count.LOST) == 0
    assert jobs_of([*windows, window()], Count.REFUSED) is None, "a part is not shown as the whole"
    assert jobs_of([window(mode="test", jobs=some)], Count.REFUSED) == 0


def test_requests_are_the_sum_of_all_real_windows() -> None:
    windows = [window(requests=2), window(mode="test"), window(requests=3)]
    assert requests_of(windows) == 5
    assert requests_of([]) == 0
    assert requests_of([*windows, window()]) is None
    assert requests_of([window(mode="test", requests=9)]) == 0


@pytest.mark.parametrize(
    ("end", "planned", "late"), [(10, 9, 1), (10, 10, 0), (10, None, 0), (None, 1, 0), (10, 0, 1)]
)
def test_windows_that_ended_later_than_planned(end: float | None, planned: int | None, late: int) -> None:
    assert overran([window(0, end, planned=planned)]) == late
    assert overran([window(0, 5, planned=4), window(0, end, planned=planned)]) == late + 1


@pytest.mark.parametrize("action", ["enable", "change", "reconcile"])
def test_an_emergency_that_was_eased_was_one(action: str) -> None:
    lines = [
        line(action, 2, window_id="w", mode="emergency"),
        line("change", 3, window_id="w", mode="normal"),
    ]
    assert was_emergency(lines, "w", "normal")
    assert not was_emergency(lines, "v", "normal")


def test_what_is_no_emergency() -> None:
    assert was_emergency([], "v", "emergency")
    assert not was_emergency([], "v", "normal")
    assert not was_emergency([line("enable", 1, window_id="w", mode="normal")], "w", "normal")
    assert not was_emergency([line("disable", 1, window_id="w", mode="emergency")], "w", "normal")
    assert not was_emergency([line("enable", 1, mode="emergency")], "w", "normal")


def test_times_between_two_actions_are_by_window_and_the_first_counts() -> None:
    lines = [
        line("enable", 4),
        line("confirm", 5),
        line("confirm", 6, window_id="lost"),
        line("enable", 1, window_id="w"),
        line("enable", 2, window_id="v"),
        line("enable", 2.5, window_id="w"),
        line("confirm", 3, window_id="w"),
        line("confirm", 9, window_id="w"),
        line("disable", 9, window_id="v"),
        line("enable", 20, window_id="back"),
        line("confirm", 19, window_id="back"),
        line("enable", 30, window_id=7),
        line("confirm", 30.5, window_id=7),
    ]
    assert between_actions(lines, "enable", "confirm") == {"w": 2, "back": 0.0, "7": 0.5}
    assert between_actions([], "enable", "confirm") == {}


def test_tries_that_were_only_counted_count() -> None:
    lines = [
        line("token", 1, outcome="refused"),
        line("token", 1, outcome="refused"),
        line("refused tries", 2, outcome="counted", count=41),
        line("refused tries", 3, outcome="counted", count="many"),
        line("refused tries", 3, outcome="refused", count=5),
        line("sign in", 4),
    ]
    assert refused_tries(lines) == 48
    assert refused_tries([]) == 0


def test_turns_by_outcome() -> None:
    runs = [run("a", 1), run("b", 1), run("a", 1, outcome=Outcome.MISSED)]
    assert runs_by_outcome(runs) == {"done": 2, "missed": 1}


def test_numbers_of_one_routine_under_one_name() -> None:
    runs: Sequence[RoutineRun] = [
        run("other", 5), run("a", 1, due_at=2), run("a", True), run("a", None), run("a", "x"),
        run("a", 2.5, due_at=3), run("a", {"used": 8}, due_at=4),
    ]  # fmt: skip
    assert samples(runs, "a", "load") == [(2, 1.0), (3, 2.5)]
    assert samples(runs, "a", "other") == []
    assert isinstance(samples(runs, "a", "load")[0][1], float)

    def used(value: object) -> object:
        assert value is not None
        return value["used"] if isinstance(value, dict) else None

    assert samples(runs, "a", "load", used) == [(4, 8.0)]


def test_averages_and_medians() -> None:
    assert (average([]), middle([])) == (None, None)
    assert (average([1, 2, 2]), middle([1, 9, 2])) == (1.7, 2)
    assert (average([0.0]), middle([0.0])) == (0.0, 0.0)
    assert (average([1.26, 1.26]), middle([1.26, 1.26])) == (1.3, 1.3)
