"""What an agent tells the process that it lives in, and asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from guard.core.agents import AgentReport

if TYPE_CHECKING:
    from guard.core.modes import Gate
    from guard.core.state import GuardState

__all__ = ["Follower", "ProducerFollower"]


class Follower(Protocol):
    """What a worker does when the gate changes. All calls come from the agent's thread."""

    def adopted(self, state: GuardState) -> None:
        """A state of another epoch is believed and children see its gate. Not yet acknowledged."""

    def gate_is(self, gate: Gate) -> None:
        """The gate that children now see. Called on each change and at each lapse of trust."""

    def is_quiet(self) -> bool:
        """Whether no child is between look and start."""

    def tick(self, state: GuardState) -> bool:
        """Called some fifty times a second while closed and acknowledged. Whether what `report` would
        say has changed since the last call."""

    @property
    def is_busy(self) -> bool:
        """Whether guarded jobs are still in this process: then `tick` is called often."""

    def sample(self) -> None:
        """Called with every renewal: a time to look at what runs."""

    def report(self) -> AgentReport:
        """What runs and what is reserved."""


class ProducerFollower:
    """A process in which no jobs run has nothing to do."""

    def adopted(self, state: GuardState) -> None:
        """Nothing to end."""

    def gate_is(self, gate: Gate) -> None:
        """Nothing to close."""

    def is_quiet(self) -> bool:
        return True

    def tick(self, state: GuardState) -> bool:  # noqa: ARG002 - the protocol's signature
        return False

    is_busy = False

    def sample(self) -> None:
        """Nothing runs."""

    def report(self) -> AgentReport:
        return AgentReport()
