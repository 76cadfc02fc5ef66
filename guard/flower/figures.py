"""Figures of the guard for Flower's /metrics. What is unknown has no sample: it is not zero.

A scrape never asks a store: it takes the last look, which the handler of /metrics has asked for before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily

from guard.core.modes import Mode, Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client import Metric

    from guard.flower.look import Look

__all__ = ["Figures", "figures_of"]

_MODES = ("off", *(mode.value for mode in Mode))


class Figures:
    """A collector for prometheus_client."""

    def __init__(self, now: Callable[[], Look | None]) -> None:
        self._now = now

    def describe(self) -> Iterable[Metric]:
        """Nothing: so that registering asks for no look."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The figures of the last look."""
        return figures_of(self._now())


def figures_of(look: Look | None) -> Iterator[Metric]:
    """The figures of a look; of no look: none but that nothing is known."""
    status = look.status if look is not None else None
    known = status is not None and status.is_active is not None
    yield _one("guard_state_known", "1 when a store could tell the state, else 0.", float(known))
    yield _one("guard_look_age_seconds", "Age of the figures below.", look.age if look else None)
    mode = None if status is None or not known else status.mode if status.is_active else "off"
    yield _choice("guard_mode", "1 for the mode of the open window, or off.", "mode", _MODES, mode)
    phases = [phase.value for phase in Phase]
    phase = status.phase if status else None
    yield _choice("guard_phase", "1 for the phase of the window.", "phase", phases, phase)
    yield _one("guard_epoch", "Number of the guard state; it grows with each change.", _of(status, "epoch"))
    yield from _workers(look)
    in_flight = status.in_flight if status else None
    yield _one(
        "guard_jobs_in_flight",
        "Guarded jobs that run, as far as workers have reported; no sample while no window is open.",
        in_flight["running"] if in_flight else None,
    )
    yield _one(
        "guard_workers_not_reported",
        "Workers that have not said what runs in them; no sample while no window is open.",
        len(in_flight["unknown"]) if in_flight else None,
    )
    yield _one("guard_jobs_parked", "Jobs in the parking queue.", _of(status, "parked"))
    yield _one("guard_jobs_held", "Jobs in queues that workers take nothing from.", _of(status, "held"))
    yield _one("guard_window_refused_jobs", "Jobs refused in this window so far.", _of(status, "refused"))
    drain = look.progress.view if look and look.progress else None
    left = len(drain.blockers) if drain and not drain.unknown else None  # those that are known are not all
    yield _one("guard_drain_blockers", "What the drain waits for; no sample unless there is one.", left)


def _workers(look: Look | None) -> Iterator[Metric]:
    workers = look.status.workers if look is not None else None
    family = GaugeMetricFamily("guard_workers", "Workers by how they follow the epoch.", labels=["standing"])
    if workers is not None:
        counts = {
            "live": workers.live,
            "acknowledged": workers.acknowledged,
            "unconfirmed": len(workers.unconfirmed) if workers.unconfirmed is not None else None,
        }
        for standing, number in counts.items():
            if number is not None:
                family.add_metric([standing], number)
    yield family


def _of(status: object, name: str) -> float | None:
    return getattr(status, name) if status is not None else None


def _one(name: str, text: str, value: float | None) -> Metric:
    family = GaugeMetricFamily(name, text)
    if value is not None:
        family.add_metric([], value)
    return family


def _choice(name: str, text: str, label: str, all_of: Iterable[str], chosen: str | None) -> Metric:
    """One sample per possible value, 1 for the one that is so; none when that is unknown."""
    family = GaugeMetricFamily(name, text, labels=[label])
    if chosen is not None:
        for value in all_of:
            family.add_metric([value], float(value == chosen))
    return family
