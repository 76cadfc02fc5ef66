"""The faults of the scenarios, made in earnest on the demo fleet, and undone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from guard.core.drill_detection import Readings
from guard.errors import StoreError
from tasks.demo.servers import WORKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from celery import Celery

    from guard import Guard
    from guard.core.roster import RosterEntry
    from tasks.demo.servers import Servers
    from tasks.demo.slow_model import SlowModel

FRESH_SECONDS: Final = 4.0
"""A worker renews its lease every second."""
_FAILED_SIGN_INS: Final = 240.0


def fresh_workers(entries: Iterable[RosterEntry]) -> list[RosterEntry]:
    """Those that are heard of; one that was killed stays registered for a while."""
    return [one for one in entries if one.card.role == "worker" and one.seen_seconds_ago < FRESH_SECONDS]


class Fault(Protocol):
    """What is broken, as far as it can be in a fleet without users."""

    def make(self) -> str: ...
    def undo(self) -> None: ...
    def readings(self) -> Readings: ...


class Attack:
    """Nobody can be attacked here: the failed sign-ins are told. What the guard does about them is real."""

    def __init__(self) -> None:
        self._failed: float | None = None

    def make(self) -> str:
        self._failed = _FAILED_SIGN_INS
        return f"told: {_FAILED_SIGN_INS:g} failed sign-ins per minute"

    def undo(self) -> None:
        self._failed = 0.0

    def readings(self) -> Readings:
        return Readings(failed_sign_ins=self._failed)


class Broken:
    """A worker is killed, and Redis stands still."""

    def __init__(self, servers: Servers, guard: Guard) -> None:
        self._servers = servers
        self._guard = guard
        self._killed = 0

    def make(self) -> str:
        self._killed = self._servers.child(WORKERS[1]).pid
        self._servers.child(WORKERS[1]).kill()
        self._servers.child("valkey").freeze()
        return f"{WORKERS[1]} was killed, and Redis stands still"

    def undo(self) -> None:
        self._servers.child("valkey").thaw()
        self._servers.start_worker(WORKERS[1])

    def readings(self) -> Readings:
        workers = self._guard.workers()
        if workers is None:
            return Readings(stores_answer=False)
        # Redis stood still too: the one that was killed may look as if it had just been heard of.
        fresh = {one.card.node for one in fresh_workers(workers) if one.card.pid != self._killed}
        try:
            self._guard.durable.read()
        except StoreError:
            return Readings(stores_answer=False)
        return Readings(stores_answer=True, silent_workers=len({f"{name}@demo" for name in WORKERS} - fresh))


class Slow:
    """The model server does not answer: caption jobs wait for it."""

    def __init__(self, model: SlowModel, app: Celery, submit: Callable[[], int], guard: Guard) -> None:
        self._model = model
        self._app = app
        self._submit = submit
        self._guard = guard

    def make(self) -> str:
        self._model.be_slow()
        return f"the model server does not answer any more; {self._submit()} jobs ask it"

    def undo(self) -> None:
        self._model.be_fast()

    def readings(self) -> Readings:
        answers = self._app.control.inspect(timeout=0.5).active()
        waiting = self._guard.preview().waiting
        counts = list(waiting.values()) if waiting is not None else [None]
        known = [count for count in counts if count is not None]
        return Readings(
            longest_job=_longest(answers) if answers and len(answers) == len(WORKERS) else None,
            waiting_jobs=sum(known) if len(known) == len(counts) else None,
        )


class Planned:
    """A window is planned for the next hour."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def make(self) -> str:
        at = time.strftime("%Y-%m-%d %H:%M", time.gmtime(time.time() + 3600))
        self._guard.schedule.add(
            name="drill", reason="Database optimisation", by="drill", at=at, duration=5400, zone="UTC"
        )
        return f"a window is planned for {at} UTC"

    def undo(self) -> None:
        return

    def readings(self) -> Readings:
        starts = [start.starts_at for plan in self._guard.schedule.list() for start in plan.next]
        return Readings(starts_in=min(starts) - time.time() if starts else None)


def _longest(answers: Mapping[str, Iterable[Any]]) -> float:
    began = [job.get("time_start") for jobs in answers.values() for job in jobs]
    now = time.time()
    return max((now - float(moment) for moment in began if isinstance(moment, (int, float))), default=0.0)
