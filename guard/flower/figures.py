"""The guard's figures in Flower's /metrics: those of `guard.observe.metrics_catalogue`, as everywhere.

Flower's loop never waits for a store: a look is taken in a thread, and the scrape prints the last one.
"""

from __future__ import annotations

import asyncio
import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.clock import boot_ms
from guard.flower.look import in_thread
from guard.observe.exposition import families

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

    from guard.api import Guard
    from guard.core.fleet_figures import FleetFigures

__all__ = ["Figures"]

_STALE_SECONDS = 10.0


class Figures:
    """A collector for prometheus_client, and the last look of one Flower."""

    def __init__(self) -> None:
        self._latest: tuple[float, FleetFigures] | None = None
        self._declared: frozenset[str] = frozenset()

    async def refresh(self, guard: Guard, *, within: float) -> None:
        """Look anew; after this many seconds without an answer the last look stays."""
        self._declared = guard.metrics.declared
        begun = boot_ms() / 1000
        looking = in_thread(functools.partial(guard.metrics.look, within=within))
        done, _ = await asyncio.wait({looking}, timeout=within * 2)
        if done:
            self._latest = begun, looking.result()

    def describe(self) -> Iterable[Metric]:
        """Nothing: so that registering asks for no look."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The figures of the last look; of one that is too old: that nothing is known."""
        if self._latest is None:
            return families(None)
        begun, figures = self._latest
        since = boot_ms() / 1000 - begun
        if since >= _STALE_SECONDS:
            return families(None)
        return families(replace(figures, age=(figures.age or 0.0) + since), declared=self._declared)
