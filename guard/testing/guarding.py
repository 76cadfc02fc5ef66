"""`in_memory(app)`: a guard on stores in memory, put on an app and taken off again."""

from __future__ import annotations

import copy
import functools
import itertools
import os
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from guard.api import Guard
from guard.api.sessions import Sessions
from guard.bootstrap.installing import installed, put_in_place
from guard.bootstrap.telling import Telling
from guard.core.modes import Phase
from guard.core.named_events import EventName
from guard.errors import MaintenanceActive
from guard.gates.inner_celery import finalize
from guard.orchestrator.whereabouts import JobPlace
from guard.settings import Settings, load_settings
from guard.settings.masking import MaskedUrl, Secret
from guard.testing.clock import FakeClock
from guard.testing.errors import NotInMemory
from guard.testing.recording import RecordedJobs
from guard.testing.simulating import Simulated
from guard.testing.wiring import MemoryWiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from celery import Celery

    from guard.bootstrap.wiring import Wiring
    from guard.core.named_events import NamedEvent
    from guard.orchestrator.window import Window

__all__ = ["InMemoryGuard", "in_memory"]

_NOT_HERE = (
    "access",
    "alerts",
    "audit",
    "doctor",
    "drills",
    "evidence",
    "health",
    "metrics",
    "notifications",
    "optimization",
    "records",
    "reports",
    "routines",
    "secrets",
)
"""Areas of a guard that ask servers."""
_USUAL_QUEUE = "guard.parked"
_numbers = itertools.count(1)


def in_memory(
    app: Celery, *, settings: Settings | Mapping[str, str] | None = None, clock: FakeClock | None = None
) -> InMemoryGuard:
    """Put a guard in memory on an app: same API, same decisions, no server.

    A guard that `guard.install` has put on the app is set aside, and the object that `install` gave is in
    memory too until `uninstall`: the application may keep it wherever it likes.

    Args:
        app: with tasks of any class. Its broker is not asked, unless it is ``memory://``.
        settings: of the guard; or by the names of the variables, for example
            ``{"GUARD_WHEN_CLOSED": "hold"}``. When None: those of the guard that is on the app, else the
            defaults; never the environment.
        clock: a `FakeClock`; a new one, at this moment, when None.

    Returns:
        the guard, which is also a context manager that uninstalls it.

    Raises:
        ConfigurationInvalid: with every problem of the settings; the app was not touched.
    """
    clock = clock if clock is not None else FakeClock()
    before = installed(app)
    chosen = _settings(settings, before)
    wiring = MemoryWiring(app, chosen, clock)
    if before is not None:
        _learn_from(wiring, _wiring_of(before))
    guard = InMemoryGuard(wiring, clock, before)
    guard._put_on()  # noqa: SLF001 - this module's own
    return guard


class InMemoryGuard(Guard):
    """The guard of an app in tests. Beside what every `Guard` has:

    Attributes:
        clock: which this guard goes by.
        simulate: what happens in production: stores away, silent workers, an emergency's request to stop.
        refused: jobs that were refused since it was installed.
        held: jobs that were held.
        released: jobs that were parked and given back.
    """

    def __init__(self, wiring: MemoryWiring, clock: FakeClock, before: Guard | None) -> None:
        self._memory = wiring
        self._clock = clock
        self._before = before
        self._before_parts = before._parts if before is not None else None  # noqa: SLF001 - as above
        self._is_on = False
        super().__init__(wiring)

    def _take(self, parts: Any) -> None:
        kept = {name: vars(self)[name] for name in _OWN}
        super()._take(parts)
        vars(self).update(kept)
        self.clock = self._clock
        self.simulate = Simulated(self._memory)
        self.refused, self.held, self.released = RecordedJobs(), RecordedJobs(), RecordedJobs()
        self.subscribe(self.refused.note, EventName.JOB_REFUSED)
        self.subscribe(self.held.note, EventName.JOB_HELD)
        self.subscribe(self.released.note, EventName.JOB_RELEASED)
        _limit(self, parts)

    def __enter__(self) -> InMemoryGuard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.uninstall()

    def _put_on(self) -> None:
        app = self._memory.app
        before = self._before
        if before is not None:
            real = _wiring_of(before)
            finalize(app)  # `@app.task` has kept the gates of the real one for when the task is made
            real.close()  # its agent, if it has published; all of it comes back at the next use
            if real.resident is not None:
                real.take_off()
            before._take(self._memory)  # noqa: SLF001
            _limit(before, self._memory)
            for name in ("attempts", "meter", "requests"):  # one of each, or each counts for itself
                vars(self)[name] = getattr(before, name)
        else:
            put_in_place(app, self)
        self._memory.put_gates_on_app()
        self._is_on = True

    def uninstall(self) -> None:
        """Take it off: app, tasks and the guard from before are as they were. May be called twice."""
        if not self._is_on:
            return
        self._is_on = False
        self.close()
        self._memory.take_off()
        self._memory.purge()
        before = self._before
        if before is None:
            put_in_place(self._memory.app, None)
            return
        before._take(self._before_parts)  # type: ignore[arg-type]  # noqa: SLF001
        real = _wiring_of(before)
        if real.settings.maintenance_mode_enabled:
            real.put_gates_on_app()

    # -- for tests --------------------------------------------------------------------------------

    @contextmanager
    def window(
        self, *, mode: str = "normal", reason: str = "a test", by: str = "tests", **terms: Any
    ) -> Iterator[Window]:
        """A window that is open in this block. `terms`: what else `enable` takes. A window that the block has
        ended itself is left alone."""
        opened = self.enable(mode=mode, reason=reason, by=by, **terms)
        try:
            yield opened
        finally:
            self.simulate_nothing()
            state = self._parts.stores.durable.read()
            if state.window_id == opened.window_id and state.is_active and state.phase is not Phase.RELEASING:
                self.disable(by=by, unverified=True)

    def simulate_nothing(self) -> None:
        """Every store answers again."""
        away = self._memory.memory.away
        away.control_plane = away.durable_store = False

    def assert_refused(
        self, publish: Callable[..., object], /, *args: Any, **options: Any
    ) -> MaintenanceActive:
        """Call this, and insist that it is refused; the error, with what a caller is told.

        Raises:
            AssertionError: it was accepted.
        """
        try:
            result = publish(*args, **options)
        except MaintenanceActive as refused:
            return refused
        raise AssertionError(f"{_named(publish)} was accepted ({result!r}); {self._standing()}")

    def assert_accepted(self, publish: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
        """Call this, and insist that it is neither refused nor held; what it gave.

        Raises:
            AssertionError: it was refused or held.
        """
        held = len(self.held)
        try:
            result = publish(*args, **options)
        except MaintenanceActive as refused:
            raise AssertionError(f"{_named(publish)} was refused: {refused}; {self._standing()}") from refused
        if len(self.held) > held:
            raise AssertionError(f"{_named(publish)} was held; {self._standing()}")
        return result

    def assert_held(self, publish: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
        """Call this, and insist that it was accepted and waits for the end of the window; what it gave.

        Raises:
            AssertionError: it was refused, or may start now.
        """
        held = len(self.held)
        try:
            result = publish(*args, **options)
        except MaintenanceActive as refused:
            raise AssertionError(f"{_named(publish)} was refused: {refused}; {self._standing()}") from refused
        if len(self.held) == held:
            raise AssertionError(f"{_named(publish)} was not held; {self._standing()}")
        return result

    def assert_released(self, *results: Any) -> None:
        """Insist that no window is open, nothing is parked any more, and none of these jobs is.

        Args:
            results: what `assert_held` or `apply_async` gave, or ids of jobs.

        Raises:
            AssertionError: it is not so.
        """
        if self.is_active:
            raise AssertionError(f"a window is open; {self._standing()}")
        parked = self.parked.list()
        if parked:
            raise AssertionError(f"{len(parked)} jobs are parked: {sorted(job.task for job in parked)}")
        for result in results:
            task_id = str(getattr(result, "id", result))
            if self.job(task_id).place is JobPlace.PARKED:
                raise AssertionError(f"job {task_id} is parked")

    def _standing(self) -> str:
        status = self.status()
        return f"the guard: phase {status.phase}, mode {status.mode}, reason {status.reason!r}"


_OWN = ("_memory", "_clock", "_before", "_before_parts", "_is_on", "_at_close")


class _MemorySessions(Sessions):
    """Which sessions are accepted is known in memory; the sessions are in the application's own stores."""

    def follow(self) -> None:
        """Nothing is deleted."""

    def invalidate(self, **_options: object) -> NoReturn:
        """It would end with a count of deleted sessions: open a window with ``sessions="invalidate"``."""
        raise NotInMemory("`Guard.sessions.invalidate`")


class _NotHere:
    """An area of a guard that asks servers."""

    def __init__(self, name: str) -> None:
        self._name = name

    def close(self) -> None:
        """Nothing to close."""

    def follow(self) -> None:
        """Nothing to send."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInMemory(f"`Guard.{self._name}.{name}`")


def _limit(guard: Guard, parts: Any) -> None:
    """Have each area that asks servers say so."""
    for name in _NOT_HERE:
        vars(guard)[name] = _NotHere(name)
    vars(guard)["sessions"] = _MemorySessions(parts)


def _settings(given: Settings | Mapping[str, str] | None, before: Guard | None) -> Settings:
    values: dict[str, Any] = {}
    if isinstance(given, Mapping):
        chosen = load_settings(given)
    elif given is not None:
        chosen = given
    else:
        chosen = before.settings if before is not None else load_settings({})
        values["maintenance_mode_enabled"] = True  # off for the tests' own environment, most likely
    values |= {
        "database_url": MaskedUrl(""),
        "redis_url": MaskedUrl(""),
        "guard_events": False,
        "maintenance_notifications_enabled": False,
        "guard_local_close_file": os.path.join(os.devnull, "closed"),  # noqa: PTH118 - never there
        "guard_secret_key": chosen.guard_secret_key or Secret("a key for tests, in memory alone"),
    }
    if chosen.guard_parked_queue == _USUAL_QUEUE:  # kombu's queues in memory are shared by all apps
        values["guard_parked_queue"] = f"{_USUAL_QUEUE}.{os.getpid()}.{next(_numbers)}"
    return Settings.unjudged({**vars(chosen), **values})


def _wiring_of(guard: Guard) -> Wiring:
    wiring: Any = guard._parts  # noqa: SLF001 - tests reach in where an application never does
    return wiring  # type: ignore[no-any-return]


def _learn_from(wiring: MemoryWiring, real: Wiring) -> None:
    """What the application has told its guard: operations and rules, and who wants to hear of events."""
    learnt = copy.deepcopy(real.registry)
    for name in ("kinds", "_names", "_rules", "_queues", "_endpoints"):
        setattr(wiring.registry, name, getattr(learnt, name))
    wiring.announcer.subscribe(functools.partial(_pass_on, real))


def _pass_on(real: Wiring, event: NamedEvent) -> None:
    for subscriber in real.announcer.subscribers(event.name):
        if not isinstance(subscriber, Telling) and type(subscriber).__module__ not in _OURS:
            subscriber(event)


_OURS = frozenset({"guard.observe.lines", "guard.bootstrap.tracing"})


def _named(publish: object) -> str:
    owner = getattr(publish, "__self__", None)
    return str(getattr(owner, "name", None) or getattr(publish, "__qualname__", None) or publish)
