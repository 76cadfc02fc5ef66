"""Judgements of the family "emergency mode issues"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.core.blocking_checks import live_workers
from guard.core.diagnosis import Verdict, broken, not_known, ok, warn
from guard.core.durations import humanize
from guard.core.modes import Phase
from guard.core.overdue import overdue_since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.core.doctor_facts import HeldLock, JobFacts, MachineFacts, ParkedFacts, Reply
    from guard.core.roster import RosterEntry
    from guard.core.state import GuardState

__all__ = [
    "endable",
    "late_acks",
    "local_close",
    "locks",
    "overdue",
    "parked_known",
    "parked_left",
    "remote_control",
    "stoppable",
    "visibility",
]


def remote_control(replies: Sequence[Reply], roster: Sequence[RosterEntry], lease: float) -> Verdict:
    """Whether every live worker hears Celery's remote control."""
    heard = {one.agent_id for one in replies}
    live = live_workers(roster, lease)
    deaf = [one.card for one in live if one.card.agent_id not in heard]
    if not deaf:
        return ok(f"{len(live)} workers answer remote control")
    names = ", ".join(card.node for card in deaf[:8])
    if all(card.pool == "solo" for card in deaf):
        return not_known(f"{names} did not answer: a solo pool does not while it runs a job")
    return broken(
        f"these workers renew and do not hear remote control: {names}",
        "their control queue is missing: `inspect`, `revoke`, rollback and preview do not reach them "
        "(gates do)",
        "set worker_enable_remote_control=True and restart them: a worker declares its control queue "
        "when it starts",
    )


def endable(roster: Sequence[RosterEntry], lease: float) -> Verdict:
    """Whether an emergency can end running jobs everywhere."""
    live = [one.card for one in live_workers(roster, lease)]
    cannot = [f"{card.node} ({card.pool})" for card in live if not card.terminable]
    if not cannot:
        return ok("every worker can end its jobs one by one")
    return warn(
        f"these workers cannot end a running job: {', '.join(cannot[:8])}",
        "in an emergency their jobs are asked to stop, and go on if they do not listen",
        "celery -A yourapp worker --pool prefork, or guard.checkpoint() in long tasks",
    )


def stoppable(jobs: JobFacts, roster: Sequence[RosterEntry], lease: float) -> Verdict:
    """Whether a worker ends at SIGTERM after it had lost its connection.

    Celery 5.7's threads then talk to RabbitMQ on the connection that the main thread reads, which can hang:
    docs/stress.md, "What it found elsewhere".
    """
    threads = sorted(one.card.node for one in live_workers(roster, lease) if one.card.pool == "threads")
    if not jobs.restores_prefetch or not threads:
        return ok("no worker of the threads pool tells a broker from its threads how much to send ahead")
    return warn(
        f"these run jobs in threads, on an AMQP broker: {', '.join(threads[:8])}",
        "such a worker may not end at SIGTERM when its connection was lost while jobs ran, guard or no guard",
        "worker_enable_prefetch_count_reduction = False   (in those workers)",
    )


def visibility(jobs: JobFacts, longest_window: float) -> Verdict:
    """Whether the broker delivers a job again while it still runs, or waits through a window of so many
    seconds."""
    seconds = jobs.visibility
    if seconds is None:
        return ok("this broker delivers a job again only when its worker is gone")
    remedy = "broker_transport_options = {'visibility_timeout': %d}   (in every process)"
    late = [one for one in jobs.tasks if one.late]
    long = [one for one in late if one.limit is not None and one.limit > seconds]
    if long:
        worst = max(one.limit or 0.0 for one in long)
        return broken(
            f"{', '.join(one.name for one in long[:5])} may run for {humanize(worst)}, and the visibility "
            "timeout is "
            f"{humanize(seconds)}",
            "the broker delivers such a job to a second worker while the first still runs it",
            remedy % round(worst * 1.5),
        )
    if longest_window > seconds:
        return warn(
            f"a window may last {humanize(longest_window)}, and the visibility timeout is "
            f"{humanize(seconds)}",
            "a job that waits for its ETA in a worker through such a window is delivered twice",
            remedy % round(longest_window * 1.5),
        )
    endless = [one.name for one in late if one.limit is None]
    if endless:
        return warn(
            f"{', '.join(endless[:5])} has no time limit, and the visibility timeout is {humanize(seconds)}",
            "if it runs longer, it is delivered to a second worker",
            f"task_time_limit = {round(seconds * 0.9)}, or a limit per task",
        )
    return ok(f"no job may run longer than the visibility timeout of {humanize(seconds)}")


def late_acks(jobs: JobFacts) -> Verdict:
    """Whether Redis loses what a killed worker ran."""
    if not jobs.redis:
        return ok("the broker is not Redis")
    early = sorted(one.name for one in jobs.tasks if not one.late and not one.by_choice)
    if not early:
        if jobs.rejects_lost:
            return ok("every task acknowledges late")
        return warn(
            "tasks acknowledge late, and task_reject_on_worker_lost is off",
            "a job whose pool process is killed is acknowledged all the same, and does not run again",
            "task_reject_on_worker_lost = True",
        )
    return warn(
        f"these acknowledge before they run: {', '.join(early[:5])}",
        "on Redis such a job is lost with its worker, guard or no guard",
        "task_acks_late = True and task_reject_on_worker_lost = True, for tasks that may run twice; "
        "GUARD_LEDGER=true "
        "names those that are lost",
    )


def local_close(machine: MachineFacts, state: GuardState | None) -> Verdict:
    """Whether this machine is closed by a file although no window is open."""
    if not machine.closed_by:
        return ok("this machine is not closed locally")
    if state is None or state.phase is not Phase.INACTIVE:
        return warn(
            f"{machine.closed_by} closes this machine, as a window that is open, or nobody knows of, does",
            "when that ends, this machine stays closed",
            "celery -A yourapp maintenance close-local --open   (when it is over)",
        )
    return broken(
        f"{machine.closed_by} was left behind: it closes this machine, and no window is open",
        "guarded jobs do not run here, and nothing of the window's end reopens it",
        "celery -A yourapp maintenance close-local --open",
    )


def overdue(state: GuardState, default_seconds: float, moment: float) -> Verdict:
    """Whether a window is past its end. `moment`: UTC seconds."""
    since = overdue_since(state, default_seconds=default_seconds, now=moment)
    if since is None:
        if state.is_active:
            return ok(f"a window is open ({state.phase.value})")
        return ok("no window is past its end")
    return warn(
        f"a window should have ended {humanize(moment - since)} ago",
        "people and jobs wait longer than they were told",
        "celery -A yourapp maintenance disable, or change --duration",
    )


def parked_left(facts: ParkedFacts, state: GuardState) -> Verdict:
    """Whether jobs are parked and nobody will give them back."""
    if facts.waiting is None:
        return not_known("the broker does not say how many jobs are parked")
    if not facts.waiting:
        return ok("no jobs are parked")
    if state.phase is not Phase.INACTIVE:
        return ok(f"{facts.waiting} jobs are parked, for the window")
    return broken(
        f"{facts.waiting} jobs are parked, and no window is open",
        "their release was interrupted, or no worker does the housekeeping",
        "celery -A yourapp worker   (its housekeeping gives them back; parked release ID does one by hand)",
    )


def parked_known(facts: ParkedFacts) -> Verdict:
    """Whether live workers know the tasks of parked jobs."""
    if not facts.jobs:
        return ok("no jobs are parked")
    if not facts.known_tasks:
        return not_known("no worker is there that would say which tasks it knows", "celery -A yourapp worker")
    strangers = sorted({one.task for one in facts.jobs if one.task not in facts.known_tasks})
    if not strangers:
        return ok(f"workers know the tasks of {len(facts.jobs)} parked jobs")
    ids = [one.task_id for one in facts.jobs if one.task in strangers]
    return broken(
        f"{len(ids)} parked jobs are of tasks that no worker knows: {', '.join(strangers[:5])}",
        "they stay parked at every release",
        f"start a worker that has these tasks, or: celery -A yourapp maintenance parked discard {ids[0]}",
    )


def locks(held: Sequence[HeldLock]) -> Verdict:
    """Whether a lock is held by nobody that lives."""
    dead = [one for one in held if one.alive is False or one.left is None]
    if not dead:
        return ok(f"{len(held)} locks are held, none by the dead" if held else "no lock is held")
    words = [
        f"{one.name} (by {one.holder or 'nobody knows whom'}, "
        f"{'for good' if one.left is None else f'{humanize(max(0.0, one.left))} more'})"
        for one in dead[:5]
    ]
    lasting = [one.name for one in dead if one.left is None]
    remedy = (
        f"redis-cli DEL '{lasting[0]}'"
        if lasting
        else f"wait {humanize(max(one.left or 0.0 for one in dead))}, or run it by hand: "
        "celery -A yourapp maintenance routines run NAME"
    )
    return warn(f"the dead hold {'; '.join(words)}", "what they guard is not done meanwhile", remedy)
