"""The judge: stories in which the guard's record is right, and each with one thing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stress_kills.evidence import Case, Record, Round
from tests.stress_kills.judge import judge_end, judge_record, lateness, must_run_again
from tests.stress_kills.plan import Job, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

PID, NEXT = 7, 8
BEGUN, GRACE, RELEASED = 100.0, 1, 105.0


def _line(event: str, at: float, *, n: int = 0, pid: int = PID, **more: Any) -> dict[str, Any]:
    return {"event": event, "id": "j", "n": n, "pid": pid, "at": at, **more}


def _case(character: str, acks: str, record: Record, *lines: dict[str, Any], **known: Any) -> Case:
    again = [_line("start", 106.0, pid=NEXT), _line("end", 106.1, pid=NEXT)]
    runs_again = record.went in {"requeued", "parked"}
    case = Case(
        Job("j", known.pop("worker", "one"), character, acks, 0.0),
        lines=[_line("start", 99.0), *lines, *(again if runs_again else [])],
        records=[record],
        last_state="SUCCESS" if runs_again else known.get("state", "PENDING"),
    )
    for name, value in known.items():
        setattr(case, name, value)
    return case


def _record(outcome: str, went: str, ended_at: float = 101.1) -> Record:
    return Record(outcome=outcome, went=went, pid=PID, asked_at=100.02, ended_at=ended_at)


TERM, KILL = (101.03, "SIGTERM"), (103.03, "SIGKILL")
LEFT = _line("left", 101.04, error="SystemExit")


def _killed(worker: str = "one") -> Case:
    went = {"one": "requeued", "two": "parked"}[worker]
    record, parked = _record("killed", went), worker == "two"
    return _case("waits", "late", record, LEFT, signals=[TERM], died_at=101.09, worker=worker, parked=parked)


def _deaf() -> Case:
    caught = _line("caught", 101.04, error="SystemExit")
    record = _record("killed", "parked", 103.1)
    return _case("deaf", "resumable", record, caught, signals=[TERM, KILL], died_at=103.05, parked=True)


def _revoked() -> Case:
    return _case(
        "waits", "early", _record("killed", "revoked"), LEFT, signals=[TERM], died_at=101.05, state="REVOKED"
    )


def _completed() -> Case:
    return _case("finishes", "late", _record("completed", "finished"), _line("end", 100.9), state="SUCCESS")


def _copy_for_nothing() -> Case:
    record = _record("completed", "finished")
    return _case("finishes", "resumable", record, _line("end", 101.0), state="SUCCESS", parked=True)


def _own_error() -> Case:
    left = _line("left", 100.9, error="ValueError")
    return _case("fails", "late", _record("completed", "finished"), left, state="FAILURE")


def _retried() -> Case:
    left = _line("left", 100.9, error="Retry")
    case = _case("retries", "late", _record("completed", "finished"), left, state="RETRY")
    case.lines += [_line("start", 106.0, n=1, pid=NEXT), _line("end", 106.0, n=1, pid=NEXT)]
    case.last_state = "SUCCESS"
    return case


def _interrupted() -> Case:
    left = _line("left", 100.1, error="JobInterrupted")
    return _case("polite", "late", _record("interrupted", "requeued", 100.2), left)


def _murdered() -> Case:
    case = _case("waits", "late", _record("lost", "finished", 100.6), died_at=100.51, murdered_at=100.5)
    case.lines += [_line("start", 106.0, pid=NEXT), _line("end", 106.0, pid=NEXT)]
    case.last_state = "SUCCESS"
    return case


def _orphaned() -> Case:
    case = _killed()
    case.records, case.orphaned_at = [], 100.5
    return case


def _retry_of_an_orphan(killed_at: float) -> Callable[[], Case]:
    """It published its retry at 100.9, and its worker's main process was killed."""

    def case() -> Case:
        case = _retried()
        case.records, case.orphaned_at = [], killed_at
        del case.lines[2:]
        return case

    return case


def _in_the_instant() -> Case:
    """Its last line was written, its success was not stored any more."""
    record = _record("killed", "requeued")
    return _case("finishes", "late", record, _line("end", 101.03), signals=[TERM], died_at=101.05)


RIGHT: dict[str, Callable[[], Case]] = {
    "killed": _killed,
    "killed, of a queue of mixed work": lambda: _killed("two"),
    "deaf": _deaf,
    "revoked": _revoked,
    "completed": _completed,
    "completed, a copy was set aside": _copy_for_nothing,
    "an error of its own": _own_error,
    "retried": _retried,
    "interrupted": _interrupted,
    "killed by the system": _murdered,
    "its worker was killed": _orphaned,
    "its retry was given to its dead worker": _retry_of_an_orphan(100.0),
    "its retry was given to its worker right before that was killed": _retry_of_an_orphan(101.8),
    "ended in the instant after its last line": _in_the_instant,
}


def _round() -> Round:
    return Round(
        Plan(1, GRACE, ()),
        begun=BEGUN,
        opened=BEGUN + 0.05,
        released=RELEASED,
        queued={"one": 0.0, "two": 0.0, "harness": 0.0},
    )


def _judged(case: Case) -> list[str]:
    return judge_record(case, _round()) + judge_end(case, _round())


@pytest.mark.parametrize("story", RIGHT)
def test_what_is_right_is_not_called_wrong(story: str) -> None:
    case = RIGHT[story]()
    assert _judged(case) == []
    assert not must_run_again(case)
    assert case.has_settled


def _of(make: Callable[[], Case], **changed: Any) -> Case:
    case = make()
    for name, value in changed.items():
        setattr(case, name, value)
    return case


def _recorded(make: Callable[[], Case], *args: Any) -> Case:
    return _of(make, records=[_record(*args)])


def _without(make: Callable[[], Case], last: int) -> Case:
    case = make()
    del case.lines[-last:]
    return case


def _with(make: Callable[[], Case], *lines: dict[str, Any]) -> Case:
    case = make()
    case.lines += lines
    return case


def _hasty() -> Case:
    early = _line("caught", 100.9, error="SystemExit")
    return _case(
        "deaf", "late", _record("killed", "requeued", 103.1), early, signals=[TERM, KILL], died_at=103.05
    )


WRONG: dict[str, tuple[Case, str]] = {
    "no record": (_of(_killed, records=[]), "no record"),
    "two records": (_of(_killed, records=[_record("killed", "requeued")] * 2), "2 records"),
    "completed, said killed": (_recorded(_completed, "killed", "requeued"), "recorded killed, was completed"),
    "killed, said completed": (_recorded(_killed, "completed", "finished"), "recorded completed, was killed"),
    "interrupted, said killed": (_recorded(_interrupted, "killed", "requeued", 100.2), "recorded killed"),
    "killed by the system, said killed": (
        _recorded(_murdered, "killed", "requeued", 100.6),
        "recorded killed",
    ),
    "success stored, said killed": (_of(_in_the_instant, state="SUCCESS"), "recorded killed, was completed"),
    "lives, said killed": (_of(_killed, died_at=None), "recorded killed, was none of all"),
    "killed without a word": (_of(_killed, signals=[]), "recorded killed, was none of all"),
    "late ack, said revoked": (_recorded(_killed, "killed", "revoked"), "recorded as revoked"),
    "early ack, said requeued": (_recorded(_revoked, "killed", "requeued"), "recorded as requeued"),
    "parked, nothing there": (_of(_deaf, parked=False), "no copy is set aside"),
    "a copy of what was not parked": (_of(_killed, parked=True), "a copy is set aside"),
    "revoked, result not": (_of(_revoked, state="PENDING"), "its result is PENDING"),
    "runs again, result final": (_of(_killed, state="REVOKED"), "its result is REVOKED already"),
    "recorded before its last line": (_recorded(_deaf, "killed", "parked", 101.03), "after its recorded end"),
    "recorded before it had gone": (
        _recorded(_deaf, "killed", "parked", 102.0),
        "before its process had ended",
    ),
    "signalled in its grace period": (
        _of(_killed, signals=[(100.9, "SIGTERM")]),
        "before its grace period had ended",
    ),
    "felt a signal in its grace period": (_hasty(), "felt SIGTERM"),
    "dead in its grace period": (_of(_killed, died_at=100.8), "ended before its grace period"),
    "no time to clean up": (
        _of(_deaf, lines=[_line("start", 99.0)], signals=[TERM]),
        "nothing could be cleaned up",
    ),
    "another process": (
        _of(_killed, records=[Record("killed", "requeued", NEXT, 100.0, 101.1)]),
        "process 8",
    ),
    "started while closed": (
        _with(_completed, _line("start", 103.0, pid=NEXT)),
        "after the emergency was opened",
    ),
    "did not run again": (_without(_killed, 2), "ran 1 times, expected 2"),
    "ran a third time": (_with(_killed, _line("start", 107.0, pid=NEXT)), "ran 3 times, expected 2"),
    "completed and ran again": (
        _with(_completed, _line("start", 106.0, pid=NEXT)),
        "ran 2 times, expected 1",
    ),
    "revoked and ran again": (_with(_revoked, _line("start", 106.0, pid=NEXT)), "ran 2 times, expected 1"),
    "its retry never ran": (_without(_retried, 2), "its retry ran 0 times"),
    "its retry ran twice": (_with(_retried, _line("start", 107.0, n=1, pid=NEXT)), "its retry ran 2 times"),
    "no result at the end": (_of(_killed, last_state="PENDING"), "its result is PENDING, expected SUCCESS"),
    "its worker had time to note its retry": (
        _retry_of_an_orphan(102.0)(),
        "its retry ran 0 times, expected 1 or 2",
    ),
    "what a killed worker had is lost": (_without(_orphaned, 2), "ran 1 times, expected 2"),
}


@pytest.mark.parametrize("story", WRONG)
def test_what_is_wrong_is_found(story: str) -> None:
    case, expected = WRONG[story]
    assert expected in "; ".join(_judged(case))


def test_a_job_that_still_runs_has_not_settled() -> None:
    assert not _without(_killed, 1).has_settled
    assert must_run_again(_without(_killed, 2))


def test_how_late_a_job_was() -> None:
    until_end, until_proof = lateness(_deaf(), _round())
    assert until_end == pytest.approx(103.05 - 103.02)
    assert until_proof == pytest.approx(103.1 - 103.02)
