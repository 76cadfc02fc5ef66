"""How a routine writes down what it looks at: one thing that does not answer is unknown, and the rest goes
on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from celery.exceptions import SoftTimeLimitExceeded

from guard.core.alerts import Severity
from guard.core.routine_result import Figure, Finding, RoutineResult
from guard.core.routines import Outcome
from guard.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Notes", "in_short"]

T = TypeVar("T")
_LONGEST_REASON = 200


class Notes:
    """The notes of one run."""

    def __init__(self) -> None:
        self._figures: list[Figure] = []
        self._findings: list[Finding] = []

    def ask(
        self,
        name: str,
        question: Callable[[], T],
        *,
        unit: str = "",
        shown: Callable[[T], Any] | None = None,
        vital: str = "",
    ) -> T | None:
        """Ask something, and write its answer down. None when it did not answer: then why is written down.

        Args:
            shown: makes plain JSON types of the answer.
            vital: what it means when there is no answer; then that is a critical finding.
        """
        try:
            answer = question()
            value = shown(answer) if shown is not None else answer
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # noqa: BLE001 - whatever breaks in one question, the others are asked
            self.unknown(name, in_short(error), unit=unit)
            if vital:
                self.find(Severity.CRITICAL, vital, f"{vital}: {in_short(error)}")
            return None
        if value is None:
            self.unknown(name, "it does not say", unit=unit)
            return None
        self.figure(name, value, unit=unit)
        return answer

    def figure(self, name: str, value: Any, *, unit: str = "") -> None:
        """Write down what is known."""
        self._figures.append(Figure(name=name, value=value, unit=unit))

    def unknown(self, name: str, why: str, *, unit: str = "") -> None:
        """Write down what is not known, and why."""
        self._figures.append(Figure(name=name, value=None, unit=unit, why=why[:_LONGEST_REASON]))

    def find(self, severity: Severity, kind: str, message: str, *, subject: str = "") -> None:
        """Something that a person should know."""
        self._findings.append(
            Finding(severity=severity, kind=kind[:50], message=message[:500], subject=subject[:100])
        )

    def add(self, *findings: Finding) -> None:
        """Findings that were made elsewhere."""
        self._findings += findings

    def result(self, outcome: Outcome = Outcome.DONE) -> RoutineResult:
        """All of it."""
        return RoutineResult(figures=tuple(self._figures), findings=tuple(self._findings), outcome=outcome)


def in_short(error: Exception) -> str:
    """Why something is unknown, in one line. Errors of libraries may carry addresses: only their kind is
    told."""
    text = str(error) if isinstance(error, GuardError) else f"it did not answer ({type(error).__name__})"
    return " ".join(text.split())[:_LONGEST_REASON]
