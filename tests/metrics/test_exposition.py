"""The text that Prometheus reads: whole, of the catalogue, and bounded."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from guard.core.fleet_figures import FleetFigures
from guard.core.process_figures import Histogram, decisions_in, drains_in
from guard.observe.exposition import _SAMPLES, MOST_OPERATIONS, exposition, folded
from guard.observe.metrics_catalogue import CATALOGUE, Kind, exposed_names
from tests.metrics.reading import read

DECLARED = frozenset({"caption_generation", "job_creation"})
FULL = FleetFigures(
    age=0.25,
    up={"redis": True, "sql": True, "broker": False},
    mode="normal",
    phase="draining",
    epoch=12,
    workers={"live": 3, "acknowledged": 2, "unconfirmed": 1, "broken": 0},
    unguarded=0,
    in_flight=2,
    reserved=1,
    not_reported=0,
    parked=4,
    held=5,
    lost=0,
    refused=6,
    window_age=90.5,
    window_overrun=0.0,
    drain_age=90.5,
    drain_overrun=0.0,
    drain_blockers=1,
    jobs={("refused", "caption_generation"): 6, ("killed", "job_creation"): 1},
    requests={"caption_generation": 8},
    decisions=decisions_in(
        {"decision:publish:1": 3, "decision:publish:12": 1, "decision:publish:ns": 4_000_000_000}
    ),
    drains=drains_in({"drain:2": 1, "drain:ms": 9500}),
    failures={"redis": 2, "sql": 0},
    invalidations=3,
    sessions_left=True,
    beat_age=12.0,
)


def test_the_catalogue_is_whole_and_named_as_prometheus_wants() -> None:
    assert _SAMPLES.keys() == {spec.name for spec in CATALOGUE}
    assert len({spec.name for spec in CATALOGUE}) == len(CATALOGUE)
    for spec in CATALOGUE:
        assert spec.name.startswith("guard_")
        assert not spec.name.endswith(("_total", "_bucket", "_sum", "_count"))
        assert spec.help.endswith(".")
        if spec.kind is Kind.HISTOGRAM:
            assert spec.name.endswith("_seconds")


def test_every_metric_has_samples_when_everything_is_known() -> None:
    text = exposition(FULL, declared=DECLARED)
    families = list(text_string_to_metric_families(text))
    assert {family.name for family in families} == {spec.name for spec in CATALOGUE}
    assert all(family.samples for family in families)
    kinds = {family.name: family.type for family in families}
    assert kinds == {spec.name: spec.kind.value for spec in CATALOGUE}
    named = {sample.name for family in families for sample in family.samples}
    assert named == exposed_names()
    for family in families:
        spec = next(spec for spec in CATALOGUE if spec.name == family.name)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(spec.labels)


def test_values() -> None:
    seen = read(exposition(FULL, declared=DECLARED))
    assert seen["guard_mode{mode=normal}"] == 1
    assert seen["guard_mode{mode=off}"] == 0
    assert seen["guard_up{component=broker}"] == 0
    assert seen["guard_jobs_total{event=refused,operation=caption_generation}"] == 6
    assert seen["guard_jobs_total{event=refused,operation=job_creation}"] == 0, "known to be none"
    assert seen["guard_decision_seconds_bucket{le=1e-06,place=publish}"] == 0
    assert seen["guard_decision_seconds_bucket{le=2.5e-06,place=publish}"] == 3
    assert seen["guard_decision_seconds_bucket{le=2.5,place=publish}"] == 3
    assert seen["guard_decision_seconds_bucket{le=+Inf,place=publish}"] == 4
    assert seen["guard_decision_seconds_sum{place=publish}"] == 4.0
    assert seen["guard_drain_duration_seconds_bucket{le=15}"] == 1
    assert seen["guard_sessions_left"] == 1


def test_unknown_has_no_sample() -> None:
    assert read(exposition(None)) == {"guard_state_known": 0.0}
    assert read(exposition(FleetFigures(up={"redis": False}))) == {
        "guard_state_known": 0.0,
        "guard_up{component=redis}": 0.0,
    }
    for name in ("parked", "in_flight", "workers", "jobs", "decisions", "beat_age", "sessions_left"):
        whole, less = read(exposition(FULL)), read(exposition(replace(FULL, **{name: None})))
        gone = whole.keys() - less.keys()
        assert gone, name
        assert {key: whole[key] for key in less} == less


def test_labels_are_bounded() -> None:
    many = {f"operation_{number}": 1 for number in range(MOST_OPERATIONS + 1)}
    assert folded({**many, "job_creation": 4}, DECLARED) == {"job_creation": 4, "other": len(many)}
    few = dict.fromkeys(list(many)[:MOST_OPERATIONS], 1)
    assert folded(few, DECLARED) == few
    full = replace(FULL, jobs={("refused", name): 1 for name in many}, requests=many)
    operations = {key for key in read(exposition(full, declared=DECLARED)) if "operation=" in key}
    assert len(operations) == len(DECLARED) + 2


def test_a_value_from_outside_cannot_break_the_text() -> None:
    odd = 'a"b\\c\nguard_epoch 99'
    seen = exposition(replace(FULL, jobs={("refused", odd): 1}))
    (sample,) = [
        sample
        for family in text_string_to_metric_families(seen)
        for sample in family.samples
        if sample.labels.get("operation") == odd
    ]
    assert sample.value == 1
    assert read(exposition(FULL))["guard_epoch"] == 12


def test_the_last_bucket_has_everything() -> None:
    histogram = Histogram(bounds=(1.0,), counts=(2, 3), total=9.0)
    seen = read(exposition(replace(FULL, drains=histogram)))
    assert seen["guard_drain_duration_seconds_bucket{le=1}"] == 2
    assert seen["guard_drain_duration_seconds_bucket{le=+Inf}"] == 5
    assert seen["guard_drain_duration_seconds_count"] == 5
