"""The judge itself: what must not be is found in made-up journals, and what faults explain is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stress.journal import Journal, Tail, boot
from tests.stress.judge import PATIENCE_WITH_LEDGER, Judge

if TYPE_CHECKING:
    from pathlib import Path

NOW = boot()


@pytest.fixture(autouse=True)
def it_is_still_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long ago this file was read."""
    monkeypatch.setattr("tests.stress.judge.boot", lambda: NOW + 2.0)


Lines = list[dict[str, Any]]


def judge(folder: Path, *, redis: bool = False, ledger: bool = True, **journals: Lines) -> list[str]:
    """Kinds of violations that are found in these lines."""
    found = Judge(folder, redis=redis, ledger=ledger)
    found.evidence.take_jobs(journals.get("jobs", []))
    found.evidence.take_windows(journals.get("windows", []))
    found.evidence.take_faults(journals.get("faults", []))
    return sorted({one.kind for one in found.verdict()})


def said(word: str, at: float = NOW, task: str = "stress.job") -> dict[str, Any]:
    return {"event": word, "at": at, "id": "j1", "task": task}


def start(at: float, *, process: str = "w1", pid: int = 1, **more: Any) -> dict[str, Any]:
    about = {"event": "start", "at": at, "id": "j1", "task": "stress.job", "process": process, "pid": pid}
    return {**about, "prerun": at, "entered": at, **more}


def end(at: float, *, pid: int = 1) -> dict[str, Any]:
    return {"event": "end", "at": at, "id": "j1", "pid": pid}


def closed(since: float, *, unconfirmed: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "event": "closed", "at": since, "began": since - 0.1, "returned": since, "window": "v1",
        "proof": "time", "acknowledged": [] if unconfirmed else ["w1"], "unconfirmed": list(unconfirmed),
    }  # fmt: skip


def opening(at: float, word: str = "opened", done: float | None = None) -> list[dict[str, Any]]:
    ended = {"event": word, "at": done or at + 0.1, "process": "o1", "window": "v1"}
    return [{"event": "opening", "at": at, "process": "o1"}, ended]


def hurt(at: float, until: float | None = None, **whom: Any) -> list[dict[str, Any]]:
    line = {"event": "hurt", "at": at, "number": 0, "kind": "kill worker"}
    return [
        {**line, "process": "", "pid": 0, "place": "", **whom},
        *([{"event": "healed", "at": until, "number": 0}] if until else []),
    ]


def accounted(*outcomes: dict[str, Any], unaccounted: int | None = 0) -> dict[str, Any]:
    known = {"window": "v1", "unaccounted": unaccounted, "outcomes": list(outcomes)}
    return {"event": "account", "at": NOW, "began": NOW, **known}


OLD = NOW - PATIENCE_WITH_LEDGER - 1


def test_a_job_that_ran_once_is_well(tmp_path: Path) -> None:
    assert judge(tmp_path, jobs=[said("accepted"), start(NOW), end(NOW + 1)]) == []


def test_a_job_that_has_not_ended_in_time_is_missing(tmp_path: Path) -> None:
    assert judge(tmp_path, jobs=[said("accepted")]) == []
    assert judge(tmp_path, jobs=[said("accepted", OLD)]) == ["unaccounted"]
    assert judge(tmp_path, jobs=[said("accepted", OLD), start(OLD)]) == ["unaccounted"]


def test_a_job_whose_publisher_was_told_nothing_may_be_missing(tmp_path: Path) -> None:
    assert judge(tmp_path, jobs=[said("offer", OLD)]) == []
    assert judge(tmp_path, jobs=[said("unknown", OLD)]) == []


def test_a_lost_job_is_well_only_if_it_is_reported_and_a_fault_explains_it(tmp_path: Path) -> None:
    rest = {"event": "rest", "at": NOW, "lost": ["j1"]}
    kill = hurt(OLD, process="w1")
    lost = [said("accepted", OLD)]
    assert judge(tmp_path, redis=True, jobs=lost, windows=[rest], faults=kill) == []
    assert judge(tmp_path, redis=True, jobs=lost, windows=[rest]) == ["more lost than faults explain"]
    assert judge(tmp_path, redis=True, jobs=lost, faults=kill) == ["unaccounted"]
    assert judge(tmp_path, redis=True, ledger=False, jobs=lost, faults=kill) == []
    assert judge(tmp_path, ledger=False, jobs=lost, faults=kill) == ["unaccounted"]


def test_a_job_that_runs_in_a_living_process_is_told_from_one_that_died_with_it(tmp_path: Path) -> None:
    found = Judge(tmp_path, redis=True, ledger=True).evidence
    found.take_jobs([said("accepted"), start(NOW, process="w1")])
    assert (found.jobs["j1"].runs_in({"w1"}), found.jobs["j1"].runs_in({"w2"})) == (True, False)
    found.take_jobs([end(NOW + 1)])
    assert not found.jobs["j1"].runs_in({"w1"})


def test_what_was_refused_must_not_run(tmp_path: Path) -> None:
    assert judge(tmp_path, jobs=[said("refused"), start(NOW), end(NOW)]) == ["refused and started"]


@pytest.mark.parametrize(
    ("faults", "found"),
    [
        ([], ["doubled"]),
        (hurt(NOW + 0.5, process="w1"), []),
        (hurt(NOW + 0.5, process="w2"), ["doubled"]),
        (hurt(NOW + 0.5, process="w1", pid=1), []),
        (hurt(NOW + 0.5, process="w1", pid=9), ["doubled"]),
        (hurt(NOW + 9, process="w1"), ["doubled"]),
        (hurt(NOW - 9, NOW - 8, place="broker"), ["doubled"]),
        (hurt(NOW - 9, NOW + 0.2, place="broker"), []),
        (hurt(NOW - 9, NOW + 0.2, place="control plane"), ["doubled"]),
    ],
)
def test_a_second_run_needs_a_fault_that_met_the_first(
    tmp_path: Path, faults: list[dict[str, Any]], found: list[str]
) -> None:
    again = [start(NOW + 20, process="w2", pid=2), end(NOW + 21, pid=2)]
    jobs = [said("accepted"), start(NOW), end(NOW + 1), *again]
    assert judge(tmp_path, jobs=jobs, faults=faults) == found


def test_a_job_that_was_parked_without_a_mark_may_run_twice(tmp_path: Path) -> None:
    """Only where control plane and delivery were hurt at the same time."""
    jobs = [said("accepted"), start(NOW + 20), end(NOW + 21), start(NOW + 24, pid=2), end(NOW + 25, pid=2)]
    plane = hurt(NOW + 1, NOW + 3, place="control plane")
    broker = [{**line, "number": 1} for line in hurt(NOW + 2, NOW + 4, place="broker")]
    assert judge(tmp_path, jobs=jobs, faults=[*plane, *broker]) == []
    assert judge(tmp_path, jobs=jobs, faults=plane) == ["doubled"]
    assert judge(tmp_path, jobs=jobs, faults=broker) == ["doubled"]
    deploy = {"event": "deploy", "at": NOW + 2}
    assert judge(tmp_path, jobs=jobs, faults=[*plane, deploy]) == []
    assert judge(tmp_path, jobs=jobs, faults=[deploy]) == ["doubled"]


def test_a_window_that_was_opened_is_in_the_history(tmp_path: Path) -> None:
    unknown = {"event": "failed", "at": NOW + 9, "command": "account", "why": "no window has the id 'v1'"}
    silent = {**unknown, "why": "the durable store did not answer"}
    assert judge(tmp_path, windows=[closed(NOW), unknown]) == ["a window is not in the history"]
    assert judge(tmp_path, windows=[closed(NOW), silent]) == []


def test_a_second_run_after_an_emergency_says_so(tmp_path: Path) -> None:
    outcome = {"task_id": "j1", "pid": 1, "outcome": "killed", "went": "requeued", "asked_at": 2e9}
    account = accounted(outcome)
    jobs = [said("accepted"), start(NOW), start(NOW + 20, pid=2), end(NOW + 21, pid=2)]
    assert judge(tmp_path, jobs=jobs, windows=[account]) == []
    assert judge(tmp_path, jobs=jobs) == ["doubled"]


def test_nothing_guarded_starts_between_enable_and_disable(tmp_path: Path) -> None:
    windows = [closed(NOW), *opening(NOW + 5)]
    for at, found in ((-1.0, []), (1.0, ["started after close"]), (6.0, [])):
        jobs = [said("accepted"), start(NOW + at), end(NOW + at)]
        assert judge(tmp_path, jobs=jobs, windows=windows) == found
        free = [{**line, "task": "stress.free"} for line in jobs]
        assert judge(tmp_path, jobs=free, windows=windows) == []


def test_a_job_past_its_gate_has_started_whatever_kept_its_code(tmp_path: Path) -> None:
    late = start(NOW + 1, prerun=NOW - 0.3, entered=NOW - 0.2)
    of_another_job = start(NOW + 1, prerun=NOW + 0.9, entered=NOW - 5)
    assert judge(tmp_path, jobs=[said("accepted"), late, end(NOW + 2)], windows=[closed(NOW)]) == []
    found = judge(tmp_path, jobs=[said("accepted"), of_another_job, end(NOW + 2)], windows=[closed(NOW)])
    assert found == ["started after close"]


def test_a_disable_that_failed_leaves_the_window_open_for_judging_no_longer(tmp_path: Path) -> None:
    """It may have been done: the judge claims nothing after it."""
    windows = [closed(NOW), *opening(NOW + 1, "not opened", NOW + 2)]
    assert judge(tmp_path, jobs=[said("accepted"), start(NOW + 3), end(NOW + 3)], windows=windows) == []


def test_only_a_frozen_worker_that_did_not_acknowledge_is_excused(tmp_path: Path) -> None:
    jobs = [said("accepted"), start(NOW + 1), end(NOW + 1)]
    frozen = hurt(NOW - 3, NOW + 0.9, process="w1", kind="freeze")
    excused = [closed(NOW, unconfirmed=("w1",))]
    assert judge(tmp_path, jobs=jobs, windows=excused, faults=frozen) == []
    assert judge(tmp_path, jobs=jobs, windows=excused) == ["started after close"]
    assert judge(tmp_path, jobs=jobs, windows=[closed(NOW)], faults=frozen) == ["started after close"]


@pytest.mark.parametrize(
    ("outcome", "found"),
    [
        ({"outcome": "completed", "went": "finished"}, []),
        ({"outcome": "completed", "went": "finished", "pid": 7}, ["wrong outcome"]),
        ({"outcome": "killed", "went": "finished"}, ["wrong outcome"]),
        ({"outcome": "killed", "went": "revoked"}, ["wrong outcome"]),
    ],
)
def test_what_the_guard_says_of_a_job_is_what_the_job_says(
    tmp_path: Path, outcome: dict[str, Any], found: list[str]
) -> None:
    """The job ended long before the guard says that it was asked."""
    whole = {"task_id": "j1", "pid": 1, "asked_at": 2e9, **outcome}
    account = accounted(whole)
    jobs = [said("accepted"), start(NOW), end(NOW + 1)]
    assert judge(tmp_path, jobs=jobs, windows=[account]) == found


def test_books_that_miss_a_job_are_wrong(tmp_path: Path) -> None:
    missing, unknown = accounted(unaccounted=1), accounted(unaccounted=None)
    plane, worker = hurt(NOW - 1, NOW, place="control plane"), hurt(NOW - 1, process="w1")
    wrong = ["the guard's books miss jobs that are there"]
    assert judge(tmp_path, windows=[missing]) == judge(tmp_path, windows=[missing], faults=worker) == wrong
    assert judge(tmp_path, windows=[missing], faults=plane) == []
    assert judge(tmp_path, windows=[unknown]) == wrong
    assert judge(tmp_path, windows=[unknown], faults=worker) == []


def test_a_continuation_is_never_refused(tmp_path: Path) -> None:
    jobs = [said("accepted"), start(NOW), {**end(NOW + 1), "raised": "MaintenanceActive"}]
    assert judge(tmp_path, jobs=jobs) == ["a continuation was refused"]


def test_a_line_that_is_being_written_waits(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    tail = Tail(path)
    assert tail.new() == []
    Journal(path).note("start", id="j1")
    with path.open("a") as file:
        file.write('{"event": "en')
    assert [line["event"] for line in tail.new()] == ["start"]
    with path.open("a") as file:
        file.write('d"}\n')
    assert [line["event"] for line in tail.new()] == ["end"]
