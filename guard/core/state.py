"""The guard state: one small value that every process of the fleet agrees on.

Invariant: the epoch grows with every change (by one, but see `guard.core.reconcile`), is never reused
and never goes back. Whoever holds two states believes the one with the greater epoch; on a tie the
stricter mode.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from guard.core.generation import Generation
from guard.core.modes import Gate, Mode, Phase, gate_of
from guard.core.terms import Terms

__all__ = ["GuardState", "newer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardState:
    """What the fleet agrees on. All times are UTC, seconds since 1970 by the wall clock.

    Attributes:
        epoch: 0 for a store that never saw a change; grows by one with each.
        phase: where the window stands.
        mode: None while no window is open.
        window_id: the id of the current or last window; empty before the first.
        reason: as the administrator wrote it: untrusted text, 1 to 500 characters, while a window is open.
        by: who made the last change.
        started_at: when the window was opened; None without one.
        duration: planned length in seconds; None when nobody knows.
        changed_at: when this epoch was written.
        store_id: which installation this state belongs to, so that two apps that share a Redis
            by mistake do not believe each other.
        terms: what was agreed on for this window.
        generation: which sessions of non-admins are accepted; it outlives windows.
    """

    epoch: int
    phase: Phase
    mode: Mode | None
    window_id: str
    reason: str
    by: str
    started_at: float | None
    duration: int | None
    changed_at: float
    store_id: str
    terms: Terms = field(default_factory=Terms)
    generation: Generation = field(default_factory=Generation)

    @property
    def gate(self) -> Gate:
        """What this state makes the gates do."""
        return gate_of(self.mode, self.phase)

    @property
    def is_active(self) -> bool:
        """Whether a window is open, in whichever mode. A window in test mode is active and blocks nothing."""
        return self.gate is not Gate.OPEN

    @property
    def honours_bypass(self) -> bool:
        """Whether holders of a bypass may run jobs. Where a stage for verifying was agreed on: not before."""
        return self.phase is Phase.VERIFYING or self.mode is Mode.TEST or not self.terms.verify

    @property
    def planned_end(self) -> float | None:
        """When the window should end; None when nobody planned it."""
        if self.started_at is None or self.duration is None:
            return None
        return self.started_at + self.duration

    @property
    def drain_deadline(self) -> float | None:
        """When all guarded jobs should have ended; None without a deadline."""
        if self.started_at is None or self.terms.drain_within is None:
            return None
        return self.started_at + self.terms.drain_within * (1 + self.terms.extended)

    @classmethod
    def first(cls, store_id: str, now: float) -> GuardState:
        """The state of a new installation: nothing has ever been closed."""
        return cls(
            epoch=0,
            phase=Phase.INACTIVE,
            mode=None,
            window_id="",
            reason="",
            by="",
            started_at=None,
            duration=None,
            changed_at=now,
            store_id=store_id,
        )


_EVER_STRICTER = (Gate.OPEN, Gate.TEST, Gate.NORMAL, Gate.EMERGENCY)


def newer(one: GuardState, other: GuardState) -> GuardState:
    """The state to believe of two: the greater epoch, on a tie the stricter gate."""
    return max(one, other, key=lambda state: (state.epoch, _EVER_STRICTER.index(state.gate)))
