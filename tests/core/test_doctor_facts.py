"""What the doctor's sources answer: what they do not say is not known, which is not the same as none."""

from __future__ import annotations

from guard.core.doctor_facts import (
    BrokerFacts,
    DurableFacts,
    JobFacts,
    MachineFacts,
    PlaneFacts,
    RedisFacts,
    Reply,
    SessionFacts,
    TaskFacts,
)


def test_of_a_store_only_the_round_trip_is_known() -> None:
    durable = DurableFacts(kind="sqlite", tables="ok", seconds=0.1)
    assert (durable.ahead, durable.file, durable.connections) == (None, None, None)
    redis = RedisFacts(role="master", seconds=0.1)
    assert (redis.ahead, redis.policy, redis.used, redis.limit) == (None, None, None, None)
    assert redis.missing == (), "it has every command that was asked for"
    assert BrokerFacts(redis=True).policy is None


def test_a_plane_holds_a_record_of_which_nobody_read_the_state() -> None:
    plane = PlaneFacts()
    assert (plane.record, plane.state) == ("ok", None)


def test_a_worker_of_an_older_release_says_nothing_of_itself() -> None:
    reply = Reply(node="w@one", agent_id="")
    assert (reply.ahead, reply.key, reply.release, reply.beat) == (None, None, None, None)


def test_nobody_has_decided_when_a_task_acknowledges() -> None:
    task = TaskFacts(name="t", matched=True, queue=None, late=False, limit=None)
    assert task.by_choice is False
    jobs = JobFacts(redis=True, visibility=None, result_expires=None, rejects_lost=False)
    assert jobs.tasks == ()
    assert jobs.restores_prefetch is False


def test_nothing_bars_people_and_versions_were_looked_at() -> None:
    assert SessionFacts(seen=0, unreadable=0, foreign=0, whole=True).flags == {}
    assert MachineFacts(disks={}, closed_by="", unknown_zones=(), versions=()).unchecked == ""
