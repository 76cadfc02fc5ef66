"""The emergency ladder, decided: what is to be done next about one running job.

    ask ──grace──▶ SIGTERM ──2 s──▶ SIGKILL ──▶ the process is gone

Rules of this file. Nothing is signalled before its grace period has ended, counted from when the job
was asked. A signal is only for code that still runs: what comes after the job's own code (its result on
the way to the parent) is never signalled, however long it takes. A process that was not signalled and is
gone may have left the end of its job on the way to the parent: how that was, Celery says. SIGKILL is due
two seconds after SIGTERM was due: on a busy machine a SIGTERM that came late by up to half a second does
not put off the end. Once a job has been signalled it is half ended, and the ladder goes on to its end even
if the emergency does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

__all__ = ["KILL_AFTER", "LATEST_TERM", "Climb", "Code", "Report", "Step", "next_signal_at", "next_step"]

KILL_AFTER = 2.0
"""Seconds between SIGTERM and SIGKILL, as they are due."""
LATEST_TERM = 0.5
"""A SIGTERM that is later than this gets its two seconds all the same."""


class Code(Enum):
    """What the slot says of the job's own code."""

    RUNS = auto()
    OVER = auto()
    """It has ended, or the slot belongs to another job or child."""
    EXITING = auto()
    """A signal has ended it and its process is on its way out."""


class Report(Enum):
    """How Celery said that the job ended."""

    RETURNED = auto()
    RAISED = auto()
    INTERRUPTED = auto()
    """It stopped because it was asked to."""
    LOST = auto()
    """Its process is gone and had stored no success."""


class Step(Enum):
    """What is to be done now."""

    WAIT = auto()
    ASK = auto()
    PARK = auto()
    """Put a copy aside: the broker has none, and after the signal it is too late."""
    TERM = auto()
    KILL = auto()
    LEAVE = auto()
    """Take the request back and let the job run on."""
    CONCLUDE = auto()
    """It is over, and known how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """What is known of one attempt of one job. Times are seconds of one clock.

    Attributes:
        grace: how long it gets after it was asked.
        asked_at, terminated_at, killed_at: when each was done; None: not yet.
        code: what its slot says.
        alive: whether its process still is.
        reported: whether Celery has said how it ended.
        terminable: whether this pool can end one job.
        must_park: a copy has to be put aside before a signal.
        wanted: whether the emergency still holds.
    """

    grace: float
    asked_at: float | None = None
    terminated_at: float | None = None
    killed_at: float | None = None
    code: Code = Code.RUNS
    alive: bool = True
    reported: bool = False
    terminable: bool = True
    must_park: bool = False
    wanted: bool = True


def next_signal_at(climb: Climb) -> float | None:
    """When the next signal is due; None when none will be."""
    if climb.asked_at is None or not climb.terminable or climb.killed_at is not None:
        return None
    due = climb.asked_at + climb.grace
    if climb.terminated_at is None:
        return due
    return (due if climb.terminated_at <= due + LATEST_TERM else climb.terminated_at) + KILL_AFTER


def next_step(climb: Climb, now: float) -> Step:
    """The next step of one job."""
    if climb.reported or (not climb.alive and climb.terminated_at is not None):
        return Step.CONCLUDE
    if not climb.alive:
        return Step.WAIT
    # Who was asked and is over has an outcome still to come, although the emergency has ended meanwhile.
    is_over = climb.asked_at is not None and climb.code is Code.OVER
    if not climb.wanted and climb.terminated_at is None and not is_over:
        return Step.LEAVE
    if climb.asked_at is None:
        return Step.ASK if climb.code is Code.RUNS else Step.WAIT
    if not climb.terminable or climb.code is Code.OVER:
        return Step.WAIT
    due = next_signal_at(climb)
    if due is None or now < due:
        return Step.WAIT
    if climb.terminated_at is not None:
        return Step.KILL
    if climb.code is not Code.RUNS:
        return Step.WAIT
    return Step.PARK if climb.must_park else Step.TERM
