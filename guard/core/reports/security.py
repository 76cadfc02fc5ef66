"""The security audit as a report: what the routine found, and who got in or did not since the last one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from guard.core.reports.counting import COUNTED, REFUSED
from guard.core.reports.parts import MOST_ROWS, security_section
from guard.core.reports.periods import date_of, subject_of
from guard.core.reports.report import Column, Concern, Figure, Kind, Report, Section, Table
from guard.core.reports.wording import counted

if TYPE_CHECKING:
    from guard.core.reports.facts import PeriodFacts, SecurityFacts
    from guard.core.reports.report import Value
    from guard.core.routine_result import Figure as Looked
    from guard.core.routine_result import RoutineRun

__all__ = ["security_report"]

_MOST_NAMED = 50
_WORST_FIRST = ("critical", "warning", "info")
_RIGHTS = ("admin", "emergency", "operate", "read")


def security_report(security: SecurityFacts) -> Report:
    """What a person of the security team goes through."""
    facts, audit = security.facts, security.audit
    first, last = date_of(facts.period.start, facts.zone), date_of(facts.period.end - 1, facts.zone)
    made = Report(
        kind=Kind.SECURITY,
        title=f"Security audit, {first} to {last}",
        subject=subject_of(facts.period, facts.zone),
        summary="",
        period=facts.period,
        sections=(_audit_section(security), _tokens_section(security), security_section(facts)),
        tables=(_admins(security), _packages(security), _refused(facts), _people(facts)),
        concerns=_concerns(audit.value),
    )
    found = Counter(one.severity for one in made.concerns)
    told = ", ".join(f"{found[name]} {name}" for name in _WORST_FIRST if found[name]) or "none"
    if audit.value is None:
        return replace(made, summary=f"The audit itself is not there: {audit.why}.")
    return replace(made, summary=f"Findings: {told}. {counted(len(made.unknown), 'figure')} unknown.")


def _audit_section(security: SecurityFacts) -> Section:
    audit = security.audit
    if audit.value is None:
        missing = Figure(key="audit", title="the audit", value=None, source=audit.source, why=audit.why)
        return Section(key="audit", title="What the audit looked at", figures=(missing,))
    return Section(
        key="audit",
        title="What the audit looked at",
        figures=(
            audit.figure("audited_at", "looked at", lambda run: run.began_at, unit="UTC seconds"),
            *(_copied(one, audit.source) for one in audit.value.result.figures),
        ),
    )


def _copied(one: Looked, source: str) -> Figure:
    value: Any = len(one.value) if isinstance(one.value, (list, dict)) else one.value
    return Figure(
        key=one.name.replace(" ", "_"),
        title=one.name,
        value=value,
        unit=one.unit,
        source=source,
        why=one.why or ("" if value is not None else "it does not say"),
    )


def _tokens_section(security: SecurityFacts) -> Section:
    said = security.tokens
    return Section(
        key="tokens",
        title="Access now",
        figures=(
            *(
                said.figure(
                    f"tokens_{right}",
                    f"access tokens in force with the right {right}",
                    lambda found, right=right: found.get(right, 0),  # type: ignore[misc]
                )
                for right in _RIGHTS
            ),
            security.second_factors.figure(
                "second_factors", "people with a second factor", lambda found: found
            ),
        ),
    )


def _concerns(run: RoutineRun | None) -> tuple[Concern, ...]:
    if run is None:
        return ()
    found = [Concern(severity=one.severity.value, text=one.message) for one in run.result.findings]
    return tuple(sorted(found, key=lambda one: _WORST_FIRST.index(one.severity)))


def _listed(security: SecurityFacts, name: str) -> list[dict[str, Any]]:
    value = security.audit.value.result.value(name) if security.audit.value is not None else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _admins(security: SecurityFacts) -> Table:
    rows = [
        (one.get("username"), one.get("is_active"), one.get("last_login"))
        for one in _listed(security, "admin users")
    ]
    return _table(
        security,
        "admins",
        "Admins of the application",
        rows,
        (("username", "user"), ("is_active", "active"), ("last_login", "last sign-in")),
    )


def _packages(security: SecurityFacts) -> Table:
    rows = [
        (one.get("name"), one.get("version"), one.get("latest"))
        for one in _listed(security, "outdated packages")
    ]
    return _table(
        security,
        "packages",
        "Outdated packages",
        rows,
        (("name", "package"), ("version", "installed"), ("latest", "newest")),
    )


def _table(
    security: SecurityFacts,
    key: str,
    title: str,
    rows: list[tuple[Any, ...]],
    columns: tuple[tuple[str, str], ...],
) -> Table:
    return Table(
        key=key,
        title=title,
        columns=tuple(Column(key=name, title=words) for name, words in columns),
        rows=tuple(rows[:MOST_ROWS]),
        source=security.audit.source,
        left_out=max(0, len(rows) - MOST_ROWS),
        why=security.audit.why,
    )


def _refused(facts: PeriodFacts) -> Table:
    """Refused tries by what was tried and from where, the most frequent first. Those that were only counted
    have their kind in one row and their address in another table of the journal's line."""
    counts: Counter[tuple[str, str]] = Counter()
    for line in facts.journal.value or ():
        if line.action == COUNTED:
            kinds = line.detail.get("kinds")
            for kind, number in kinds.items() if isinstance(kinds, dict) else ():
                if isinstance(number, int):
                    counts[str(kind), "(only counted)"] += number
        elif line.outcome == REFUSED:
            counts[line.action, str(line.detail.get("address") or "unknown")] += 1
    rows: list[tuple[Value, ...]] = [(what, where, number) for (what, where), number in counts.most_common()]
    return Table(
        key="refused",
        title="Refused tries",
        columns=(
            Column(key="what", title="what was tried"),
            Column(key="address", title="from"),
            Column(key="count", title="how often"),
        ),
        rows=tuple(rows[:_MOST_NAMED]),
        source=facts.journal.source,
        left_out=max(0, len(rows) - _MOST_NAMED),
        why=facts.journal.why,
    )


def _people(facts: PeriodFacts) -> Table:
    """Who did what, by the journal."""
    counts = Counter(
        (line.actor, line.action) for line in facts.journal.value or () if line.outcome != REFUSED
    )
    rows: list[tuple[Value, ...]] = [
        (*who, number) for who, number in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]
    return Table(
        key="people",
        title="Who did what",
        columns=(
            Column(key="actor", title="who"),
            Column(key="action", title="what"),
            Column(key="count", title="how often"),
        ),
        rows=tuple(rows[:MOST_ROWS]),
        source=facts.journal.source,
        left_out=max(0, len(rows) - MOST_ROWS),
        why=facts.journal.why,
    )
