"""`enable` does not call a worker empty whose report another process has made obsolete meanwhile."""

from __future__ import annotations

import pytest

from guard.cli import enable
from guard.core.agents import AgentCard, AgentReport, RunningJob
from guard.core.roster import RosterEntry
from guard.orchestrator.window import Window
from guard.orchestrator.window_seen import seen_of
from guard.web.admin.starting import closed_said

CARD = AgentCard(agent_id="a-1", role="worker", node="w1@here", host="here", pid=1)
JOB = RunningJob(task_id="t-1", task="shop.pay", since=1.0)


def entry(acknowledged: int, report: AgentReport | None) -> RosterEntry:
    return RosterEntry(card=CARD, acknowledged_epoch=acknowledged, seen_seconds_ago=0.1, report=report)


def test_what_a_worker_said_and_is_gone_is_unknown_and_not_nothing() -> None:
    """Found by the simulator: the orchestrator had confirmed the window between the barrier and the look,
    which begins a new round of reports."""
    seen = seen_of([entry(5, None)], epoch=5)
    assert seen["acknowledged"] == ("w1@here (pid 1)",)
    assert seen["running"] is None


def test_what_workers_said_is_told() -> None:
    seen = seen_of([entry(5, AgentReport(running=(JOB,)))], epoch=5)
    assert [job.task_id for job in seen["running"]] == ["t-1"]


def test_who_has_not_acknowledged_is_unconfirmed_and_hides_nobody() -> None:
    seen = seen_of([entry(4, None), entry(5, AgentReport(running=(JOB,)))], epoch=5)
    assert seen["unconfirmed"] == ("w1@here (pid 1)",)
    assert [job.task_id for job in seen["running"]] == ["t-1"]


class Screen:
    """Takes what a command shows."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}

    def row(self, label: str, text: str, tone: str = "") -> None:
        self.rows[label] = text

    def more(self, lines: object) -> None:
        """Nothing is folded away here."""


@pytest.mark.parametrize(("running", "shown"), [(None, "unknown"), ((), "none")])
def test_unknown_is_shown_as_unknown(running: tuple[()] | None, shown: str) -> None:
    window = Window(
        window_id="w-1",
        mode="normal",
        reason="r",
        by="b",
        epoch=5,
        phase="closing",
        started_at=0.0,
        planned_end=None,
        acknowledged=(),
        running=running,
        proof="acknowledged",
    )
    screen = Screen()
    enable._fleet(screen, window)  # type: ignore[arg-type]
    assert screen.rows["running"] == shown
    assert ("Which jobs still run could not be told." in closed_said(window)) is (running is None)
