"""What the guard's modules use of Python's library instead of being given it: threads, time, chance.

`simulated()` puts stand-ins in their places for as long as it lasts. All else that a run needs is handed to
the guard's classes through the ports that they have anyway.
"""

from __future__ import annotations

import logging
import traceback
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import guard.agent.agent
import guard.agent.witness
import guard.core.cordon
import guard.fleet.broker
import guard.fleet.parked_queue
import guard.fleet.parking
import guard.fleet.releaser
import guard.gates.interrupted
import guard.gates.page
import guard.gates.receipt
import guard.gates.request
import guard.gates.runtime
import guard.gates.start
import guard.gates.stopping
import guard.orchestrator.closing
import guard.orchestrator.conductor
import guard.worker.climber
import guard.worker.conclusions
import guard.worker.cordon
import guard.worker.errands
import guard.worker.housekeeper
import guard.worker.ladder
import guard.worker.reserved
import guard.worker.running
from guard.core.operations import mask_of
from tests.simulator.hub import NOW, hub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from guard.core.state import GuardState
    from tests.simulator.hub import Thread as SimThread

__all__ = ["CHANCE", "MASK_OF", "RECORDS", "Clock", "WorkerState", "hiccup", "simulated"]


class _Chance:
    """The one source of chance of a run, and what runs out of it."""

    def __init__(self) -> None:
        self.dice: Any = None
        self.hiccup: Callable[[str], None] = lambda _where: None
        self.watched: frozenset[str] | set[str] = frozenset()
        """The places where that does something."""
        self._ids = 0
        self.is_alive: Callable[[int], bool] = lambda _pid: True
        self.stumbled: Callable[[str], None] = lambda _what: None
        self.child_of: Callable[[int], Any] = lambda _pid: None
        self.revoked: Callable[[str], None] = lambda _job: None

    def begin(self, dice: Any) -> None:
        self.dice = dice
        self._ids = 0

    def uniform(self, low: float, high: float) -> float:
        return float(self.dice.uniform(low, high))

    def uuid4(self) -> _Id:
        self._ids += 1
        return _Id(f"id-{self._ids}")


class _Id(str):
    __slots__ = ()

    @property
    def hex(self) -> str:
        return str(self)


CHANCE = _Chance()
MASK_OF = lru_cache(64)(mask_of)
RECORDS: dict[str, GuardState] = {}
"""What was pushed, under the text that stands for it: reading and writing records is not simulated."""


def hiccup(where: str) -> None:
    """A place where the thread may be held up, stopped or killed between two instructions."""
    if where in CHANCE.watched:
        CHANCE.hiccup(where)


class Clock:
    """`guard.ports.Clock` in simulated time: that of whichever process asks."""

    def wall(self) -> float:
        return hub().wall()

    def boot(self) -> float:
        now = NOW.hub
        process = now.current.process  # type: ignore[union-attr]
        return process.offset + now.now * process.rate

    def sleep(self, seconds: float) -> None:
        hub().park(seconds)


class _Time:
    @staticmethod
    def time() -> float:
        return hub().wall()

    @staticmethod
    def monotonic() -> float:
        return hub().boot()

    @staticmethod
    def sleep(seconds: float) -> None:
        hub().park(seconds)


class _Thread:
    def __init__(self, *, target: Callable[[], object], daemon: bool = True, name: str = "") -> None:
        self._target = target
        self._thread: SimThread | None = None

    def start(self) -> None:
        self._thread = hub().spawn(hub().process, self._target)

    def is_alive(self) -> bool:
        return self._thread is not None and not self._thread.ended

    def join(self, timeout: float | None = None) -> None:
        """Nobody waits here for a thread to end."""


class _Event:
    __slots__ = ("_flag", "_waiting")

    def __init__(self) -> None:
        self._flag = False
        self._waiting: list[SimThread] = []

    def is_set(self) -> bool:
        return self._flag

    def set(self) -> None:
        self._flag = True
        waiting, self._waiting = self._waiting, []
        for thread in waiting:
            hub().wake(thread)

    def clear(self) -> None:
        self._flag = False

    def wait(self, timeout: float | None = None) -> bool:
        if not self._flag:
            now = hub()
            assert now.current is not None
            mine = now.current
            self._waiting.append(mine)
            if not now.park(timeout) and mine in self._waiting:
                self._waiting.remove(mine)
        return self._flag


class _RLock:
    """Excludes threads that sleep while they hold it."""

    __slots__ = ("_depth", "_owner", "_waiting")

    def __init__(self) -> None:
        self._owner: SimThread | None = None
        self._depth = 0
        self._waiting: list[SimThread] = []

    def __enter__(self) -> bool:
        now = hub()
        mine = now.current
        while self._owner is not None and self._owner is not mine:
            assert mine is not None
            self._waiting.append(mine)
            now.park(None)
        self._owner = mine
        self._depth += 1
        return True

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._owner = None
            if self._waiting:
                hub().wake(self._waiting.pop(0))


class _Condition(_RLock):
    __slots__ = ("_ears",)

    def __init__(self) -> None:
        super().__init__()
        self._ears: list[SimThread] = []

    def notify_all(self) -> None:
        ears, self._ears = self._ears, []
        for thread in ears:
            hub().wake(thread)

    def wait_for(self, holds: Callable[[], bool], timeout: float) -> bool:
        now = hub()
        mine = now.current
        assert mine is not None
        until = now.boot() + timeout
        while not holds() and now.boot() < until:
            self.__exit__()
            self._ears.append(mine)
            if not now.park(until - now.boot()) and mine in self._ears:
                self._ears.remove(mine)
            self.__enter__()
        return holds()


class _Threading:
    Thread, Event, RLock, Lock, Condition = _Thread, _Event, _RLock, _RLock, _Condition

    @staticmethod
    def current_thread() -> object:
        return hub().current

    @staticmethod
    def get_ident() -> int:
        return id(hub().current)


class WorkerState:
    """`celery.worker.state` of one worker."""

    def __init__(self) -> None:
        self.requests: dict[str, Any] = {}
        self.active_requests: set[Any] = set()
        self.scheduled_requests: set[Any] = set()

    def task_ready(self, request: Any, *, successful: bool = False) -> None:
        del successful
        if self.requests.get(request.id) is request:
            del self.requests[request.id]
        self.active_requests.discard(request)


class _Log:
    """Threads of the guard that live on after any error say so only here."""

    def exception(self, what: str, *_: object) -> None:
        CHANCE.stumbled(f"{what}: {traceback.format_exc()}")

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_, **__: None


_LOG = _Log()


class _WorkerStateOfWhoAsks:
    """Module globals are per process; here all processes are one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(hub().process.state, name)


def _boot_ms(_clock: int = 0) -> int:
    return int(hub().boot() * 1000)


def _clock_gettime(_clock: int = 0) -> float:
    return hub().boot()


def _clock_gettime_ns(_clock: int = 0) -> int:
    """Asked by both gates right after they loaded the word: whoever is held up is held up here too."""
    hiccup("clock")
    here = hub()
    now = int(here.boot() * 1_000_000_000)
    here.process.looked = here.now
    hiccup("decided")
    return now


def _is_alive(pid: int) -> bool:
    return CHANCE.is_alive(pid)


def _no_time() -> int:
    return 0


class _ExitBegun:
    """Whether SIGTERM's handler has run in the child whose turn it is."""

    def __getitem__(self, _at: int) -> bool:
        return bool(hub().process.child.exit_begun)


def _is_exiting() -> bool:
    return bool(hub().process.child.exit_begun)


def _hear_sigterm_again() -> None:
    hub().process.child.exit_begun = False


def _slot_of_job() -> Any:
    return hub().process.child.slot


def _active_requests() -> list[Any]:
    return list(hub().process.state.active_requests)


def _revoke(request: Any, _reason: str) -> None:
    CHANCE.revoked(request.id)


_WORKER_STATE = _WorkerStateOfWhoAsks()

_PLACES: tuple[tuple[Any, str, Any], ...] = (
    (guard.agent.agent, "threading", _Threading),
    (guard.agent.agent, "_DICE", CHANCE),
    # How late things may be noticed, coarser than in production: fewer turns to simulate.
    (guard.agent.agent, "_SLICE_SECONDS", 1.3),
    (guard.agent.agent, "_SETTLE_SECONDS", 0.02),
    (guard.agent.agent, "_BUSY_SECONDS", 0.2),
    (guard.orchestrator.closing, "_LISTEN_SECONDS", 0.25),
    (guard.agent.agent, "read_record", lambda text, _secret: RECORDS[text]),
    (guard.agent.agent, "log", _LOG),
    (guard.agent.witness, "threading", _Threading),
    (guard.agent.witness, "log", _LOG),
    (guard.worker.housekeeper, "log", _LOG),
    (guard.worker.housekeeper, "threading", _Threading),
    (guard.worker.housekeeper, "_DICE", CHANCE),
    (guard.worker.cordon, "threading", _Threading),
    (guard.gates.runtime, "boot_ms", _boot_ms),
    (guard.gates.runtime, "clock_gettime", _clock_gettime),
    (guard.gates.page, "boot_ms", _boot_ms),
    (guard.gates.page, "is_alive", _is_alive),
    (guard.gates.start, "clock_gettime_ns", _clock_gettime_ns),
    (guard.gates.start, "boot_ms", _boot_ms),
    (guard.gates.start, "perf_counter_ns", _no_time),
    (guard.gates.receipt, "clock_gettime_ns", _clock_gettime_ns),
    (guard.gates.receipt, "boot_ms", _boot_ms),
    (guard.gates.receipt, "perf_counter_ns", _no_time),
    (guard.gates.receipt, "mask_of", MASK_OF),
    (guard.core.cordon, "mask_of", MASK_OF),
    (guard.gates.start, "mask_of", MASK_OF),
    (guard.gates.receipt, "worker_state", _WORKER_STATE),
    (guard.gates.request, "worker_state", _WORKER_STATE),
    (guard.worker.reserved, "worker_state", _WORKER_STATE),
    (guard.gates.interrupted, "is_exiting", _is_exiting),
    (guard.gates.interrupted, "hear_sigterm_again", _hear_sigterm_again),
    (guard.gates.start, "exit_begun", _ExitBegun()),
    (guard.gates.stopping, "slot_of_job", _slot_of_job),
    (guard.worker.ladder, "threading", _Threading),
    (guard.worker.ladder, "log", _LOG),
    (guard.worker.ladder, "_PAUSE", 0.05),
    (guard.worker.running, "active_requests", _active_requests),
    (guard.worker.climber, "time", _Time),
    (guard.worker.climber, "uuid", CHANCE),
    (guard.worker.climber, "worker_state", _WORKER_STATE),
    (guard.worker.conclusions, "time", _Time),
    (guard.worker.conclusions, "log", _LOG),
    (guard.worker.conclusions, "worker_state", _WORKER_STATE),
    (guard.worker.conclusions, "_revoke", _revoke),
    (guard.worker.errands, "threading", _Threading),
    (guard.worker.errands, "time", _Time),
    (guard.worker.errands, "log", _LOG),
    (guard.worker.errands, "not_cut_by_a_fork", nullcontext),
    (guard.fleet.broker, "threading", _Threading),
    (guard.fleet.releaser, "time", _Time),
    (guard.fleet.parking, "time", _Time),
    (guard.fleet.parking, "uuid", CHANCE),
    (guard.fleet.parked_queue, "uuid", CHANCE),
    (guard.orchestrator.conductor, "uuid", CHANCE),
)


@contextmanager
def simulated() -> Iterator[None]:
    """While this lasts, the guard's modules live in simulated time."""
    before = [(module, name, getattr(module, name)) for module, name, _ in _PLACES]
    silent = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        for module, name, stand_in in _PLACES:
            setattr(module, name, stand_in)
        yield
    finally:
        for module, name, real in before:
            setattr(module, name, real)
        logging.disable(silent)
