"""What an agent says about itself, and what it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.core.state import GuardState

__all__ = ["QUEUES_QUESTION", "AgentCard", "AgentReport", "Renewal", "RunningJob"]

QUEUES_QUESTION = "guard_queues"
"""The remote control command by which a guarded worker says which queues it consumes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCard:
    """Who an agent is. Told once, when it registers.

    Attributes:
        agent_id: a UUID per process start; node names may be used twice (F56).
        role: ``worker`` or ``producer``.
        node: Celery's node name, a label for people.
        host, pid: where it runs.
        pool: prefork, threads, solo; empty for a producer.
        slots: how many jobs it can run at once.
        queues: the queues that it consumes from while open.
        tasks: the names of the tasks that it knows.
        terminable: whether its jobs can be ended one by one.
        problem: why it refuses guarded work; empty when its self-test passed.
        machine: names the running kernel and its process namespace; empty when that cannot be told.
        page: the name of its shared page, by which its processes are found on that machine.
    """

    agent_id: str
    role: str
    node: str
    host: str
    pid: int
    pool: str = ""
    slots: int = 0
    queues: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    terminable: bool = False
    problem: str = ""
    machine: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningJob:
    """A guarded job that runs. Times are seconds.

    Attributes:
        since: when it started, UTC.
        operation: its kind of work.
        limit: its hard time limit; None when it has none.
        asked: whether an emergency has asked it to stop.
        usual, longest: how long this task took on this worker before, median and most; None when it
            never ended here while somebody looked.
    """

    task_id: str
    task: str
    since: float
    operation: str = ""
    limit: float | None = None
    asked: bool = False
    usual: float | None = None
    longest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReport:
    """What an agent says about itself while the gate is closed.

    Attributes:
        running: guarded jobs in its pool.
        reserved: guarded jobs that it holds and has not started.
        cordoned: queues that it takes nothing from.
        lost_slots: slots whose process died without saying how its job ended.
        ending: guarded jobs whose code has ended, and whose result and next step are on their way.
        queues: those that it consumes, the cordoned ones too; None from a release that does not say.
    """

    running: tuple[RunningJob, ...] = ()
    reserved: int = 0
    cordoned: tuple[str, ...] = ()
    lost_slots: int = 0
    ending: int = 0
    queues: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """The answer to a renewal: the state as the control plane has it, read in the same atomic step
    that registered the agent.

    Attributes:
        state: what the control plane holds.
        forgotten: it did not know this agent any more: what was acknowledged there is gone.
    """

    state: GuardState
    forgotten: bool = False
