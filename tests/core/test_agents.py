"""What agents say: whatever is not said claims nothing."""

from __future__ import annotations

from guard.core.agents import QUEUES_QUESTION, AgentCard, AgentReport, Renewal, RunningJob
from guard.core.state import GuardState


def test_a_producer_has_no_pool_and_nothing_to_end() -> None:
    card = AgentCard(agent_id="a", role="producer", node="web", host="one", pid=7)
    assert (card.pool, card.slots, card.queues, card.tasks) == ("", 0, (), ())
    assert card.terminable is False
    assert (card.problem, card.machine, card.page) == ("", "", "")


def test_a_job_of_which_only_the_start_is_known() -> None:
    job = RunningJob(task_id="t", task="shop.caption", since=100.0)
    assert (job.operation, job.asked) == ("", False)
    assert (job.limit, job.usual, job.longest) == (None, None, None)


def test_an_idle_agent_holds_nothing_and_need_not_say_its_queues() -> None:
    report = AgentReport()
    assert (report.running, report.reserved, report.lost_slots, report.ending) == ((), 0, 0, 0)
    assert report.cordoned == ()
    assert report.queues is None  # unknown is not none at all


def test_a_renewal_is_remembered_unless_said_otherwise() -> None:
    assert Renewal(state=GuardState.first("store", 0.0)).forgotten is False


def test_the_question_has_the_name_that_older_workers_answer_to() -> None:
    assert QUEUES_QUESTION == "guard_queues"
