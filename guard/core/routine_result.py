"""What a routine found: what it looked at, figures, and findings that somebody should see to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from guard.core.alerts import Severity
from guard.core.routines import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Figure", "Finding", "RoutineResult", "RoutineRun", "new_findings"]

_URGENT = frozenset({Severity.CRITICAL, Severity.WARNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing that was looked at.

    Attributes:
        value: plain JSON types; None: unknown, and then `why` says why.
        unit: ``bytes``, ``s``, ``%``; empty for counts and texts.
    """

    name: str
    value: Any
    unit: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a person should know.

    Attributes:
        kind: a short stable name, at most 50 characters: ``disk nearly full``.
        subject: what it is about, where one kind may be found several times: a folder, an id.
        message: one sentence; no secrets.
    """

    severity: Severity
    kind: str
    message: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineResult:
    """The result of one run.

    Attributes:
        figures: in the order in which they were looked at; their names are what was checked.
        findings: in the same order.
        outcome: ``done``, ``unknown`` when the part that it is about is not there, ``failed``.
    """

    figures: tuple[Figure, ...] = ()
    findings: tuple[Finding, ...] = ()
    outcome: Outcome = Outcome.DONE

    @property
    def checked(self) -> tuple[str, ...]:
        """What was looked at."""
        return tuple(figure.name for figure in self.figures)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What did not answer."""
        return tuple(figure.name for figure in self.figures if figure.value is None)

    def value(self, name: str) -> Any:
        """A figure by name; None when it is unknown or was not looked at."""
        return next((figure.value for figure in self.figures if figure.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "figures": [
                {"name": figure.name, "value": figure.value, "unit": figure.unit, "why": figure.why}
                for figure in self.figures
            ],
            "findings": [
                {
                    "severity": finding.severity.value,
                    "kind": finding.kind,
                    "message": finding.message,
                    "subject": finding.subject,
                }
                for finding in self.findings
            ],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], outcome: Outcome = Outcome.DONE) -> RoutineResult:
        """Read back; what a newer release has added is left out, and what is malformed too."""
        figures, findings = raw.get("figures"), raw.get("findings")
        return cls(
            figures=tuple(
                Figure(
                    name=str(one.get("name", "")),
                    value=one.get("value"),
                    unit=str(one.get("unit", "")),
                    why=str(one.get("why", "")),
                )
                for one in (figures if isinstance(figures, list) else ())
                if isinstance(one, dict)
            ),
            findings=tuple(
                Finding(
                    severity=Severity(one["severity"]),
                    kind=str(one.get("kind", "")),
                    message=str(one.get("message", "")),
                    subject=str(one.get("subject", "")),
                )
                for one in (findings if isinstance(findings, list) else ())
                if isinstance(one, dict) and one.get("severity") in list(Severity)
            ),
            outcome=outcome,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineRun:
    """One turn of a routine as it is stored. Times are UTC seconds.

    Attributes:
        ended_at: None while it runs, or when its worker went away.
        fence: with which fencing epoch of its lock it was written.
        why: for a turn that was no run, in a few words.
    """

    seq: int
    name: str
    due_at: float
    began_at: float
    ended_at: float | None
    outcome: Outcome
    fence: int
    result: RoutineResult
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "name": self.name,
            "due_at": self.due_at,
            "began_at": self.began_at,
            "ended_at": self.ended_at,
            "outcome": self.outcome.value,
            "why": self.why,
            **self.result.to_dict(),
        }


def new_findings(now: RoutineResult, before: RoutineResult | None) -> tuple[Finding, ...]:
    """Those that somebody must be told: critical ones and warnings which the result before did not have."""
    known = {(one.kind, one.subject) for one in before.findings} if before is not None else set()
    return tuple(
        one for one in now.findings if one.severity in _URGENT and (one.kind, one.subject) not in known
    )
