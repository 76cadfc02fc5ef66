"""What `status()` calls running: a worker that has not reported makes the number unknown, not smaller."""

from __future__ import annotations

from dataclasses import replace

from guard.core.agents import AgentCard, AgentReport, RunningJob
from guard.core.modes import Mode, Phase
from guard.core.roster import RosterEntry
from guard.core.state import GuardState
from guard.orchestrator.status import Status, build_status

DRAINING = replace(
    GuardState.first("store", 0.0),
    epoch=7,
    phase=Phase.DRAINING,
    mode=Mode.NORMAL,
    window_id="w",
    reason="test",
    started_at=0.0,
    duration=60,
)
RUNS = AgentReport(running=(RunningJob(task_id="a", task="t", since=1.0),))


def status(*reports: AgentReport | None) -> Status:
    """Of a window that drains, with one worker for each report."""
    roster = [
        RosterEntry(
            card=AgentCard(agent_id=str(number), role="worker", node=f"w{number}", host="h", pid=number),
            acknowledged_epoch=7 if report is not None else 6,
            seen_seconds_ago=0.1,
            report=report,
        )
        for number, report in enumerate(reports)
    ]
    return build_status(
        state=DRAINING, roster=roster, kinds={}, held=0, parked=0, refused=0, warnings=(), now=0.0
    )


def test_what_all_have_reported_is_counted() -> None:
    assert status(RUNS, RUNS).active_jobs_count == 2
    assert status(AgentReport(), AgentReport()).active_jobs_count == 0


def test_a_worker_that_has_not_reported_is_not_a_worker_that_runs_nothing() -> None:
    """Found by the comparison: right after `enable()` had named four running jobs, `status()` said 0."""
    seen = status(RUNS, None)
    assert seen.active_jobs_count is None
    assert seen.in_flight is not None
    assert (seen.in_flight["running"], seen.in_flight["unknown"]) == (1, ["w1"])
