"""An emergency in simulated time: children that react in their own ways, who signals them, what is recorded.

The ladder itself is the guard's (`guard.worker.ladder`, `climber`, `conclusions`, `errands`,
`guard.core.ladder`, `guard.gates.stopping`, `guard.gates.interrupted`). A signal is simulated: when it is
sent the child has stood still, and SIGTERM is Celery's handler, which raises `SystemExit` in the job.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from guard.gates import stopping
from tests.simulator.hub import hub
from tests.simulator.stand_ins import CHANCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.core.outcome import JobOutcome
    from tests.simulator.stores import RedisClient
    from tests.simulator.worker import Child

__all__ = ["CHARACTERS", "GRACES", "Outcomes", "Signals", "work"]

GRACES = (0.0, 0.3, 1.0, 2.5)
CHARACTERS = ("heeds", "heeds", "plain", "plain", "deaf", "catches", "moment", "slow")
"""`heeds` looks at `guard.checkpoint()`; `plain` ends at SIGTERM; `deaf` swallows it; `catches` raises an
error of its own instead; `moment` returns just when SIGTERM comes; `slow` takes seconds to exit."""

_HANGS = 0.7
_LONGER = 6.0


def work(child: Child, seconds: float) -> None:
    """The code of a job: so many seconds of simulated time, unless it is asked to stop or signalled."""
    now, world = hub(), child.worker.world
    until = now.now + seconds
    character = ""
    while (left := until - now.now) > 0 or child.term_is_pending:
        if not child.term_is_pending:
            child.nap(left)
        if child.term_is_pending:
            child.term_is_pending = False
            character = character or world.reactions.choice(CHARACTERS)
            if _terminated(child, character):
                return
            until = max(until, now.now + _LONGER)
        elif not character and stopping.should_stop():
            character = world.reactions.choice(CHARACTERS)
            if character == "heeds":
                child.nap(min(left, world.reactions.uniform(0.0, 0.6)))
                if not child.term_is_pending:
                    stopping.checkpoint()
                    character = ""  # the emergency was over meanwhile
            elif world.reactions.random() < _HANGS:
                until = max(until, now.now + _LONGER)


def _terminated(child: Child, character: str) -> bool:
    """SIGTERM has come. Whether the job has returned in that moment; else it goes on."""
    if character == "moment":
        child.exits_after_job = True
        child.worker.world.fired["a job returned in the moment of SIGTERM"] += 1
        return True
    child.exit_begun = True
    if character == "deaf":
        return False
    if character == "catches":
        raise ValueError("an error of its own")
    child.exit_seconds = 5.0 if character == "slow" else 0.01
    raise SystemExit


class Signals:
    """`guard.worker.processes.Child`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.child: Child = CHANCE.child_of(pid)
        if self.child is None or not self.child.process.alive:
            raise ProcessLookupError

    def close(self) -> None:
        """Nothing is held."""

    def is_gone(self) -> bool:
        return not self.child.process.alive

    def signal_if(self, number: int, is_meant: Callable[[], bool]) -> bool | None:
        """Stop it, ask, and signal it or let it go. A moment passes until it stands still."""
        world = self.child.worker.world
        if self.is_gone():
            return False
        if not world.calm and world.reactions.random() < 0.02:
            hub().sleep(0.1)
            world.fired["a child could not be stopped in time"] += 1
            return None
        self.pass_a_moment()
        if self.is_gone():
            return None
        if not is_meant():
            return False
        self.send(number)
        return True

    def pass_a_moment(self) -> None:
        hub().sleep(self.child.worker.world.reactions.uniform(0.0001, 0.002))

    def send(self, number: int) -> None:
        child, world, now = self.child, self.child.worker.world, hub()
        name = signal.Signals(number).name
        runs = self.pid in world.running
        job = child.request.id if child.request is not None else ""
        world.log("signal", child.incarnation, self.pid, job, name, now.boot(), runs, child.exit_begun)
        world.fired[f"{name} was sent"] += 1
        if number == signal.SIGKILL:
            world.kill_child(child, by="guard")
            return
        child.term_is_pending = True
        child.process.frozen_until = min(child.process.frozen_until, now.now)  # SIGCONT follows
        child.poke()


class Outcomes:
    """`guard.ports.Outcomes` of one worker."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client

    def record(self, outcome: JobOutcome) -> None:
        world = self._client.world
        world.log(
            "outcome",
            outcome.attempt,
            outcome.task_id,
            outcome.pid,
            outcome.outcome.value,
            outcome.went.value,
        )
        self._client.call("tally>", "tally<", lambda _server: None)
        world.fired[f"outcome recorded: {outcome.outcome.value}"] += 1

    def of(self, _window_id: str) -> list[Any]:
        return []
