"""One service of the running stack: its state, its processes, its health."""

from __future__ import annotations

import signal
import time
from enum import StrEnum
from typing import TYPE_CHECKING

from one_host.child import Child, meaning
from one_host.health import Health

if TYPE_CHECKING:
    from one_host.programs.program import Program


class State(StrEnum):
    """Where a service is."""

    WAITING = "waiting"
    STARTING = "starting"
    HEALTHY = "healthy"
    RUNNING = "running"  # it has no health command
    DONE = "done"  # it ended as it should: a one-shot
    UNWELL = "unhealthy"
    STOPPING = "stopping"
    ENDED = "ended"
    FAILED = "failed"
    ABSENT = "not started"


_UP = frozenset({State.HEALTHY, State.RUNNING, State.DONE, State.ABSENT})
_OVER = frozenset({State.WAITING, State.DONE, State.ENDED, State.FAILED, State.ABSENT})


class Member:
    """Start it, `tick` it often, stop it. `told` has what has not been shown yet: states and words."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.service = program.place.service
        self.name = self.service.name
        self.state = State.WAITING
        self.why = ""
        self.told: list[tuple[State, str]] = []
        self.started_at = 0.0
        self.was_killed = False
        self._child: Child | None = None
        self._helpers: list[Child] = []
        self._health: Health | None = None
        self._kill_at = 0.0

    @property
    def is_up(self) -> bool:
        """Whether nothing more is to be waited for."""
        return self.state in _UP

    @property
    def is_over(self) -> bool:
        """Whether none of its processes runs."""
        return self.state in _OVER

    @property
    def pid(self) -> int | None:
        """Of its first process, while it runs."""
        return self._child.pid if self._child and self._child.code is None else None

    @property
    def code(self) -> int | None:
        """The exit code of its first process, when it has ended."""
        return self._child.code if self._child else None

    def satisfies(self, condition: str) -> bool:
        """Whether what depends on it may start."""
        if condition == "service_completed_successfully":
            return self.state == State.DONE
        if condition == "service_healthy":
            return self.state == State.HEALTHY
        return self.state not in {State.WAITING, State.FAILED}

    def begin(self) -> bool:
        """Whether it can be started here; if not, its state says why."""
        place = self.program.place
        if missing := self.program.missing:
            self._become(State.ABSENT, f"{missing} is not installed here")
            return False
        if taken := [f"{place.address}:{port}" for port in self.program.ports if not place.is_free(port)]:
            why = f"cannot listen on {', '.join(taken)}: another server listens there, or on all addresses"
            self._become(State.FAILED, why)
            return False
        self._become(State.STARTING, " ".join(f"{place.address}:{port}" for port in self.program.ports[:1]))
        return True

    def start(self) -> None:
        """Start its processes, after `begin`.

        Raises:
            CannotStart: a program is not there, or what it needs cannot be made.
        """
        self.started_at = time.monotonic()
        self.program.prepare()
        self.program.place.write_runner(self.program.environment())
        self._helpers = [self._run(argv) for argv in self.program.helpers]
        self._child = self._run(self.program.argv())
        if self.service.healthcheck is not None:
            self._health = Health(self.service.healthcheck, self._ask)

    def tick(self) -> None:
        """See what has become of it."""
        if self._child is None or self.is_over:
            return
        if self._child.code is not None:
            self._ended(self._child.code)
        elif self.state == State.STOPPING:
            if time.monotonic() >= self._kill_at:
                self.was_killed = True
                self._child.kill()
        elif self._health is None:
            if self.state == State.STARTING and not self.service.is_one_shot:
                self._become(State.RUNNING)
        else:
            self._health.tick()
            if self._health.is_green is not None:
                self._become(State.HEALTHY if self._health.is_green else State.UNWELL)

    def ask_to_stop(self) -> None:
        """Send the compose file's signal; after its grace period `tick` kills."""
        if self._child is None or self.state == State.STOPPING or self.is_over:
            return
        self._close_health()
        self._kill_at = time.monotonic() + self.service.stop_grace_period
        self._become(
            State.STOPPING, f"{self.service.stop_signal}, at most {self.service.stop_grace_period:.0f} s"
        )
        self._child.send(getattr(signal, self.service.stop_signal))

    def kill(self) -> None:
        """End all of it at once."""
        self._close_health()
        for child in (self._child, *self._helpers):
            if child is not None:
                child.kill()
        self._helpers = []

    def log_end(self) -> str:
        """The end of what it wrote."""
        health = self.program.place.log.with_suffix(".health.log")
        asked = health.read_text(errors="replace").splitlines()[-3:] if health.exists() else []
        lines = [
            self._child.log_end() if self._child else "",
            *(f"    health command: {line}" for line in asked),
        ]
        return "\n".join(line for line in lines if line)

    def _ask(self) -> Child:
        check = self.service.healthcheck
        assert check is not None  # noqa: S101 - there is a Health only with a check
        return self._run([self.program.place.translate(word) for word in check.argv], kind=".health.log")

    def _run(self, argv: object, kind: str = ".log") -> Child:
        place = self.program.place
        environment = self.program.environment()
        return Child(list(argv), log=place.log.with_suffix(kind), cwd=place.home, environment=environment)  # type: ignore[call-overload]

    def _ended(self, code: int) -> None:
        was = self.state
        self.kill()
        if was == State.STOPPING:
            late = f", not within {self.service.stop_grace_period:.0f} s" if self.was_killed else ""
            self._become(State.ENDED, meaning(code) + late)
        elif code == 0 and self.service.is_one_shot:
            self._become(State.DONE)
        else:
            self._become(State.FAILED, f"it ended by itself with {meaning(code)}")

    def _become(self, state: State, why: str = "") -> None:
        if state != self.state:
            self.state, self.why = state, why
            self.told.append((state, why))

    def _close_health(self) -> None:
        if self._health is not None:
            self._health.close()
            self._health = None
