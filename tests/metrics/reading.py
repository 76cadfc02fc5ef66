"""Reads an exposition with Prometheus' own parser."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

__all__ = ["read"]


def read(text: str) -> dict[str, float]:
    """Every sample of ours as `name{label=value,…}`."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            key = f"{sample.name}{{{labels}}}" if labels else sample.name
            assert key not in found, f"{key} twice"
            if sample.name.startswith("guard_"):
                found[key] = sample.value
    return found
