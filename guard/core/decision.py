"""The one question that every gate asks: may this job go on here and now?

The same function answers at publish, at receipt and at start. The pool children use `word.admits`,
the same rule in one expression; tests/core/test_decision.py holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from guard.core.modes import Gate
from guard.core.operations import OperationKind, mask_of

if TYPE_CHECKING:
    from guard.core.view import GateView

__all__ = [
    "LONGEST_RETRY",
    "SHORTEST_RETRY",
    "Decision",
    "Outcome",
    "Place",
    "Question",
    "decide",
    "retry_after",
]

SHORTEST_RETRY = 30
LONGEST_RETRY = 3600


class Place(StrEnum):
    """Where the question is asked."""

    PUBLISH = "publish"
    RECEIPT = "receipt"
    START = "start"


class Outcome(StrEnum):
    """What is to be done."""

    ALLOW = "allow"
    REFUSE = "refuse"
    HOLD = "hold"
    SET_ASIDE = "set aside"
    """Requeue where the queue is cordoned, else park; the worker knows which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a gate asks.

    Attributes:
        operation: the kind of work.
        place: which gate asks.
        continuation: published from inside a running guarded job: its next step, a chord body, a
            retry. Refusing one would fail work that has already finished (F10).
        hold: the caller would rather have the job wait than be refused.
        in_scope: the window is about this job. Outside of its scope nothing changes.
        bypass: a valid bypass for this operation was shown. It counts where the view honours it.
    """

    operation: OperationKind
    place: Place
    continuation: bool = False
    hold: bool = False
    in_scope: bool = True
    bypass: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer.

    Attributes:
        outcome: what is to be done now.
        blocked: whether the window blocks this job; true with ALLOW for a continuation at publish,
            which is let into its queue and waits there.
        would: test mode only: what a normal window would have done with this job; None: let it pass.
        why: a short stable word for logs and counters.
        message: a sentence for the end user; empty when allowed.
        retry_after: seconds; 0 when allowed.
    """

    outcome: Outcome
    blocked: bool
    why: str
    would: Outcome | None = None
    message: str = ""
    retry_after: int = 0

    @property
    def allowed(self) -> bool:
        """Whether the job may go on."""
        return self.outcome is Outcome.ALLOW

    @property
    def would_block(self) -> bool:
        """Test mode only: whether a normal window would have blocked this job."""
        return self.would is not None


def decide(question: Question, view: GateView, now: float) -> Decision:
    """The decision. `now` is UTC seconds, used for `retry_after` only."""
    kind = question.operation
    if not kind.guarded:
        return Decision(outcome=Outcome.ALLOW, blocked=False, why="never guarded")
    if not question.in_scope and view.gate is not Gate.UNKNOWN:
        return Decision(outcome=Outcome.ALLOW, blocked=False, why="outside the scope")
    if view.gate is Gate.TEST:
        return Decision(
            outcome=Outcome.ALLOW, blocked=False, why="test mode", would=_rehearsed(question, view, now)
        )
    if not mask_of(kind) >> view.gate & 1:
        return Decision(outcome=Outcome.ALLOW, blocked=False, why="open")
    if question.bypass and view.bypass:
        return Decision(outcome=Outcome.ALLOW, blocked=False, why="bypass")
    return _blocked(question, view, now)


def _rehearsed(question: Question, view: GateView, now: float) -> Outcome | None:
    """What a normal window would have done."""
    real = decide(question, replace(view, gate=Gate.NORMAL), now)
    if not real.blocked:
        return None
    return Outcome.HOLD if real.allowed else real.outcome  # a continuation waits in its queue


def _blocked(question: Question, view: GateView, now: float) -> Decision:
    why = "state unknown" if view.gate is Gate.UNKNOWN else "maintenance"
    if question.place is not Place.PUBLISH:
        return Decision(outcome=Outcome.SET_ASIDE, blocked=True, why=why)
    if question.continuation:
        return Decision(outcome=Outcome.ALLOW, blocked=True, why="continuation")
    if question.hold:
        return Decision(outcome=Outcome.HOLD, blocked=True, why="hold asked")
    return Decision(
        outcome=Outcome.REFUSE,
        blocked=True,
        why=why,
        message=question.operation.message,
        retry_after=retry_after(view.planned_end, now),
    )


def retry_after(planned_end: float | None, now: float) -> int:
    """Seconds until another try makes sense: to the planned end, from 30 s to 1 h; 60 s without one."""
    if planned_end is None:
        return 60
    return round(min(max(planned_end - now, SHORTEST_RETRY), LONGEST_RETRY))
