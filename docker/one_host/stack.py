"""All services: started as `depends_on` says, watched, stopped in reverse order."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from one_host.child import CannotStart
from one_host.member import Member, State
from one_host.place import Place
from one_host.programs import program_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from one_host.compose_file import Composition
    from one_host.folder import RunFolder
    from one_host.network import Network

_TICK_SECONDS: Final = 0.05
_RUN_SECONDS: Final = 60.0


class StackFailed(Exception):
    """A service did not get well, or ended. The text has the end of its log."""


class Watcher(Protocol):
    """Who is told of what happens."""

    def member(self, member: Member, state: State, why: str) -> None:
        """A service has come into this state."""

    def waiting(self, members: Sequence[Member]) -> None:
        """For these is waited; called often."""


@dataclass(frozen=True)
class Ran:
    """What a command that was run beside a service gave."""

    code: int
    out: str
    error: str


class Stack:
    """Use it in a `with`: leaving it kills what is left of it at once; `down` stops it in order before."""

    def __init__(
        self,
        composition: Composition,
        network: Network,
        folder: RunFolder,
        secrets: Mapping[str, Path],
        watcher: Watcher,
    ) -> None:
        self._watcher = watcher
        self.network = network
        self.members = {
            name: Member(program_of(Place(service, network, folder, secrets)))
            for name, service in composition.services.items()
            if not service.profiles
        }

    def up(self) -> None:
        """Start all and wait until all are well.

        Raises:
            StackFailed: one of them is not.
        """
        while waiting := [member for member in self.members.values() if not member.is_up]:
            for member in waiting:
                if member.state == State.WAITING and self._may_start(member):
                    self._start(member)
            self.tick(waiting)
            self.check()

    def down(self) -> None:
        """Stop each when all that depends on it have ended; kill after its grace period."""
        while running := [member for member in self.members.values() if not member.is_over]:
            for member in running:
                if not any(self._depends(other, member.name) for other in running if other is not member):
                    member.ask_to_stop()
            self.tick(running)

    def stop(self, name: str) -> float:
        """Stop one service, as `docker compose stop` does. Returns the seconds that it took."""
        member, started = self.members[name], time.monotonic()
        member.ask_to_stop()
        self.wait(
            lambda: member.is_over, within=member.service.stop_grace_period + 10, what=f"the end of {name}"
        )
        return time.monotonic() - started

    def start(self, name: str) -> None:
        """Start one again and wait until it is well."""
        member = self.members[name]
        self._start(member)
        self.wait(lambda: member.is_up, within=120, what=f"{name} to get well")

    def run(self, service: str, argv: Sequence[str], within: float = _RUN_SECONDS) -> Ran:
        """Run a command beside a service, with its environment, as `docker compose exec` does."""
        program = self.members[service].program
        words = [str(program.place.programs / argv[0]), *argv[1:]]
        ran = subprocess.run(
            words, check=False, cwd=program.place.home, env=program.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=within,
        )  # fmt: skip
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def wait(self, predicate: Callable[[], object], within: float, what: str) -> None:
        """Look after all until the predicate is true.

        Raises:
            StackFailed: it was not, within so many seconds.
        """
        until = time.monotonic() + within
        while not predicate():
            if time.monotonic() > until:
                raise StackFailed(f"waited {within:.0f} s for {what}")
            self.tick(())

    def tick(self, waiting: Sequence[Member]) -> None:
        """Look after all, and tell what has changed; takes a moment."""
        for member in self.members.values():
            member.tick()
            self._tell(member)
        self._watcher.waiting(waiting)
        time.sleep(_TICK_SECONDS)

    def check(self) -> None:
        """Raise `StackFailed` if a service has failed or is not well."""
        for member in self.members.values():
            if member.state in {State.FAILED, State.UNWELL}:
                text = f"{member.name}: {member.why or member.state}"
                raise StackFailed(f"{text}. The end of its log:\n{member.log_end()}")
            if member.state == State.ABSENT and self._dependents(member.name):
                needed_by = ", ".join(self._dependents(member.name))
                raise StackFailed(f"{member.name}: {member.why}; needed by {needed_by}")

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self.members.values():
            member.kill()

    def _tell(self, member: Member) -> None:
        told, member.told = member.told, []
        for state, why in told:
            self._watcher.member(member, state, why)

    def _may_start(self, member: Member) -> bool:
        return all(self.members[name].satisfies(how) for name, how in member.service.depends_on.items())

    def _start(self, member: Member) -> None:
        try:
            if member.begin():
                self._tell(member)
                member.start()
        except (CannotStart, OSError) as error:
            raise StackFailed(f"{member.name}: {error}") from error

    def _dependents(self, name: str) -> list[str]:
        return [other.name for other in self.members.values() if name in other.service.depends_on]

    def _depends(self, member: Member, on: str) -> bool:
        direct = member.service.depends_on
        return on in direct or any(self._depends(self.members[name], on) for name in direct)
