"""The catalogue of metrics: every name that the guard exposes, defined once.

Flower's /metrics, the HTTP API and `maintenance metrics` print these and no others; the rules, the dashboard
and the table in the docs name no others (tests/metrics). Names are never changed, only added. Labels have few
values: never a user, a task id, a reason, a host.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CATALOGUE", "Kind", "MetricSpec", "exposed_names"]


class Kind(StrEnum):
    """What Prometheus calls it."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSpec:
    """One metric.

    Attributes:
        name: without the suffixes that a kind adds (`_total`, `_bucket`, …).
        help: what it is; units in the name.
        labels: their names.
        when: when there is a sample at all, beyond "when it is known"; empty: always.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    when: str = ""


_OPEN = "while a window is open"


def _gauge(name: str, text: str, *labels: str, when: str = "") -> MetricSpec:
    return MetricSpec(name=name, kind=Kind.GAUGE, help=text, labels=labels, when=when)


def _counter(name: str, text: str, *labels: str) -> MetricSpec:
    return MetricSpec(name=name, kind=Kind.COUNTER, help=text, labels=labels)


def _histogram(name: str, text: str, *labels: str) -> MetricSpec:
    return MetricSpec(name=name, kind=Kind.HISTOGRAM, help=text, labels=labels)


CATALOGUE: tuple[MetricSpec, ...] = (
    _gauge("guard_state_known", "1 when a store could tell the state, else 0: alert on 0."),
    _gauge("guard_up", "1 when this part answered in time, else 0: redis, sql, broker.", "component"),
    _gauge("guard_look_age_seconds", "Age of the figures."),
    _gauge("guard_mode", "1 for the mode of the open window, or off.", "mode"),
    _gauge("guard_phase", "1 for the phase of the window.", "phase"),
    _gauge("guard_epoch", "Number of the guard state; it grows with each change."),
    _gauge("guard_window_age_seconds", "Time since the window was opened.", when=_OPEN),
    _gauge(
        "guard_window_overrun_seconds",
        "Time since the planned end of the window (the usual one where nobody planned it); 0 before.",
        when="while the gate is closed",
    ),
    _gauge(
        "guard_workers",
        "Workers: live, acknowledged, unconfirmed (do not follow the epoch), broken (refuse guarded work).",
        "standing",
    ),
    _gauge(
        "guard_unguarded_consumers",
        "Consumers that no guard holds; looked for once a minute.",
        when="while queues are cordoned",
    ),
    _gauge("guard_jobs_in_flight", "Guarded jobs that run, as far as workers have reported.", when=_OPEN),
    _gauge("guard_jobs_reserved", "Guarded jobs that workers hold and have not started.", when=_OPEN),
    _gauge("guard_workers_not_reported", "Workers that have not said what runs in them.", when=_OPEN),
    _gauge("guard_jobs_parked", "Jobs in the parking queue."),
    _gauge("guard_jobs_held", "Jobs in queues that workers take nothing from."),
    _gauge("guard_jobs_lost", "Accepted jobs that are nowhere.", when="with the ledger"),
    _gauge("guard_window_refused_jobs", "Jobs refused in this window so far."),
    _gauge("guard_drain_blockers", "What the drain waits for, all of it known.", when="while it drains"),
    _gauge("guard_drain_age_seconds", "Time since the opening of the window.", when="while it drains"),
    _gauge(
        "guard_drain_overrun_seconds",
        "Time since the deadline of the drain; 0 before.",
        when="while it drains, with a deadline",
    ),
    _histogram("guard_drain_duration_seconds", "From the opening of a window until it was drained."),
    _counter(
        "guard_jobs",
        "Jobs that windows have met, by what happened to them (refused, parked, killed, …) and operation.",
        "event",
        "operation",
    ),
    _counter("guard_refused_requests", "Requests that windows have refused, by operation.", "operation"),
    _histogram(
        "guard_decision_seconds",
        "Time of decisions while the gate was not known to be open: publish, receipt, start, request.",
        "place",
    ),
    _counter("guard_store_errors", "Calls of a store that failed, in any process: redis, sql.", "store"),
    _counter("guard_session_invalidations", "How often the sessions of non-admins were ended."),
    _gauge("guard_sessions_left", "1 while ended sessions are still to be deleted, else 0."),
    _gauge(
        "guard_beat_age_seconds",
        "Time since beat's last run of a routine by interval.",
        when="when the app has a timetable, and it ever ran",
    ),
)
"""In the order in which they are printed."""


def exposed_names() -> frozenset[str]:
    """Every name under which a sample may appear."""
    suffixes = {
        Kind.GAUGE: ("",),
        Kind.COUNTER: ("_total",),
        Kind.HISTOGRAM: ("_bucket", "_count", "_sum"),
    }
    return frozenset(spec.name + suffix for spec in CATALOGUE for suffix in suffixes[spec.kind])
