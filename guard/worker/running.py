"""Which guarded jobs run in this worker now: the slots of the shared page, joined with Celery's requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.gates.inner_celery import Request, active_requests, worker_state
from guard.gates.page import SlotState, is_alive, mark_of

if TYPE_CHECKING:
    from guard.gates.page import SharedPage, SlotView

__all__ = ["Attempt", "attempts", "running_requests", "time_limit_of"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of one job in one slot. `request` is None when Celery does not know it (any more)."""

    slot: SlotView
    request: Request | None

    @property
    def key(self) -> tuple[int, int]:
        """Names this attempt: a process, and when it began (boot ms)."""
        return self.slot.pid, self.slot.started_ms

    @property
    def task(self) -> str:
        """The task's name; ``?`` when unknown."""
        return str(self.request.name) if self.request is not None else "?"

    @property
    def task_id(self) -> str:
        """The job's id; ``?`` when unknown."""
        return str(self.request.id) if self.request is not None else "?"


def attempts(page: SharedPage) -> tuple[list[Attempt], int]:
    """What runs, and how many slots belong to a process that died in the middle of a job."""
    slots = [slot for slot in page.slots() if slot.is_busy]
    if not slots:
        return [], 0
    by_mark = {mark_of(task_id): request for task_id, request in list(worker_state.requests.items())}
    by_pid = {request.worker_pid: request for request in running_requests()}
    found, lost = [], 0
    for slot in slots:
        if not is_alive(slot.pid):
            lost += slot.state is not SlotState.EXITING  # that one has said how its job ended
        elif slot.state is not SlotState.ENTERING:
            found.append(Attempt(slot, by_mark.get(slot.mark) if slot.mark else by_pid.get(slot.pid)))
    return found, lost


def running_requests() -> list[Request]:
    """The requests that Celery calls active, without those of which it is known how they ended: an emergency
    ended them, and they were not given back yet, since the broker is away, say. Their children may run other
    jobs by now."""
    return [request for request in active_requests() if not _has_ended(request)]


def _has_ended(request: Request) -> bool:
    climber = getattr(request, "guard_climb", None)
    return climber is not None and climber.report is not None


def time_limit_of(request: Request | None) -> float | None:
    """The hard time limit of a job, as Celery will apply it; None when it has none."""
    if request is None:
        return None
    hard = (request.time_limits or (None, None))[0] or request.task.time_limit
    return float(hard) if hard else None
