"""Which classes a run is built of: the guard's, or one with a mistake in it (`tests.simulator.mistakes`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guard.agent.agent import Agent
from guard.core.lease import LeaseTimes
from guard.fleet.parking import ParkingLot
from guard.fleet.releaser import Releaser
from guard.gates.copies import Copies
from guard.gates.receipt import ReceiptGate
from guard.orchestrator.closing import Closing
from guard.worker.ladder import Ladder
from tests.simulator.emergency import Signals
from tests.simulator.stores import Index, Plane
from tests.simulator.worker import Follower

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Parts"]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What makes each part. `patch` is put into modules while a run lasts: module, name, stand-in."""

    agent: Callable[..., Agent] = Agent
    lease: LeaseTimes = field(default_factory=LeaseTimes)
    parking_lot: Callable[..., ParkingLot] = ParkingLot
    releaser: Callable[..., Releaser] = Releaser
    receipt_gate: Callable[..., ReceiptGate] = ReceiptGate
    copies: Callable[..., Copies] = Copies
    closing: Callable[..., Closing] = Closing
    plane: Callable[..., Any] = Plane
    index: Callable[..., Any] = Index
    follower: Callable[..., Any] = Follower
    ladder: Callable[..., Ladder] = Ladder
    signals: Callable[..., Any] = Signals
    patch: tuple[tuple[Any, str, Any], ...] = ()
    theme: str = ""
    """Where ambushes are; drawn when empty. A rare mistake is looked for where it can be."""
    deeds: tuple[str, ...] = ()
    """What happens there; drawn when empty."""
    haste: bool = False
    """Short windows, one after the other, and many jobs that wait for their time."""
