"""Mistakes that the guard could make, put into a worker on purpose: the judge must find each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MISTAKES", "make_mistake"]


def _recorded_too_early() -> None:
    """The outcome is recorded when the signal is sent, not when the process has ended."""
    from dataclasses import replace

    from guard.worker.climber import Climber

    look = Climber.look

    def impatient(self: Climber, *args: Any, **options: Any) -> Any:
        climb = look(self, *args, **options)
        return replace(climb, alive=False) if self.signalled else climb

    Climber.look = impatient  # type: ignore[method-assign]


def _killed_said_completed() -> None:
    """A job that a signal has ended counts as completed."""
    from guard.core.outcome import Ended
    from guard.worker import conclusions

    conclusions.ended = lambda *_, **__: Ended.COMPLETED  # type: ignore[attr-defined]


def _completed_said_killed() -> None:
    """A job that has returned counts as killed."""
    from guard.core.ladder import Report
    from guard.core.outcome import Ended
    from guard.worker import conclusions

    def ended(report: Report, *, signalled: bool) -> Ended:
        return Ended.KILLED if signalled or report is Report.RETURNED else Ended.INTERRUPTED

    conclusions.ended = ended  # type: ignore[attr-defined]


def _signals_too_early() -> None:
    """Nobody waits for the grace period."""
    from guard.worker import ladder

    due = ladder.next_step

    def hasty(climb: Any, now: float) -> Any:
        return due(climb, now + 0.4 if climb.asked_at is not None else now)

    ladder.next_step = hasty  # type: ignore[attr-defined]


def _copy_not_dropped() -> None:
    """The parked copy of a job that has completed after all stays."""
    from guard.gates.copies import Copies

    Copies.forbid = lambda *_: None  # type: ignore[method-assign]


def _not_given_back() -> None:
    """A job that was ended is acknowledged instead of given back."""
    from guard.gates.receipt import ReceiptGate

    def forget(self: ReceiptGate, request: Any) -> bool:
        request.guard_was_set_aside = True
        request.acknowledged = True
        request.on_ack(None, request.connection_errors)
        self._forget(request)
        return False

    ReceiptGate.hand_back = forget  # type: ignore[method-assign]


def _deaf_to_the_second() -> None:
    """A child that has outlived a SIGTERM is ended by the next one at once, as billiard leaves it."""
    from guard.gates import interrupted

    interrupted.outlived = lambda _slot: None


MISTAKES: dict[str, Callable[[], None]] = {
    "recorded-too-early": _recorded_too_early,
    "killed-said-completed": _killed_said_completed,
    "completed-said-killed": _completed_said_killed,
    "signals-too-early": _signals_too_early,
    "copy-not-dropped": _copy_not_dropped,
    "not-given-back": _not_given_back,
    "deaf-to-the-second": _deaf_to_the_second,
}


def make_mistake(name: str) -> None:
    """Make this process make one; an empty name is none."""
    if name:
        MISTAKES[name]()
