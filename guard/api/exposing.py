"""The way to the library that prints metrics, which not everybody installs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.errors import InvalidRequest

try:
    from guard.observe.exposition import CONTENT_TYPE, exposition, families
except ModuleNotFoundError as error:
    raise InvalidRequest(
        f"this needs the extra `metrics` ({error.name} is missing): "
        "pip install 'celery-maintenance-guard[metrics]'"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.core.fleet_figures import FleetFigures

__all__ = ["CONTENT_TYPE", "as_dict", "exposition"]


def as_dict(figures: FleetFigures, *, declared: Iterable[str]) -> dict[str, Any]:
    """The same as plain JSON types: by name a list of samples; an empty one is unknown."""
    return {
        family.name: [
            {"name": sample.name, "labels": sample.labels, "value": sample.value} for sample in family.samples
        ]
        for family in families(figures, declared=declared)
    }
