"""What is wrong with the guard's record of a job, given what really happened. Pure: tests make up stories.

Three limits are not of the guard but of watching from outside. A job whose last line is `end` and that died
before its success was stored was ended in the instant after it: it counts as killed and runs again.
The kernel's word that a process has ended is heard a moment later. And what a worker knew when its own main
process was killed, is lost with it: its broker gives the jobs back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stress_kills.jobs import LIVE_UNTIL_SIGNALLED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stress_kills.evidence import Case, Record, Round

__all__ = ["KILL_AFTER", "SLACK", "judge_end", "judge_record", "lateness"]

KILL_AFTER = 2.0
SLACK = 0.5
"""Seconds after grace + 2 s that the guard allows itself."""
_CLOCKS = 0.01
"""How well the wall clock of a record is turned to the boot clock, in seconds."""
_HEARD = 0.25
"""How soon the end of a process is heard of here, on a machine that does not stand still."""


def judge_record(case: Case, round_: Round) -> list[str]:
    """What is wrong when all outcomes are recorded and nothing was released yet."""
    return list(_record(case, round_))


def _record(case: Case, round_: Round) -> Iterator[str]:
    if len(case.records) > 1:
        yield f"{len(case.records)} records of one run"
    if not case.records:
        if not case.orphaned:
            yield "no record"
        return
    record = case.records[0]
    if record.pid != case.pid:
        yield f"recorded for process {record.pid}, ran in {case.pid}"
    allowed = outcomes_of(case)
    if record.outcome not in allowed:
        yield f"recorded {record.outcome}, was {' or '.join(sorted(allowed)) or 'none of all'}"
    expected = _went(case, record)
    if record.went not in expected:
        yield f"recorded as {record.went}, expected {' or '.join(sorted(expected))}"
    if _had_no_time(case):
        yield "SIGTERM ended its process at once: nothing could be cleaned up"
    yield from _times(case, record, round_)
    yield from _set_aside(case, record, is_told=round_.cut is None)


def outcomes_of(case: Case) -> set[str]:
    """The outcomes that would be right."""
    ended_by_us = {"killed"} if case.signals and case.died_at is not None else set()
    ended_by_system = {"lost"} if case.murdered_at is not None and not case.signals else set()
    cut_short = ended_by_us | ended_by_system
    match case.last:
        case "":
            return cut_short
        case "end":
            return {"completed"} if case.state == "SUCCESS" else cut_short
        case "Retry":
            return {"completed"} | cut_short
        case "JobInterrupted" | "SoftTimeLimitExceeded":
            return {"interrupted"} | cut_short
        case "SystemExit":
            return ended_by_us
        case _:
            if case.state == "FAILURE":  # its own error, or that its process was lost
                return {"completed"} | ended_by_system
            return ({"interrupted"} if case.signals else set()) | cut_short


def _had_no_time(case: Case) -> bool:
    """Whether SIGTERM ended a job that catches what it raises, or hangs in C until SIGKILL."""
    names = [name for _, name in case.signals]
    beside = case.murdered_at is not None or case.orphaned
    return (
        case.job.character in LIVE_UNTIL_SIGNALLED and case.last == "" and names == ["SIGTERM"] and not beside
    )


def _went(case: Case, record: Record) -> set[str]:
    if record.outcome in {"completed", "lost"}:
        return {"finished"}
    if case.job.acks == "late":
        return {"requeued"} if case.job.worker == "one" else {"parked"}
    return {"parked"} if case.job.acks == "resumable" else {"revoked"}


def _times(case: Case, record: Record, round_: Round) -> Iterator[str]:
    due = max(round_.begun, record.asked_at - _CLOCKS) + round_.plan.grace
    first_signal = min((at for at, _ in case.signals), default=None)
    if first_signal is not None and first_signal < due:
        yield f"signalled {due - first_signal:.3f} s before its grace period had ended"
    caught = [line["at"] for line in case.first if line.get("error") == "SystemExit"]
    if caught and caught[0] < due:
        yield f"felt SIGTERM {due - caught[0]:.3f} s before its grace period had ended"
    early = case.died_at is not None and case.died_at < due
    if early and (case.murdered_at is None or case.murdered_at > due) and not case.orphaned:
        yield "its process ended before its grace period had"
    if (after := case.first[-1]["at"] - record.ended_at) > _CLOCKS:
        yield f"did something {after:.3f} s after its recorded end"
    ended_by_death = record.outcome == "killed" and case.died_at is not None
    if ended_by_death and case.died_at - record.ended_at > _HEARD + round_.queued["harness"]:  # type: ignore[operator]
        yield f"recorded {case.died_at - record.ended_at:.3f} s before its process had ended"  # type: ignore[operator]


def lateness(case: Case, round_: Round) -> tuple[float, float]:
    """Seconds beyond grace + 2 s after it was asked: until its end, and until the guard had proof of it."""
    record = case.records[0]
    due = record.asked_at + round_.plan.grace + KILL_AFTER
    return case.ended_at - due, record.ended_at - due


def _set_aside(case: Case, record: Record, *, is_told: bool) -> Iterator[str]:
    # What is parked while the guard's Redis is away is in its broker, and not in the list.
    if record.went == "parked" and not case.parked and is_told:
        yield "recorded as parked, and no copy is set aside"
    # Celery gave it back and the receipt gate has parked it; or it is its retry, published before it ended.
    lost = record.outcome == "lost" and case.job.acks == "late"
    another = lost or case.job.character == "retries"
    if case.parked and not (record.went == "parked" or case.job.acks == "resumable" or another):
        yield f"recorded as {record.went}, and a copy is set aside"
    if record.went == "revoked" and case.state not in {"REVOKED", "RETRY"}:
        yield f"recorded as revoked, its result is {case.state}"
    if record.went in {"requeued", "parked"} and case.state in {"SUCCESS", "FAILURE", "REVOKED"}:
        yield f"it is to run again, and its result is {case.state} already"


def judge_end(case: Case, round_: Round) -> list[str]:
    """What is wrong when the window is over and everything has come to its end."""
    wrong = [
        f"started {line['at'] - round_.opened:.3f} s after the emergency was opened"
        for line in case.starts
        if round_.opened < line["at"] < round_.released
    ]
    allowed = _runs(case)
    if case.runs[0] not in allowed:
        wrong.append(f"ran {case.runs[0]} times, expected {' or '.join(map(str, sorted(allowed)))}")
    retries = _retries(case)
    if case.runs[1] not in retries:
        wrong.append(f"its retry ran {case.runs[1]} times, expected {' or '.join(map(str, sorted(retries)))}")
    states = _states(case)
    if states and case.last_state not in states:
        wrong.append(f"its result is {case.last_state}, expected {' or '.join(sorted(states))}")
    return wrong


def must_run_again(case: Case) -> bool:
    """Whether another run of it is still to be waited for."""
    return case.runs[0] < min(_runs(case)) or case.runs[1] < min(_retries(case))


def _runs(case: Case) -> set[int]:
    if not case.records:  # its worker died before it could record it
        if case.job.acks == "late":
            return {1, 2} if case.last not in {"", "SystemExit"} else {2}
        return {1, 2} if case.job.acks == "resumable" else {1}
    record = case.records[0]
    if record.went in {"requeued", "parked"}:
        return {2}
    if record.outcome == "lost" and case.job.acks == "late":
        # Celery gives it back, unless its end had reached the worker before its process was killed.
        return {2} if case.last in {"", "SystemExit"} else {1, 2}
    # Told to the guard, and not yet to the broker, when the worker was killed.
    return {1, 2} if case.orphaned and case.job.acks == "late" else {1}


def _retries(case: Case) -> set[int]:
    if case.job.character != "retries":
        return {0}
    if case.retry_may_be_lost:
        return {0, 1, 2}
    if case.last == "Retry":
        return {1, 2} if case.orphaned else {1}
    # Ended inside of `retry()`, which publishes first.
    return {0, 1}


def _states(case: Case) -> set[str]:
    """Celery's states that would be right; empty when any is."""
    if case.last == "Retry" or case.runs[1]:
        return {"SUCCESS", "REVOKED"}
    if case.runs[0] > 1:
        return {"SUCCESS"}
    if not case.records or case.orphaned:
        return set()
    record = case.records[0]
    if record.went == "revoked":
        return {"REVOKED"}
    if record.outcome == "lost":
        return {"FAILURE"}
    return {"SUCCESS"} if case.last == "end" else {"FAILURE"}
