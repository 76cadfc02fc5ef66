"""`Guard.preview()`: what a window would meet if it were opened now. Only looks; nothing here decides.

While the gates are open nobody reports what runs, so the workers are asked by Celery's remote control for
a moment. That is good enough to warn a person, and is never taken for the truth about a drain.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from guard.core.modes import Gate, Mode
from guard.core.scope import Scope
from guard.errors import GuardError, InvalidRequest, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.api.parts import Parts
    from guard.api.schedule import PlannedWindows
    from guard.api.sessions import Sessions
    from guard.core.operations import OperationKind
    from guard.core.roster import RosterEntry
    from guard.settings import Settings

__all__ = ["Preview", "PreviewJob", "Previewed", "SessionOutlook", "make_preview"]

_ASK_SECONDS = 0.7
_COUNT_SECONDS = 1.5
"""For how long sessions are looked at; a million of them take longer than a person waits."""
_MOST_JOBS = 200
_SEEN_LATELY_SECONDS = 5.0
_GATES = {Mode.NORMAL: Gate.NORMAL, Mode.EMERGENCY: Gate.EMERGENCY, Mode.TEST: Gate.NORMAL}
"""A rehearsal plays a normal window."""


class Previewed(Protocol):
    """What a preview asks of a `Guard`."""

    _parts: Parts

    @property
    def settings(self) -> Settings: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def schedule(self) -> PlannedWindows: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewJob:
    """A job that runs now. `blocked`: whether the window would wait for it, or end it in an emergency."""

    task_id: str
    task: str
    worker: str
    operation: str
    blocked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOutlook:
    """What would become of the sessions.

    Attributes:
        policy: ``invalidate`` or ``keep``.
        others, admins: sessions of non-admins and of admins; None: nobody could say.
        complete: False: there are more, and they were not all looked at.
    """

    policy: str
    others: int | None
    admins: int | None
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a window would meet now. None: nobody could say.

    Attributes:
        mode: ``normal``, ``emergency`` or ``test``.
        blocked: operations that it would block, by name.
        workers: registered workers that were seen lately.
        answered: how many of them said what they run.
        jobs: jobs that run, at most 200, those that would be blocked first.
        waiting: jobs waiting by queue of the live workers; None for a queue: the broker did not say.
        parked: jobs that are parked already.
        sessions: what would become of them.
        plans: planned windows that begin within the window's length, one sentence each.
        problems: what did not answer.
    """

    mode: str
    blocked: tuple[str, ...]
    workers: int | None
    answered: int
    jobs: tuple[PreviewJob, ...] | None
    waiting: Mapping[str, int | None] | None
    parked: int | None
    sessions: SessionOutlook
    plans: tuple[str, ...] | None
    problems: tuple[str, ...]

    @property
    def running(self) -> int | None:
        """How many of the jobs that run it would block; None when no worker said."""
        return None if self.jobs is None else sum(job.blocked for job in self.jobs)

    @property
    def is_whole(self) -> bool:
        """Whether every live worker said what it runs."""
        return self.workers is not None and self.answered >= self.workers


def make_preview(
    parts: Parts,
    guard: Previewed,
    *,
    mode: str,
    duration: float | None,
    sessions: str | None,
    scope: Mapping[str, Any] | None,
) -> Preview:
    """Look at everything that a window of this mode would meet. Takes up to about 3 seconds.

    Raises:
        InvalidRequest: there is no such mode, or the scope is wrong.
    """
    if mode not in set(Mode):
        raise InvalidRequest(f"mode {mode[:20]!r} is unknown: use {', '.join(Mode)}")
    wanted = Scope.check(**scope) if scope else Scope()
    gate = _GATES[Mode(mode)]
    blocked = tuple(
        name
        for name, kind in parts.registry.kinds.items()
        if gate in kind.blocked_by and (not wanted.operations or name in wanted.operations)
    )
    problems: list[str] = []
    roster = _lately(parts.conducting.roster(), problems)
    jobs, answered = _running(parts, roster, frozenset(blocked), wanted, problems)
    return Preview(
        mode=mode,
        blocked=blocked,
        workers=len(roster) if roster is not None else None,
        answered=answered,
        jobs=jobs,
        waiting=_waiting(parts, roster, wanted),
        parked=parts.conducting.parked_count(),
        sessions=_sessions(guard, sessions or parts.settings.sessions_policy(mode).value, problems),
        plans=_plans(guard, duration, problems),
        problems=tuple(problems),
    )


def _lately(roster: list[RosterEntry] | None, problems: list[str]) -> list[RosterEntry] | None:
    if roster is None:
        problems.append("the registry of workers does not answer")
        return None
    return [
        entry
        for entry in roster
        if entry.card.role == "worker" and entry.seen_seconds_ago < _SEEN_LATELY_SECONDS
    ]


def _running(
    parts: Parts,
    roster: list[RosterEntry] | None,
    blocked: frozenset[str],
    scope: Scope,
    problems: list[str],
) -> tuple[tuple[PreviewJob, ...] | None, int]:
    if roster is not None and not roster:
        return (), 0
    try:
        replies: Mapping[str, Any] = parts.app.control.inspect(timeout=_ASK_SECONDS).active() or {}
    except parts.broker.errors as error:
        problems.append(f"the workers cannot be asked what they run ({type(error).__name__})")
        return None, 0
    if not replies:
        problems.append("no worker said what it runs")
        return None, 0
    jobs = [
        _job(parts, node, job, blocked, scope)
        for node, active in replies.items()
        for job in (active if isinstance(active, list) else [])
    ]
    jobs.sort(key=lambda job: (not job.blocked, job.worker, job.task_id))
    if len(jobs) > _MOST_JOBS:
        problems.append(f"{len(jobs)} jobs run; {_MOST_JOBS} of them are counted here")
    return tuple(jobs[:_MOST_JOBS]), len(replies)


def _job(
    parts: Parts, node: str, job: Mapping[str, Any], blocked: frozenset[str], scope: Scope
) -> PreviewJob:
    name = str(job.get("name") or "")
    queue = str((job.get("delivery_info") or {}).get("routing_key") or "") or None
    kind: OperationKind = parts.gate.classifier.job(name, job.get("args"), job.get("kwargs"), queue=queue)
    in_queue = not scope.queues or queue is None or queue in scope.queues
    return PreviewJob(
        task_id=str(job.get("id") or ""),
        task=name,
        worker=node,
        operation=kind.name,
        blocked=kind.name in blocked and in_queue,
    )


def _waiting(parts: Parts, roster: list[RosterEntry] | None, scope: Scope) -> Mapping[str, int | None] | None:
    if roster is None:
        return None
    names = sorted({queue for entry in roster for queue in entry.card.queues})
    return {
        name: parts.conducting.queues.length(name)
        for name in names
        if not scope.queues or name in scope.queues
    }


class _EnoughError(Exception):
    """Sessions were looked at for long enough."""


def _sessions(guard: Previewed, policy: str, problems: list[str]) -> SessionOutlook:
    until = time.monotonic() + _COUNT_SECONDS

    def seen(_number: int) -> None:
        if time.monotonic() > until:
            raise _EnoughError

    try:
        found = guard.sessions.stats(seen=seen)
    except _EnoughError:
        return SessionOutlook(policy=policy, others=None, admins=None, complete=False)
    problems += found.problems
    known = found.sessions is not None
    return SessionOutlook(
        policy=policy,
        others=found.others + found.no_user + found.unreadable if known else None,
        admins=found.admins if known else None,
        complete=not found.unknown,
    )


def _plans(guard: Previewed, duration: float | None, problems: list[str]) -> tuple[str, ...] | None:
    try:
        planned = guard.schedule.list(starts=1)
    except (StoreError, GuardError) as error:
        problems.append(f"planned windows: {error}")
        return None
    until = time.time() + (duration or guard.settings.maintenance_default_timeout)
    return tuple(
        f"{one.plan.name} begins {one.next[0].shown}"
        for one in planned
        if one.next and one.next[0].starts_at < until
    )
