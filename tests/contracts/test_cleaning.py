"""The cleanup of a run: who sweeps sessions is somebody else, or nobody; when to stop is asked each time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from guard.automation.cleaning import clean_up
from guard.core.optimization_report import FolderReport, KeyReport
from guard.errors import StoreUnavailable
from guard.settings import Settings
from tests.contracts.doers import HandClock

SETTINGS = Settings(
    guard_cleanup_folders="/backup|*.sql|30,/backup|*.gz|30", guard_cleanup_keys="rq:progress:*|7"
)


def parts(**changed: Any) -> Any:
    """Only what the cleanup uses; each doer takes a second."""
    clock = HandClock()

    def clean_keys(rule: Any, dry_run: bool, go_on: Any) -> KeyReport:
        clock.sleep(1)
        return KeyReport(pattern=rule.pattern, days=rule.days)

    def clean_folder(rule: Any, dry_run: bool, go_on: Any) -> FolderReport:
        clock.sleep(1)
        return FolderReport(folder=rule.folder, pattern=rule.pattern, days=rule.days)

    return SimpleNamespace(
        clock=clock,
        settings=SETTINGS,
        clean_keys=clean_keys,
        clean_folder=clean_folder,
        **{"sweep_sessions": None, **changed},
    )


def clean(made: Any, *, dry_run: bool = False, stop: Any = lambda: "", seconds: float = 100) -> Any:
    until = made.clock.boot() + seconds
    return clean_up(made, dry_run=dry_run, stop=stop, until=until, seen=lambda _: None)


def test_nobody_sweeps_sessions() -> None:
    done = clean(parts())
    assert (done.sessions, done.problems) == (None, ())
    assert (len(done.keys), len(done.folders)) == (1, 2)


def test_somebody_does() -> None:
    asked: list[bool] = []

    def sweep(dry_run: bool) -> dict[str, int]:
        asked.append(dry_run)
        return {"deleted": 3}

    assert clean(parts(sweep_sessions=sweep)).sessions == {"deleted": 3}
    assert clean(parts(sweep_sessions=sweep), dry_run=True).sessions == {"deleted": 3}
    assert asked == [False, True]


def test_a_sweep_that_fails_is_a_problem_and_the_rest_goes_on() -> None:
    def sweep(dry_run: bool) -> dict[str, int]:
        raise StoreUnavailable("Redis did not answer")

    done = clean(parts(sweep_sessions=sweep))
    assert done.sessions is None
    assert done.problems == ("sweeping sessions: Redis did not answer",)
    assert len(done.folders) == 2


def test_nothing_more_begins_when_the_window_is_lost() -> None:
    answers = iter(["", "alice has taken it over", "alice has taken it over"])
    done = clean(parts(), stop=lambda: next(answers))
    assert (len(done.keys), len(done.folders)) == (1, 0)
    assert done.problems == ("cleaning /backup: not begun: alice has taken it over",)


def test_nor_when_the_time_is_over() -> None:
    done = clean(parts(), seconds=1.5)
    assert (len(done.keys), len(done.folders)) == (1, 1)
    assert done.problems == ("cleaning /backup: not begun: the time of the window was over",)
