"""What is wrong, by a few readings. The same rules judge symptoms that are told and faults that are made.

A reading that nobody could take is None: it shows nothing, neither a fault nor that all is well.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum

__all__ = ["Detection", "Fault", "Readings", "detect", "is_well"]

MANY_SIGN_INS = 30.0
"""Failed sign-ins per minute that no forgetful user makes."""
LONG_JOB = 10.0
"""Seconds after which a job that usually takes a second or two is slow."""
MANY_WAITING = 100
"""Jobs waiting for a slot."""
SOON = 72 * 3600.0
"""Seconds before a planned start from which it is announced."""


class Fault(StrEnum):
    """What the training scenarios are about."""

    SECURITY = "security incident"
    COMPONENT = "component failure"
    SLOW = "performance crisis"
    PLANNED = "planned maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Taken at one moment. None: nobody could say.

    Attributes:
        failed_sign_ins: per minute.
        stores_answer: whether Redis and the database answer, both.
        silent_workers: registered workers that have not renewed their lease.
        longest_job: seconds for which the longest guarded job runs.
        waiting_jobs: in all queues of the workers.
        starts_in: seconds until the next planned window.
    """

    failed_sign_ins: float | None = None
    stores_answer: bool | None = None
    silent_workers: int | None = None
    longest_job: float | None = None
    waiting_jobs: int | None = None
    starts_in: float | None = None

    def and_then(self, later: Readings) -> Readings:
        """These, with what a later look knows better."""
        known = {one.name: value for one in fields(later) if (value := getattr(later, one.name)) is not None}
        return replace(self, **known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """A fault, and what shows it."""

    fault: Fault
    why: str


def detect(readings: Readings) -> tuple[Detection, ...]:
    """Every fault that the readings show."""
    found = (
        (
            Fault.SECURITY,
            readings.failed_sign_ins is not None and readings.failed_sign_ins >= MANY_SIGN_INS,
            f"{readings.failed_sign_ins or 0:.0f} failed sign-ins per minute",
        ),
        (Fault.COMPONENT, readings.stores_answer is False, "a store does not answer"),
        (Fault.COMPONENT, bool(readings.silent_workers), f"{readings.silent_workers} workers are silent"),
        (
            Fault.SLOW,
            readings.longest_job is not None and readings.longest_job >= LONG_JOB,
            f"a job runs for {readings.longest_job or 0:.0f} s",
        ),
        (
            Fault.SLOW,
            readings.waiting_jobs is not None and readings.waiting_jobs >= MANY_WAITING,
            f"{readings.waiting_jobs} jobs wait",
        ),
        (
            Fault.PLANNED,
            readings.starts_in is not None and readings.starts_in <= SOON,
            "a planned window begins soon",
        ),
    )
    return tuple(Detection(fault=fault, why=why) for fault, shown, why in found if shown)


_SHOWS = {
    Fault.SECURITY: ("failed_sign_ins",),
    Fault.COMPONENT: ("stores_answer", "silent_workers"),
    Fault.SLOW: ("longest_job", "waiting_jobs"),
    Fault.PLANNED: ("starts_in",),
}


def is_well(readings: Readings, fault: Fault) -> bool:
    """Whether a fault is known to be gone: all that could show it was read, and does not."""
    known = all(getattr(readings, name) is not None for name in _SHOWS[fault])
    return known and all(one.fault is not fault for one in detect(readings))
