"""What a run leaves behind: its steps and its report in the journal, and an alert if somebody should look.

The steps are noted one by one, so that whoever finds a dead run knows what it had done.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from guard.core.history import AuditRecord
from guard.core.optimization_report import alert_of, kept
from guard.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.automation.parts import OptimizationParts
    from guard.core.optimization_report import Report

__all__ = ["BEGUN", "FINISHED", "STEP", "Records"]

log = logging.getLogger(__name__)

BEGUN = "optimization begun"
STEP = "optimization step"
FINISHED = "optimization"
_MOST_STEPS = 500


class Records:
    """What is kept of runs."""

    def __init__(self, parts: OptimizationParts) -> None:
        self._parts = parts

    def begun(self, window_id: str, *, by: str, named: tuple[str, ...]) -> None:
        """A run begins. Raises StoreUnavailable: then it must not."""
        self._write(BEGUN, by, "begun", {"window_id": window_id, "by": by, "named": list(named)})

    def step(self, window_id: str, by: str, what: Mapping[str, Any]) -> None:
        """Something was done, or is about to be. What cannot be noted is logged."""
        try:
            self._write(STEP, by, "done", {"window_id": window_id, **what})
        except StoreError as error:
            log.warning("a step of the optimization is not journaled: %s (%s)", what, error)

    def finished(self, report: Report) -> None:
        """Keep a report, and raise an alert if it asks for one. What cannot be kept is logged."""
        alert = alert_of(report)
        try:
            self._write(FINISHED, report.by, report.outcome.value, kept(report))
        except StoreError as error:
            log.warning("the report of the optimization is not kept: %s", error)
        try:
            if alert is not None:
                self._parts.alerts.raise_alert(alert)
        except StoreError as error:
            log.warning("an alert is not kept: %s", error)

    def last(self) -> dict[str, Any] | None:
        """The last report that was kept, as plain JSON types. Raises StoreUnavailable."""
        found = self._parts.changes.durable.latest(FINISHED, 1)
        return dict(found[0].detail) if found else None

    def of(self, window_id: str) -> tuple[Mapping[str, Any] | None, list[Mapping[str, Any]]]:
        """How a run began (None when it was never noted), and its steps, oldest first. Raises
        StoreUnavailable."""
        durable = self._parts.changes.durable
        begun = [record.detail for record in durable.latest(BEGUN, 20)]
        steps = [record.detail for record in durable.latest(STEP, _MOST_STEPS)]
        mine = [step for step in reversed(steps) if step.get("window_id") == window_id]
        return next((one for one in begun if one.get("window_id") == window_id), None), mine

    def _write(self, action: str, by: str, outcome: str, detail: Mapping[str, Any]) -> None:
        durable = self._parts.changes.durable
        durable.journal(
            AuditRecord(
                at=self._parts.clock.wall(),
                actor=by,
                action=action,
                epoch=durable.read().epoch,
                outcome=outcome,
                detail=detail,
            )
        )
