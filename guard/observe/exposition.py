"""A look at the fleet as Prometheus metrics. What is unknown has no sample: it is not zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import CollectorRegistry

from guard.core.fleet_figures import MODES
from guard.core.modes import Phase
from guard.observe.metrics_catalogue import CATALOGUE, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from prometheus_client import Metric

    from guard.core.fleet_figures import FleetFigures
    from guard.core.process_figures import Histogram
    from guard.observe.metrics_catalogue import MetricSpec

    Samples = Iterable[tuple[tuple[str, ...], "float | Histogram | None"]]

__all__ = ["CONTENT_TYPE", "MOST_OPERATIONS", "OTHER", "exposition", "families", "folded"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FAMILIES: Mapping[Kind, Any] = {
    Kind.GAUGE: GaugeMetricFamily,
    Kind.COUNTER: CounterMetricFamily,
    Kind.HISTOGRAM: HistogramMetricFamily,
}
MOST_OPERATIONS = 50
"""Names of operations that are told apart, beside those that are declared."""
OTHER = "other"


def exposition(figures: FleetFigures | None, *, declared: Iterable[str] = ()) -> str:
    """Prometheus' text format 0.0.4.

    Args:
        declared: the operations that this app knows: they are always told apart.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(lambda: families(figures, declared=declared)))
    return generate_latest(registry).decode()


def families(figures: FleetFigures | None, *, declared: Iterable[str] = ()) -> Iterator[Metric]:
    """Every metric of the catalogue, with the samples that are known; of no look: that nothing is."""
    known = frozenset(declared)
    for spec in CATALOGUE:
        family = _family(spec)
        for labels, value in _SAMPLES[spec.name](figures, known) if figures is not None else ():
            _add(family, labels, value)
        if figures is None and spec.name == "guard_state_known":
            _add(family, (), 0.0)
        yield family


def folded(counts: Mapping[str, int], declared: frozenset[str]) -> dict[str, int]:
    """Counts by operation; those that nobody declared are one when they are too many to be told apart."""
    strangers = counts.keys() - declared
    if len(strangers) <= MOST_OPERATIONS:
        return dict(counts)
    kept = {name: number for name, number in counts.items() if name in declared}
    return {**kept, OTHER: kept.get(OTHER, 0) + sum(counts[name] for name in strangers)}


class _Once:
    def __init__(self, made: Callable[[], Iterator[Metric]]) -> None:
        self._made = made

    def collect(self) -> Iterator[Metric]:
        return self._made()


def _family(spec: MetricSpec) -> Metric:
    made: Metric = _FAMILIES[spec.kind](spec.name, spec.help, labels=spec.labels)
    return made


def _add(family: Metric, labels: tuple[str, ...], value: float | Histogram | None) -> None:
    if value is None:
        return
    if isinstance(family, HistogramMetricFamily):
        assert not isinstance(value, float | int)  # noqa: S101 - a table of ours
        sums, so_far = [], 0
        for bound, count in zip((*value.bounds, float("inf")), value.counts, strict=True):
            so_far += count
            sums.append(("+Inf" if bound == float("inf") else f"{bound:.10g}", float(so_far)))
        family.add_metric(labels, buckets=sums, sum_value=value.total)
    else:
        assert isinstance(family, GaugeMetricFamily | CounterMetricFamily)  # noqa: S101
        assert isinstance(value, float | int)  # noqa: S101
        family.add_metric(labels, float(value))


def _plain(name: str) -> Callable[[FleetFigures, frozenset[str]], Samples]:
    return lambda look, _: [((), getattr(look, name))]


def _by(name: str) -> Callable[[FleetFigures, frozenset[str]], Samples]:
    return lambda look, _: [((key,), value) for key, value in (getattr(look, name) or {}).items()]


def _chosen(name: str, values: Iterable[str]) -> Callable[[FleetFigures, frozenset[str]], Samples]:
    """One sample per possible value, 1 for the one that is so; none when that is unknown."""

    def samples(look: FleetFigures, _declared: frozenset[str]) -> Samples:
        chosen = getattr(look, name)
        return [((value,), float(value == chosen)) for value in values] if chosen is not None else []

    return samples


def _jobs(look: FleetFigures, declared: frozenset[str]) -> Samples:
    if look.jobs is None:
        return
    # that none was refused is known, and a counter that begins with 1 shows no increase
    by_event: dict[str, dict[str, int]] = {"refused": dict.fromkeys(sorted(declared), 0)}
    for (event, operation), number in sorted(look.jobs.items()):
        by_event.setdefault(event, {})[operation] = number
    for event, counts in by_event.items():
        for operation, number in folded(counts, declared).items():
            yield (event, operation), number


def _requests(look: FleetFigures, declared: frozenset[str]) -> Samples:
    return [((name,), number) for name, number in folded(look.requests or {}, declared).items()]


_SAMPLES: Mapping[str, Callable[[FleetFigures, frozenset[str]], Samples]] = {
    "guard_state_known": lambda look, _: [((), float(look.mode is not None))],
    "guard_up": _by("up"),
    "guard_look_age_seconds": _plain("age"),
    "guard_mode": _chosen("mode", MODES),
    "guard_phase": _chosen("phase", [phase.value for phase in Phase]),
    "guard_epoch": _plain("epoch"),
    "guard_window_age_seconds": _plain("window_age"),
    "guard_window_overrun_seconds": _plain("window_overrun"),
    "guard_workers": _by("workers"),
    "guard_unguarded_consumers": _plain("unguarded"),
    "guard_jobs_in_flight": _plain("in_flight"),
    "guard_jobs_reserved": _plain("reserved"),
    "guard_workers_not_reported": _plain("not_reported"),
    "guard_jobs_parked": _plain("parked"),
    "guard_jobs_held": _plain("held"),
    "guard_jobs_lost": _plain("lost"),
    "guard_window_refused_jobs": _plain("refused"),
    "guard_drain_blockers": _plain("drain_blockers"),
    "guard_drain_age_seconds": _plain("drain_age"),
    "guard_drain_overrun_seconds": _plain("drain_overrun"),
    "guard_drain_duration_seconds": _plain("drains"),
    "guard_jobs": _jobs,
    "guard_refused_requests": _requests,
    "guard_decision_seconds": _by("decisions"),
    "guard_store_errors": _by("failures"),
    "guard_session_invalidations": _plain("invalidations"),
    "guard_sessions_left": _plain("sessions_left"),
    "guard_beat_age_seconds": _plain("beat_age"),
}
"""How each metric of the catalogue is read off a look."""
