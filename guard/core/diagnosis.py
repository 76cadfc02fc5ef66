"""What the doctor says: checks, findings, and why a check was not looked at.

Rules:

- A check judges answers of sources (a server, the registry, the settings). One check is the *root* of a
  source: it says that the source is lost. Every other check that asks a lost source says "not looked at,
  because …" and names that root, so that one cause is one problem, not ten.
- Causes come before consequences: `diagnose` keeps the order of the catalogue, and `out_of_order` says
  whether the catalogue keeps the rule.
- Unknown is not healthy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

__all__ = [
    "Answer",
    "Check",
    "Diagnosis",
    "Family",
    "Finding",
    "Source",
    "Status",
    "Verdict",
    "broken",
    "diagnose",
    "needed_for",
    "not_known",
    "ok",
    "out_of_order",
    "warn",
]


MAYBE = "?"


class Family(StrEnum):
    """The five families of the troubleshooting guide, in its order."""

    ACTIVATION = "activation"
    BLOCKING = "blocking"
    SESSIONS = "sessions"
    EMERGENCY = "emergency"
    PERFORMANCE = "performance"

    @property
    def heading(self) -> str:
        """The guide's heading."""
        return _TITLES[self]


_TITLES = {
    Family.ACTIVATION: "Maintenance mode won't activate",
    Family.BLOCKING: "Users can still access blocked operations",
    Family.SESSIONS: "Session invalidation not working",
    Family.EMERGENCY: "Emergency mode issues",
    Family.PERFORMANCE: "Performance issues during maintenance",
}


class Status(StrEnum):
    """What a check found."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judgement of one check.

    Attributes:
        seen: what was seen, one sentence; no secrets.
        why: why that matters; empty when all is well.
        remedy: what to type or to set; empty when all is well.
    """

    status: Status
    seen: str
    why: str = ""
    remedy: str = ""


def ok(seen: str) -> Verdict:
    """All is well."""
    return Verdict(status=Status.OK, seen=seen)


def warn(seen: str, why: str, remedy: str) -> Verdict:
    """It works, and may not for long."""
    return Verdict(status=Status.WARNING, seen=seen, why=why, remedy=remedy)


def broken(seen: str, why: str, remedy: str) -> Verdict:
    """It does not do what it should."""
    return Verdict(status=Status.PROBLEM, seen=seen, why=why, remedy=remedy)


def not_known(seen: str, remedy: str = "") -> Verdict:
    """Nobody could say."""
    return Verdict(status=Status.UNKNOWN, seen=seen, remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that is asked once, for all checks that need it.

    Attributes:
        root: the check that says so when it is lost.
        needs: sources that must have answered before.
    """

    name: str
    root: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a source said.

    Attributes:
        value: its answer, when `lost` is empty.
        lost: why there is none, one sentence without secrets.
        after: the source that it waits for and that is lost itself.
    """

    value: Any = None
    lost: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question of the doctor.

    Attributes:
        name: short and stable; scripts may look for it.
        symptom: of the troubleshooting guide, in its words, that this check explains.
        asks: names of sources; their answers are the arguments of `judge`, in this order. One with a ``?``
            at its end may be lost: then its argument is None.
        why, remedy: said by a root check when its source is lost.
    """

    name: str
    family: Family
    symptom: str
    asks: tuple[str, ...]
    judge: Callable[..., Verdict]
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found. `because` names the check whose cause kept it from being looked at."""

    check: str
    family: Family
    symptom: str
    status: Status
    seen: str
    why: str = ""
    remedy: str = ""
    because: str = ""

    def to_dict(self) -> dict[str, str]:
        """Plain JSON types."""
        return {
            "check": self.check,
            "family": self.family.value,
            "symptom": self.symptom,
            "status": self.status.value,
            "seen": self.seen,
            "why": self.why,
            "remedy": self.remedy,
            "because": self.because,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """All findings, causes before consequences. `seconds`: how long it took."""

    findings: tuple[Finding, ...]
    seconds: float = 0.0

    def of(self, check: str) -> Finding:
        """The finding of one check. KeyError: it was not asked."""
        for one in self.findings:
            if one.check == check:
                return one
        raise KeyError(check)

    def with_status(self, status: Status) -> tuple[Finding, ...]:
        """Those of one status."""
        return tuple(one for one in self.findings if one.status is status)

    @property
    def health(self) -> Status:
        """PROBLEM if there is any, else WARNING if anything warns or is unknown, else OK."""
        found = {one.status for one in self.findings}
        if Status.PROBLEM in found:
            return Status.PROBLEM
        return Status.OK if found <= {Status.OK} else Status.WARNING

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        counts = {status.value: len(self.with_status(status)) for status in Status}
        return {
            "health": self.health.value,
            "counts": counts,
            "seconds": round(self.seconds, 3),
            "findings": [one.to_dict() for one in self.findings],
        }


@dataclass(frozen=True, slots=True)
class _Book:
    sources: Mapping[str, Source]
    answers: Mapping[str, Answer]

    def value(self, name: str) -> Any:
        """What a source said; None when it is lost."""
        return self.answers.get(name.removesuffix(MAYBE), Answer()).value

    def lost(self, names: Sequence[str]) -> tuple[str, Answer] | None:
        """The first of these sources that did not answer, or the one that it waits for."""
        for name in names:
            if name.endswith(MAYBE):
                continue
            answer = self.answers.get(name, Answer(lost="it was not asked"))
            if answer.lost:
                while answer.after and answer.after in self.answers:
                    name, answer = answer.after, self.answers[answer.after]  # noqa: PLW2901 - follow the cause
                return name, answer
        return None


def diagnose(
    checks: Sequence[Check],
    sources: Mapping[str, Source],
    answers: Mapping[str, Answer],
    *,
    families: Collection[Family] = (),
) -> tuple[Finding, ...]:
    """Judge all checks, in their order.

    Args:
        checks: causes before consequences.
        answers: of every source that the checks ask.
        families: only these, and what keeps their checks from being looked at; all when empty.
    """
    book = _Book(sources, answers)
    found = [_judged(check, book) for check in checks]
    if not families:
        return tuple(found)
    causes = {one.because for one in found if one.family in families}
    return tuple(
        one
        for one in found
        if one.family in families or (one.check in causes and one.status is not Status.OK)
    )


def _judged(check: Check, book: _Book) -> Finding:
    lost = book.lost(check.asks)
    if lost is None:
        return _finding(check, check.judge(*(book.value(name) for name in check.asks)))
    name, answer = lost
    root = book.sources[name].root
    if root != check.name:
        return _finding(check, not_known(f"not looked at, because of “{root}”"), because=root)
    return _finding(check, broken(answer.lost, check.why, check.remedy))


def _finding(check: Check, verdict: Verdict, because: str = "") -> Finding:
    return Finding(
        check=check.name,
        family=check.family,
        symptom=check.symptom,
        status=verdict.status,
        seen=verdict.seen,
        why=verdict.why,
        remedy=verdict.remedy,
        because=because,
    )


def needed_for(checks: Sequence[Check], sources: Mapping[str, Source]) -> frozenset[str]:
    """The sources that these checks ask, and what those need."""
    wanted = {name.removesuffix(MAYBE) for check in checks for name in check.asks}
    more = set(wanted)
    while more:
        more = {need for name in more for need in sources[name].needs} - wanted
        wanted |= more
    return frozenset(wanted)


def out_of_order(checks: Sequence[Check], sources: Mapping[str, Source]) -> list[str]:
    """Checks that come before a root of what they ask; empty when causes come before consequences."""
    seen: set[str] = set()
    wrong = []
    for check in checks:
        sure = replace(check, asks=tuple(name for name in check.asks if not name.endswith(MAYBE)))
        roots = {sources[name].root for name in needed_for([sure], sources)} - {check.name}
        if roots - seen:
            wrong.append(f"{check.name} before {', '.join(sorted(roots - seen))}")
        seen.add(check.name)
    return wrong
