"""The security audit as a report: what the routine found, and who was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from guard.core.alerts import Severity
from guard.core.history import AuditRecord
from guard.core.reports.facts import PeriodFacts, Said, SecurityFacts
from guard.core.reports.parts import security_section
from guard.core.reports.report import Concern, Kind, Period
from guard.core.reports.security import security_report
from guard.core.routine_result import Figure, Finding, RoutineResult, RoutineRun
from guard.core.routines import Outcome
from tests.core.reports.layout import is_laid_out, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.core.reports.report import Table

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = 1_794_006_000.0
"""Saturday, 7 November 2026, 0:00 in Berlin, where it is 23:00 in UTC."""
DAY = 86_400


def security(
    *,
    figures: tuple[Figure, ...] = (),
    findings: tuple[Finding, ...] = (),
    lines: tuple[AuditRecord, ...] | None = (),
    no_audit: str = "",
    tokens: Mapping[str, int] | None = None,
    factors: int | None = None,
    period: Period | None = None,
) -> SecurityFacts:
    result = RoutineResult(figures=figures, findings=findings)
    run = RoutineRun(
        seq=1, name="security_audit", due_at=1, began_at=2.5, ended_at=3, outcome=Outcome.DONE, fence=1,
        result=result,
    )  # fmt: skip
    facts: dict[str, Any] = {
        name: Said(value=None, source=f"its {name}", why=f"no {name} in a test")
        for name in ("windows", "alerts", "runs", "plans", "uptime")
    }
    why = "" if lines is not None else "the journal is away"
    return SecurityFacts(
        facts=PeriodFacts(
            period=period or Period(start=MIDNIGHT, end=MIDNIGHT + DAY),
            zone=BERLIN,
            journal=Said(value=lines, source="its journal", why=why),
            **facts,
        ),
        audit=Said(value=None if no_audit else run, source="its audit", why=no_audit),
        tokens=Said(value=tokens, source="its tokens", why="" if tokens is not None else "no tokens here"),
        second_factors=Said(value=factors, source="its factors", why="" if factors else "nobody counts"),
    )


def line(action: str, *, who: str = "ann", outcome: str = "done", **detail: Any) -> AuditRecord:
    return AuditRecord(at=1, actor=who, action=action, epoch=1, outcome=outcome, detail=detail)


def finding(severity: str, message: str) -> Finding:
    return Finding(severity=Severity(severity), kind="k", message=message)


def table(facts: SecurityFacts, key: str) -> Table:
    return security_report(facts).table(key)


def test_its_parts_in_order() -> None:
    facts = security(lines=(line("sign in"),))
    report = security_report(facts)
    assert report.kind is Kind.SECURITY
    assert report.period is facts.facts.period
    assert [one.key for one in report.sections] == ["audit", "tokens", "access"]
    assert report.sections[2] == security_section(facts.facts)
    assert [one.key for one in report.tables] == ["admins", "packages", "refused", "people"]
    assert (report.series, report.timeline) == ((), ())


@pytest.mark.parametrize(
    ("end", "last"),
    [
        (MIDNIGHT + 2 * DAY, "2026-11-08"),
        (MIDNIGHT + 2 * DAY + 1, "2026-11-09"),
        (MIDNIGHT + 60, "2026-11-07"),
    ],
)
def test_its_days_are_those_of_its_zone(end: float, last: str) -> None:
    report = security_report(security(period=Period(start=MIDNIGHT, end=end)))
    assert report.title == f"Security audit, 2026-11-07 to {last}"
    assert report.subject == f"2026-11-07..{last}"


def test_what_was_found_the_worst_first() -> None:
    report = security_report(
        security(
            findings=(
                finding("info", "an old package"),
                finding("critical", "a key that anybody reads"),
                finding("warning", "no second factor"),
                finding("critical", "a debug mode"),
                finding("info", "another old package"),
            )
        )
    )
    assert report.concerns == (
        Concern(severity="critical", text="a key that anybody reads"),
        Concern(severity="critical", text="a debug mode"),
        Concern(severity="warning", text="no second factor"),
        Concern(severity="info", text="an old package"),
        Concern(severity="info", text="another old package"),
    )
    assert report.summary == "Findings: 2 critical, 1 warning, 2 info. 5 figures unknown."


def test_nothing_was_found() -> None:
    report = security_report(security(tokens={}, factors=3))
    assert report.concerns == ()
    assert report.summary == "Findings: none. 0 figures unknown."


def test_what_the_audit_looked_at_as_it_said_it() -> None:
    section = security_report(
        security(
            figures=(
                Figure(name="open ports found", value=2, unit="ports"),
                Figure(name="admin users", value=[{"username": "ann"}, {"username": "bob"}, "?"]),
                Figure(name="headers", value={"a": 1}),
                Figure(name="none of it", value=0),
                Figure(name="silent", value=None),
                Figure(name="away", value=None, why="no answer"),
                Figure(name="doubtful", value=1, why="half of it"),
            )
        )
    ).sections[0]
    assert values_of(section) == {
        "audited_at": 2.5,
        "open_ports_found": 2,
        "admin_users": 3,
        "headers": 1,
        "none_of_it": 0,
        "silent": None,
        "away": None,
        "doubtful": 1,
    }
    is_laid_out("reports_security", section)


def test_there_was_no_audit() -> None:
    report = security_report(security(no_audit="the worker was away", tokens={}, factors=3))
    assert report.summary == "The audit itself is not there: the worker was away."
    assert report.concerns == ()
    assert values_of(report.sections[0]) == {"audit": None}
    assert not report.figure("audit").nothing
    assert [one.key for one in report.unknown] == ["audit"]
    for one in (report.table("admins"), report.table("packages")):
        assert (one.rows, one.left_out, one.why) == ((), 0, "the worker was away")
    is_laid_out("reports_security", report.sections[0])


def test_who_has_access_now() -> None:
    section = security_report(security(tokens={"admin": 2, "read": 7}, factors=3)).sections[1]
    assert values_of(section) == {
        "tokens_admin": 2,
        "tokens_emergency": 0,
        "tokens_operate": 0,
        "tokens_read": 7,
        "second_factors": 3,
    }
    is_laid_out("reports_security", section)
    unknown = security_report(security()).sections[1]
    assert set(values_of(unknown).values()) == {None}
    is_laid_out("reports_security", unknown)


def test_admins_and_old_packages_one_a_row() -> None:
    facts = security(
        figures=(
            Figure(
                name="admin users",
                value=[
                    {"username": "ann", "is_active": True, "last_login": "2026-11-01"},
                    "not a user",
                    {"is_active": False},
                ],
            ),
            Figure(
                name="outdated packages",
                value=[{"name": "redis", "version": "4.0", "latest": "5.0"}, 7, {"name": "celery"}],
            ),
        )
    )
    assert table(facts, "admins").rows == (("ann", True, "2026-11-01"), (None, False, None))
    assert table(facts, "packages").rows == (("redis", "4.0", "5.0"), ("celery", None, None))
    is_laid_out("reports_security", table(facts, "admins"), table(facts, "packages"))


@pytest.mark.parametrize("value", [None, 3, {"username": "ann"}, "ann"])
def test_what_is_no_list_has_no_rows(value: object) -> None:
    facts = security(
        figures=(Figure(name="admin users", value=value), Figure(name="outdated packages", value=value))
    )
    assert table(facts, "admins").rows == table(facts, "packages").rows == ()


@pytest.mark.parametrize(("there", "left_out"), [(0, 0), (500, 0), (501, 1), (507, 7)])
def test_a_table_ends_after_its_rows_and_says_so(there: int, left_out: int) -> None:
    facts = security(
        figures=(Figure(name="admin users", value=[{"username": str(each)} for each in range(there)]),),
        lines=tuple(line("sign in", who=f"{each:03}") for each in range(there)),
    )
    expected = [str(each) for each in range(min(there, 500))]
    assert [row[0] for row in table(facts, "admins").rows] == expected
    assert [row[0] for row in table(facts, "people").rows] == [each.zfill(3) for each in expected]
    assert table(facts, "admins").left_out == table(facts, "people").left_out == left_out


@pytest.mark.parametrize(("there", "left_out"), [(0, 0), (50, 0), (51, 1), (57, 7)])
def test_refused_tries_are_named_up_to_fifty(there: int, left_out: int) -> None:
    facts = security(lines=tuple(line("token", outcome="refused", address=str(one)) for one in range(there)))
    found = table(facts, "refused")
    assert [row[1] for row in found.rows] == [str(one) for one in range(min(there, 50))]
    assert found.left_out == left_out


def test_refused_tries_the_most_frequent_first() -> None:
    facts = security(
        lines=(
            line("sign in", outcome="refused", address="10.0.0.1"),
            line("sign in"),
            line("token", outcome="refused", address="10.0.0.2"),
            line("token", outcome="refused", address="10.0.0.2"),
            line("token", outcome="refused", address=""),
            line("token", outcome="refused"),
            line("token", outcome="refused", address=None),
            line("refused tries", outcome="counted", kinds={"token": 40, "sign in": 2}),
            line("refused tries", outcome="refused", kinds={"token": 1}),
            line("refused tries", outcome="counted", kinds=["token"]),
            line("refused tries", outcome="counted"),
        )
    )
    found = table(facts, "refused")
    assert found.rows == (
        ("token", "(only counted)", 41),
        ("token", "unknown", 3),
        ("token", "10.0.0.2", 2),
        ("sign in", "(only counted)", 2),
        ("sign in", "10.0.0.1", 1),
    )
    is_laid_out("reports_security", found)


@pytest.mark.parametrize("number", ["many", "2", None, [2], 2.5])
def test_what_is_no_number_of_refused_tries_is_not_counted(number: object) -> None:
    kinds = {"sign in": number, "token": 40}
    facts = security(lines=(line("refused tries", outcome="counted", kinds=kinds),))
    assert table(facts, "refused").rows == (("token", "(only counted)", 40),)


def test_who_did_what_the_most_frequent_first() -> None:
    facts = security(
        lines=(
            line("enable", who="zoe"),
            line("sign in", who="bob"),
            line("enable", who="bob"),
            line("sign in", who="bob", outcome="late"),
            line("sign in", who="ann", outcome="refused"),
            line("sign in", who="ann"),
        )
    )
    found = table(facts, "people")
    assert found.rows == (
        ("bob", "sign in", 2),
        ("ann", "sign in", 1),
        ("bob", "enable", 1),
        ("zoe", "enable", 1),
    )
    is_laid_out("reports_security", found)


def test_without_the_journal_nobody_knows_who() -> None:
    facts = security(lines=None)
    for key in ("refused", "people"):
        found = table(facts, key)
        assert (found.rows, found.left_out, found.why) == ((), 0, "the journal is away")
