"""What Prometheus scrapes. The figures are the fleet's, so any process of the application may answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.web.api.asked import Reply, Route
from guard.web.api.shapes.state import StatusAnswer

if TYPE_CHECKING:
    from guard.web.api.asked import Asked

__all__ = ["ROUTES"]


def _metrics(asked: Asked) -> Reply:
    return Reply(body=asked.guard.metrics.text())


ROUTES = (
    Route(
        method="GET",
        path="/maintenance/metrics",
        name="metrics",
        group="status",
        summary="Figures of the fleet in Prometheus' text format 0.0.4. What is unknown has no sample.",
        answer=_metrics,
        gives=StatusAnswer,
        media="text/plain; version=0.0.4",
        limited=False,  # one look a second at most, however many ask; and it is to be told when Redis is away
    ),
)
