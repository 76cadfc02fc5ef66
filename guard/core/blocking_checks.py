"""Judgements of the family "users can still access blocked operations"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.diagnosis import Verdict, broken, not_known, ok, warn
from guard.core.naming import some_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from guard.core.doctor_facts import JobFacts, Reply
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState

__all__ = [
    "epochs",
    "keys_alike",
    "live_workers",
    "queues_served",
    "self_tests",
    "signing_key",
    "silent_after",
    "unguarded",
    "unmatched",
    "workers_there",
]


def silent_after(lease: float) -> float:
    """Seconds after which an agent that did not renew is silent."""
    return lease


def live_workers(roster: Iterable[RosterEntry], lease: float) -> list[RosterEntry]:
    """Workers that renewed within a lease."""
    return [
        one for one in roster if one.card.role == "worker" and one.seen_seconds_ago <= silent_after(lease)
    ]


def workers_there(roster: Sequence[RosterEntry], lease: float) -> Verdict:
    """Whether a guarded worker is registered."""
    live = live_workers(roster, lease)
    if live:
        return ok(f"{len(live)} guarded workers renew: {some_of(one.card.node for one in live)}")
    return warn(
        "no guarded worker is registered",
        "nothing runs jobs, or what runs them has no guard or another control plane",
        "celery -A yourapp worker   (guard.install(app) must be where the app is made, and REDIS_URL the "
        "same)",
    )


def self_tests(roster: Sequence[RosterEntry]) -> Verdict:
    """Whether every worker passed its self-test."""
    failed = [f"{one.card.node}: {one.card.problem}" for one in roster if one.card.problem]
    if not failed:
        return ok("every worker passed its self-test")
    return broken(
        f"workers refuse guarded work: {some_of(failed)}",
        "a gate of theirs is not reached, so they take no guarded jobs at all",
        "install the supported release of Celery, or take away what overrides the named method, and "
        "restart them",
    )


def signing_key(signed: bool) -> Verdict:  # noqa: FBT001 - the one fact
    """Whether records are signed."""
    if signed:
        return ok("guard records are signed")
    return warn(
        "GUARD_SECRET_KEY is not set",
        "whoever can write to Redis can open the gate",
        "python -c 'import secrets; print(secrets.token_urlsafe(32))'   (the same GUARD_SECRET_KEY for "
        "every process)",
    )


def keys_alike(replies: Sequence[Reply], ours: str) -> Verdict:
    """Whether all workers have the key of this process. Fingerprints are compared; none is shown."""
    other = [one.node for one in replies if one.key is not None and one.key != ours]
    if other:
        return broken(
            f"GUARD_SECRET_KEY of {some_of(other)} is not that of this process",
            "they do not believe what this process writes: they stay closed, or open late",
            "give every process the same GUARD_SECRET_KEY and restart these workers",
        )
    asked = sum(one.key is not None for one in replies)
    return ok(f"{asked} workers have the key of this process")


def epochs(roster: Sequence[RosterEntry], state: GuardState, lease: float) -> Verdict:
    """Whether every worker renews and has acknowledged the current epoch."""
    workers = [one for one in roster if one.card.role == "worker"]
    silent = [one.card.node for one in workers if one.seen_seconds_ago > silent_after(lease)]
    if silent:
        return broken(
            f"these workers are registered and do not renew: {some_of(silent)}",
            "they are frozen, dead, or cut off at an old epoch; a drain waits for them",
            f"look at {silent[0]}: restart it if it hangs; `celery -A yourapp maintenance drain` names "
            "what it ran",
        )
    old = [
        f"{one.card.node} (epoch {one.acknowledged_epoch})"
        for one in workers
        if one.acknowledged_epoch < state.epoch
    ]
    if old:
        return warn(
            f"the guard is at epoch {state.epoch}; not yet there: {some_of(old)}",
            "such a worker has not said that its gate is as the guard wants it",
            "wait some seconds and look again; if it stays so, restart that worker",
        )
    return ok(f"all {len(workers)} workers are at epoch {state.epoch}")


def unguarded(found: Sequence[str] | None) -> Verdict:
    """Consumers that the guard does not know."""
    if found is None:
        return not_known("the broker does not say who consumes")
    if not found:
        return ok("every consumer has a guard")
    return broken(
        f"consumers without a guard: {some_of(found)}",
        "they take jobs whatever the guard says",
        "call guard.install(app) in their app and restart them, or stop them before a window",
    )


def unmatched(jobs: JobFacts) -> Verdict:
    """Tasks of which nobody said what kind of work they are."""
    names = sorted(one.name for one in jobs.tasks if not one.matched)
    if not names:
        return ok(f"each of {len(jobs.tasks)} tasks has an operation")
    return warn(
        f"no operation is declared for {some_of(names)}",
        "they count as job_creation, which may block more, or in a narrowed window less, than you mean",
        f'@app.task(operation="…"), or guard.operations.add("…", name="{names[0]}")',
    )


def queues_served(jobs: JobFacts, roster: Sequence[RosterEntry], lease: float) -> Verdict:
    """Whether workers consume every queue that tasks go to."""
    served = {queue for one in live_workers(roster, lease) for queue in one.card.queues}
    if not served:
        return not_known("no worker is there that would say what it consumes", "celery -A yourapp worker")
    lost: dict[str, list[str]] = {}
    for one in jobs.tasks:
        if one.queue is not None and one.queue not in served:
            lost.setdefault(one.queue, []).append(one.name)
    if not lost:
        return ok(f"workers consume every queue that tasks go to: {some_of(sorted(served))}")
    words = [f"{queue} ({some_of(names, 3)})" for queue, names in sorted(lost.items())]
    return broken(
        f"no worker consumes {some_of(words)}",
        "these jobs are accepted and never run; a drain and a release do not see them",
        f"celery -A yourapp worker -Q {','.join(sorted(lost))}",
    )
