"""Simulated time: processes and threads as greenlets, and the one who says whose turn it is.

Nothing here knows the guard. A thread gives up its turn only in `sleep` and `park`; between two of these it
runs alone, as if it took no time. Of all that is due the earliest runs, on a tie what was planned first. So a
run is a function of its seed.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NOW", "Hub", "Killed", "Process", "Thread", "begin", "hub"]


class Killed(BaseException):
    """Unwinds the threads of a killed process. Nothing they do on the way out has an effect."""


class Process:
    """What is stopped, killed and has a clock as a whole.

    Attributes:
        name: for the log.
        pid: unique in a run.
        alive: until it is killed or ends.
        frozen_until: simulated time before which none of its threads gets a turn (SIGSTOP).
        rate, offset: its clock of boot time against simulated time. `skew`: of its wall clock, seconds.
    """

    __slots__ = (
        "alive",
        "child",
        "frozen_until",
        "looked",
        "name",
        "offset",
        "pid",
        "rate",
        "skew",
        "state",
        "threads",
    )

    def __init__(self, name: str, pid: int, *, rate: float, offset: float, skew: float) -> None:
        self.name = name
        self.pid = pid
        self.rate = rate
        self.offset = offset
        self.skew = skew
        self.alive = True
        self.frozen_until = 0.0
        self.looked = 0.0
        """When it last compared the word with its clock, simulated time."""
        self.threads: list[Thread] = []
        self.child: Any = None
        """The pool child that it is, if it is one."""
        self.state: Any = None
        """What this process has instead of module globals."""

    def boot(self, now: float) -> float:
        """Its boot time, seconds."""
        return self.offset + now * self.rate


class Thread:
    """One greenlet. `turn` changes with each turn, so that a wake-up that is over wakes nobody."""

    __slots__ = ("body", "ended", "process", "turn", "woken")

    def __init__(self, process: Process, run: Callable[[], object], parent: greenlet) -> None:
        self.process = process
        self.body = greenlet(run, parent)
        self.turn = 0
        self.woken = False
        self.ended = False


class Hub:
    """The scheduler of one run."""

    def __init__(self) -> None:
        self.now = 0.0
        self.current: Thread | None = None
        self._due: list[tuple[float, int, Any, int]] = []
        self._processes: dict[Process, None] = {}
        self._planned = 0
        self._main = getcurrent()
        self._limit = 0.0
        self.turns = 0
        self.over = False
        """Set by whoever sees that the run is at its end."""

    # -- for whoever sets up a run ------------------------------------------------------------------

    def at(self, moment: float, act: Callable[[], object]) -> None:
        """Call this then, in nobody's thread. It must not sleep."""
        self._planned += 1
        heappush(self._due, (moment, self._planned, act, -1))

    def spawn(self, process: Process, run: Callable[[], object], *, after: float = 0.0) -> Thread:
        """Begin a thread of a process."""

        def body() -> None:
            try:
                if process.alive:
                    run()
            except Killed:
                pass
            finally:
                thread.ended = True

        thread = Thread(process, body, self._main)
        process.threads.append(thread)
        self._processes[process] = None
        self._plan(thread, after)
        return thread

    def kill(self, process: Process) -> None:
        """End a process now: its threads get no turn any more."""
        if not process.alive:
            return
        process.alive = False
        before = self.current
        for thread in process.threads:
            if thread is not before and not thread.ended and thread.body:
                self.current = thread
                thread.body.parent = getcurrent()
                thread.body.throw(Killed)
        self.current = before
        process.threads = []
        if before is not None and before.process is process:
            raise Killed

    def run(self, limit: float) -> None:
        """Go on until `over`, or until the limit of time."""
        due = self._due
        self._limit = limit
        while due and not self.over and self.now <= limit:
            moment, _, whose, turn = heappop(due)
            if turn < 0:
                self.now = moment
                self.current = None
                whose()
            else:
                if whose.turn != turn or whose.ended:
                    continue
                process = whose.process
                if not process.alive:
                    continue
                if process.frozen_until > moment:
                    self._planned += 1
                    heappush(due, (process.frozen_until, self._planned, whose, turn))
                    continue
                self.now = moment
                self.turns += 1
                self.current = whose
                whose.body.switch()
                self.current = None

    def close(self) -> None:
        """Unwind whatever still waits, also for what never comes: the collector cannot see what the stack of
        a greenlet holds, and would keep the whole run."""
        for process in self._processes:
            self.kill(process)
        self._due.clear()

    # -- for code that runs in a thread --------------------------------------------------------------

    @property
    def process(self) -> Process:
        """Whose turn it is."""
        assert self.current is not None
        return self.current.process

    def boot(self) -> float:
        """Boot time of the process whose turn it is."""
        process = self.current.process  # type: ignore[union-attr]
        return process.offset + self.now * process.rate

    def wall(self) -> float:
        """Its wall clock: UTC seconds."""
        return 1_700_000_000.0 + self.now + self.current.process.skew  # type: ignore[union-attr]

    def sleep(self, seconds: float) -> None:
        """Let so much simulated time pass."""
        thread = self.current
        assert thread is not None
        if not thread.process.alive:
            raise Killed
        moment = self.now + seconds
        if not self._nothing_until(moment, thread):
            self._plan(thread, seconds)
            self._main.switch()

    def park(self, seconds: float | None) -> bool:
        """Wait to be woken, for so much time of this process's clock at most. Whether it was."""
        thread = self.current
        assert thread is not None
        if not thread.process.alive:
            raise Killed
        thread.woken = False
        thread.turn += 1
        if seconds is not None:
            moment = self.now + (seconds / thread.process.rate if seconds > 0 else 0.0)
            if self._nothing_until(moment, thread):
                return False
            self._planned += 1
            heappush(self._due, (moment, self._planned, thread, thread.turn))
        self._main.switch()
        return thread.woken

    def _nothing_until(self, moment: float, thread: Thread) -> bool:
        """Whether it would be this thread's turn next, and nobody else's before: then it has come, without
        the way through the scheduler. What happens, and in which order, is the same."""
        due = self._due
        if (due and due[0][0] <= moment) or moment > self._limit or thread.process.frozen_until > moment:
            return False
        self.now = moment
        self.turns += 1
        return True

    def wake(self, thread: Thread) -> None:
        """Wake a thread that parks."""
        thread.woken = True
        self._plan(thread, 0.0)

    def _plan(self, thread: Thread, after: float) -> None:
        thread.turn += 1
        self._planned += 1
        heappush(self._due, (self.now + after, self._planned, thread, thread.turn))


class _Now:
    """The hub of the run that goes on in this process."""

    hub: Hub


NOW = _Now()


def hub() -> Hub:
    """The scheduler of the run that goes on."""
    return NOW.hub


def begin() -> Hub:
    """A new run."""
    NOW.hub = Hub()
    return NOW.hub
