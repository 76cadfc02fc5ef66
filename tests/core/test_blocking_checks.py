"""Judgements of workers, keys, tasks and queues."""

from __future__ import annotations

from typing import Any

from guard.core import blocking_checks as checks
from guard.core.agents import AgentCard
from guard.core.doctor_facts import JobFacts, Reply, TaskFacts
from guard.core.roster import RosterEntry
from guard.core.state import GuardState
from tests.core.test_activation_checks import OK, PROBLEM, UNKNOWN, WARNING, says

STATE = GuardState.first("ours", 1.0)
LEASE = 5.0


def worker(
    name: str = "w", *, seen: float = 0.1, epoch: int = 0, role: str = "worker", **card: Any
) -> RosterEntry:
    made = AgentCard(agent_id=f"id-{name}", role=role, node=name, host="h", pid=1, **card)
    return RosterEntry(card=made, acknowledged_epoch=epoch, seen_seconds_ago=seen)


def jobs(*tasks: TaskFacts, **more: Any) -> JobFacts:
    facts: dict[str, Any] = {
        "redis": True,
        "visibility": 3600.0,
        "result_expires": 86400.0,
        "rejects_lost": True,
    }
    return JobFacts(tasks=tasks, **{**facts, **more})


def task(name: str = "t", **more: Any) -> TaskFacts:
    facts: dict[str, Any] = {"matched": True, "queue": "q", "late": True, "limit": 60.0}
    return TaskFacts(name=name, **{**facts, **more})


def test_workers() -> None:
    says(checks.workers_there([worker(), worker("p", role="producer")], LEASE), OK, "1 guarded workers")
    says(checks.workers_there([worker(seen=5.1)], LEASE), WARNING)
    assert [one.card.node for one in checks.live_workers([worker(), worker("x", seen=6)], LEASE)] == ["w"]
    assert checks.silent_after(LEASE) == LEASE


def test_self_tests() -> None:
    says(checks.self_tests([worker()]), OK)
    says(checks.self_tests([worker(problem="no hook")]), PROBLEM, "w: no hook")


def test_keys() -> None:
    said = Reply(node="a", agent_id="1", key="abc")
    says(checks.signing_key(True), OK)
    says(checks.signing_key(False), WARNING, "GUARD_SECRET_KEY")
    says(checks.keys_alike([said], "abc"), OK, "1 workers")
    says(checks.keys_alike([said], "abd"), PROBLEM, "of a is not")
    says(checks.keys_alike([Reply(node="a", agent_id="1", key="")], "abd"), PROBLEM)
    says(checks.keys_alike([Reply(node="a", agent_id="1")], "abd"), OK, "0 workers")  # an older release
    assert "abd" not in str(checks.keys_alike([said], "abd"))


def test_epochs() -> None:
    says(checks.epochs([worker()], STATE, LEASE), OK)
    says(checks.epochs([worker(epoch=-1)], STATE, LEASE), WARNING, "w (epoch -1)")
    says(checks.epochs([worker(seen=9, epoch=-1)], STATE, LEASE), PROBLEM, "do not renew: w")
    says(checks.epochs([worker(seen=9, role="producer")], STATE, LEASE), OK)


def test_consumers() -> None:
    says(checks.unguarded(None), UNKNOWN)
    says(checks.unguarded([]), OK)
    says(checks.unguarded([f"c{number}" for number in range(10)]), PROBLEM, "c7 and 2 more")


def test_tasks_and_queues() -> None:
    says(checks.unmatched(jobs(task())), OK)
    says(checks.unmatched(jobs(task(matched=False))), WARNING, 'name="t"')
    served = [worker(queues=("q",))]
    says(checks.queues_served(jobs(task()), served, LEASE), OK)
    says(checks.queues_served(jobs(task(queue=None)), served, LEASE), OK)
    says(checks.queues_served(jobs(task(queue="x")), served, LEASE), PROBLEM, "x (t)", "worker -Q x")
    says(
        checks.queues_served(jobs(task()), [worker(seen=9, queues=("q",))], LEASE),
        UNKNOWN,
        "no worker is there that would say what it consumes",
        "celery -A yourapp worker",
    )


def test_eight_names_at_most() -> None:
    nine, eight = [f"w{number}" for number in range(9)], [f"w{number}" for number in range(8)]
    says(checks.unguarded(eight), PROBLEM, "w6, w7")
    says(checks.unguarded(nine), PROBLEM, "w7 and 1 more")
    says(
        checks.workers_there([worker(name) for name in nine], LEASE), OK, "9 guarded workers", "w7 and 1 more"
    )
    lost = [task(name, queue="x") for name in "abcd"] + [task("e", queue="a")]
    says(
        checks.queues_served(jobs(*lost), [worker(queues=("q", "r"))], LEASE),
        PROBLEM,
        "a (e), x (a, b, c and 1 more)",
    )
    says(
        checks.queues_served(jobs(*lost[:3]), [worker(queues=("q",))], LEASE), PROBLEM, "x (a, b, c)", "-Q x"
    )
    says(checks.queues_served(jobs(*lost), [worker(queues=("q",))], LEASE), PROBLEM, "-Q a,x")
    says(checks.queues_served(jobs(task()), [worker(queues=("r", "q"))], LEASE), OK, "q, r")


def test_edges() -> None:
    says(checks.workers_there([worker(seen=LEASE)], LEASE), OK)
    says(checks.epochs([worker(seen=LEASE)], STATE, LEASE), OK)
    says(checks.epochs([worker(epoch=1)], STATE, LEASE), OK)
    says(checks.epochs([worker(epoch=-1, role="producer")], STATE, LEASE), OK)
    says(
        checks.epochs([worker("b", seen=9), worker("a", seen=9)], STATE, LEASE), PROBLEM, "look at b: restart"
    )
    says(
        checks.self_tests([worker(problem="x"), worker("v", problem="y", role="producer")]),
        PROBLEM,
        "w: x, v: y",
    )
    says(
        checks.unmatched(jobs(task("b", matched=False), task("a", matched=False))),
        WARNING,
        "a, b",
        'name="a"',
    )
    replies = [
        Reply(node=node, agent_id=node, key=key) for node, key in (("a", "k"), ("b", None), ("c", "k"))
    ]
    says(checks.keys_alike(replies, "k"), OK, "2 workers")
    says(checks.keys_alike(replies, "other"), PROBLEM, "of a, c is not")
    says(
        checks.queues_served(jobs(task(queue=None), task(queue="x")), [worker(queues=("q",))], LEASE),
        PROBLEM,
        "-Q x",
    )
