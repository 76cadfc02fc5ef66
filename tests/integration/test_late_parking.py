"""A job ends well while its copy could not be parked: then none must be parked, for it would run again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from guard.core.ladder import Report
from guard.core.named_events import not_announced
from guard.errors import ParkingFailed
from guard.worker.conclusions import Conclusions
from tests.support.eventually import eventually


class Gate:
    """A broker that does not confirm at first."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.parked: list[str] = []
        self.forbidden: list[str] = []
        self.copies = SimpleNamespace(forbid=self.forbidden.append)

    def park_copy(self, _request: object, *, attempt: str) -> str:
        if self.failures:
            self.failures -= 1
            raise ParkingFailed("the broker did not confirm")
        self.parked.append(attempt)
        return f"park-{attempt}"


def climber() -> Any:
    return SimpleNamespace(
        request=SimpleNamespace(id="t-1", name="x.y"),
        report=Report.RETURNED,
        signalled=False,
        acks_late=False,
        resumable=True,
        park_id=None,
        is_left=False,
        is_parking=False,
        has_finished=False,
        attempt="a-1",
        window_id="w-1",
        operation="o",
        asked_wall=1.0,
        slot=SimpleNamespace(pid=1),
        told={},
    )


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_what_has_finished_leaves_no_copy(failures: int) -> None:
    gate, recorded = Gate(failures), []
    conclusions = Conclusions(
        gate=gate,  # type: ignore[arg-type]
        runtime=SimpleNamespace(count=lambda *_, **__: None),  # type: ignore[arg-type]
        outcomes=lambda: SimpleNamespace(record=recorded.append),  # type: ignore[arg-type,return-value]
        node="w1@here",
        announce=not_announced,
    )
    job = climber()
    conclusions.park(job)
    conclusions.conclude(job, doubtful=False)
    eventually(lambda: conclusions.idle and recorded, within=20, what="all errands to be done")
    assert [f"park-{attempt}" for attempt in gate.parked] == gate.forbidden
