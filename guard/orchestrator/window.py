"""What `enable()` and `disable()` give back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.orchestrator.rollback import RolledBack

__all__ = ["Running", "Window"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A guarded job that was running when the window closed. It may go on; nothing new starts."""

    task_id: str
    task: str
    worker: str
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window, and what was seen when it was closed or released.

    Attributes:
        window_id, mode, reason, by: as asked for.
        epoch: the epoch at which the gate was closed (or opened again).
        phase: where the window stands now.
        started_at, planned_end: UTC seconds.
        acknowledged, unconfirmed, producers, running: None when the registry of workers does not answer.
        acknowledged: workers that gave their word: no guarded job starts there until release.
        unconfirmed: workers that did not, with how long ago they were last seen. Their lease has run
            out, so no gate of theirs says "open"; only a job whose process was frozen between look
            and start could still begin (see `guard.fence`).
        producers: how many publishing processes acknowledged.
        unguarded: consumers that no guard holds back; None when that could not be told.
        running: guarded jobs in flight; None also when another process has brought the window on while this
            one asked.
        took: seconds from writing the epoch until the last acknowledgement, or until time closed the rest.
        proof: ``acknowledged`` when everybody did; ``time`` when leases closed the rest; ``none`` when
            the control plane could not be told, see `warnings`.
        released, expired, still_parked: after `disable`; `still_parked` is None when the broker did not say.
        warnings: what may bite during this window.
        scope: what it is narrowed to, as `guard.core.scope.Scope` has it; its parts are empty when it is not.
        rolled_back: what a rollback did, where `disable` was asked for one, and it could begin.
    """

    window_id: str
    mode: str
    reason: str
    by: str
    epoch: int
    phase: str
    started_at: float
    planned_end: float | None
    acknowledged: tuple[str, ...] | None = ()
    unconfirmed: tuple[str, ...] | None = ()
    producers: int | None = 0
    unguarded: tuple[str, ...] | None = ()
    running: tuple[Running, ...] | None = ()
    took: float = 0.0
    proof: str = ""
    released: int = 0
    expired: int = 0
    still_parked: int | None = 0
    warnings: tuple[str, ...] = ()
    scope: Mapping[str, Any] | None = None
    rolled_back: RolledBack | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        rolled_back = self.rolled_back.to_dict() if self.rolled_back is not None else None
        return {**asdict(replace(self, rolled_back=None)), "rolled_back": rolled_back}
