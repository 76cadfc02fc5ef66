"""The reports about one window: its account, and an emergency as an incident."""

from __future__ import annotations

import io
import struct
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest

from guard.core.account import Account
from guard.core.alerts import Alert, Severity
from guard.core.books import Books
from guard.core.counts import Count
from guard.core.history import AuditRecord, WindowRecord
from guard.core.outcome import Ended, JobOutcome, Went
from guard.core.reports.facts import Said, WindowFacts
from guard.core.reports.report import Concern, Kind
from guard.core.reports.windows import incident_report, window_report
from guard.core.roll import Fate, RollEntry
from tests.core.reports.layout import is_laid_out, values_of

T = TypeVar("T")

START = 1000.0
BALANCED = Books(
    still_parked=0, still_running=0, with_gone_workers=0, uncounted=0, unaccounted=0, adds_up=True
)
MISSING = Books(
    still_parked=3, still_running=4, with_gone_workers=5, uncounted=6, unaccounted=2, adds_up=False
)
UNSURE = Books(
    still_parked=None, still_running=4, with_gone_workers=5, uncounted=6, unaccounted=None, adds_up=None
)


def record(
    end: float | None = 60.0, *, planned: int | None = None, mode: str = "emergency", closer: str = "bob"
) -> WindowRecord:
    """A window that took so many seconds; None: it is open."""
    return WindowRecord(
        window_id="w-1",
        mode=mode,
        reason="a broken table",
        by="ann",
        started_at=START,
        duration=planned,
        ended_at=START + end if end is not None else None,
        ended_by=closer if end is not None else "",
    )


def facts(
    of: WindowRecord | None = None,
    *,
    account: Account | None = None,
    books: Books | None = None,
    outcomes: tuple[JobOutcome, ...] | None = None,
    workers: tuple[RollEntry, ...] | None = None,
    requests: int | None = None,
    journal: tuple[AuditRecord, ...] | None = None,
    alerts: tuple[Alert, ...] | None = None,
    made_at: float = START + 90,
    zone: ZoneInfo | None = None,
) -> WindowFacts:
    """What is kept of a window; a source that is not given does not answer."""

    def said(value: T | None, name: str) -> Said[T]:
        return Said(value=value, source=f"its {name}", why="" if value is not None else f"no {name} here")

    return WindowFacts(
        record=of or record(),
        zone=zone or ZoneInfo("Europe/Berlin"),
        account=said(account, "account"),
        books=said(books, "books"),
        outcomes=said(outcomes, "outcomes"),
        workers=said(workers, "workers"),
        requests=said(requests, "requests"),
        journal=said(journal, "journal"),
        alerts=said(alerts, "alerts"),
        made_at=made_at,
    )


def line(
    action: str, after: float = 0, *, who: str = "ann", outcome: str = "done", window: str | None = "w-1"
) -> AuditRecord:
    detail = {"window_id": window} if window else {}
    return AuditRecord(at=START + after, actor=who, action=action, epoch=1, outcome=outcome, detail=detail)


def job(
    how: Ended, went: Went = Went.FINISHED, *, name: str = "t", ended_at: float = START + 1
) -> JobOutcome:
    return JobOutcome(
        attempt="a",
        window_id="w-1",
        task_id=name,
        task="shop.pay",
        operation="payment",
        worker="celery@a",
        pid=7,
        asked_at=START + 0.123,
        ended_at=ended_at,
        outcome=how,
        went=went,
    )


def worker(fate: Fate, *, pid: int = 7) -> RollEntry:
    return RollEntry(agent_id="id", node="celery@a", host="a.example", pid=pid, fate=fate)


def alert(severity: Severity) -> Alert:
    return Alert(at=START, severity=severity, kind="k", message="m")


def concerns(of: WindowFacts) -> list[str]:
    """``severity: text``."""
    return [f"{one.severity}: {one.text}" for one in window_report(of).concerns]


# -- the whole ----------------------------------------------------------------------------------


def test_the_parts_of_a_window() -> None:
    report = window_report(facts(journal=(line("enable"),)))
    assert report.kind is Kind.WINDOW
    assert report.title == "Window: a broken table"
    assert report.subject == "w-1"
    assert [one.key for one in report.sections] == ["what", "times", "jobs", "books"]
    assert [one.key for one in report.tables] == ["account", "workers"]
    assert [one.key for one in report.series] == ["account"]
    assert [one.what for one in report.timeline] == ["enable"]
    assert report.moments_left_out == 0


def test_an_incident_is_the_same_window_with_its_jobs_and_people() -> None:
    of = facts(journal=(line("enable"),), books=MISSING)
    window, incident = window_report(of), incident_report(of)
    assert incident.kind is Kind.INCIDENT
    assert incident.title == "Incident: a broken table"
    assert [one.key for one in incident.tables] == ["ended_jobs", "actions", "account", "workers"]
    for part in ("subject", "summary", "period", "sections", "series", "timeline", "concerns"):
        assert getattr(incident, part) == getattr(window, part)


def test_what_is_in_the_middle_of_a_long_timeline_is_left_out() -> None:
    report = window_report(facts(journal=tuple(line(f"{each}") for each in range(1003))))
    assert len(report.timeline) == 1000
    assert report.moments_left_out == 3


@pytest.mark.parametrize(
    ("length", "made_at", "end"),
    [
        (60.0, START + 90, START + 60),
        (None, START + 90, START + 90),
        (None, START, START + 1),
        (0.5, START + 90, START + 1),
    ],
)
def test_its_time_is_from_the_opening_to_the_end_or_now(
    length: float | None, made_at: float, end: float
) -> None:
    period = window_report(facts(record(length), made_at=made_at)).period
    assert (period.start, period.end, period.zone) == (START, end, "Europe/Berlin")


def test_a_zone_without_a_name_is_utc() -> None:
    counts, kind = struct.pack(">6l", 0, 0, 0, 0, 1, 4), struct.pack(">lbb", 0, 0, 0)
    nameless = ZoneInfo.from_file(io.BytesIO(b"TZif" + bytes(16) + counts + kind + b"UTC\0"))
    assert window_report(facts(zone=nameless)).period.zone == "UTC"


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (
            facts(record(61.4), books=BALANCED),
            "emergency window opened by ann, 61 s; every job that met it is accounted for.",
        ),
        (
            facts(record(None, mode="normal"), books=BALANCED, outcomes=()),
            "normal window opened by ann, still open; every job that met it is accounted for.",
        ),
        (
            facts(record(-5.0), books=BALANCED),
            "emergency window opened by ann, 0 s; every job that met it is accounted for.",
        ),
        (facts(books=MISSING), "emergency window opened by ann, 60 s; 2 jobs not accounted for."),
        (
            facts(),
            "emergency window opened by ann, 60 s; nobody can say whether every job is accounted for.",
        ),
        (
            facts(books=UNSURE),
            "emergency window opened by ann, 60 s; nobody can say whether every job is accounted for.",
        ),
        (
            facts(books=MISSING, outcomes=(job(Ended.KILLED), job(Ended.LOST), job(Ended.KILLED))),
            "emergency window opened by ann, 60 s; 2 jobs not accounted for; 2 jobs killed.",
        ),
        (
            facts(books=BALANCED, outcomes=(job(Ended.INTERRUPTED), job(Ended.KILLED))),
            "emergency window opened by ann, 60 s; every job that met it is accounted for; 1 job killed.",
        ),
    ],
)
def test_its_summary_says_whether_every_job_is_accounted_for(of: WindowFacts, said: str) -> None:
    assert window_report(of).summary == said


# -- figures ------------------------------------------------------------------------------------


def test_what_a_window_was() -> None:
    section = window_report(facts(record(61.26, planned=40))).sections[0]
    assert values_of(section) == {
        "window_id": "w-1",
        "mode": "emergency",
        "reason": "a broken table",
        "opened_by": "ann",
        "opened_at": START,
        "ended_at": START + 61.26,
        "ended_by": "bob",
        "length": 61.3,
        "planned_length": 40,
        "over_plan": 21.3,
    }
    is_laid_out("reports_windows", section)


def test_what_an_open_window_does_not_have_yet() -> None:
    section = window_report(facts(record(None, planned=40))).sections[0]
    values = values_of(section)
    assert {key for key, value in values.items() if value is None} == {
        "ended_at", "ended_by", "length", "over_plan",
    }  # fmt: skip
    assert section.figures[-1].why == "it is still open"
    is_laid_out("reports_windows", section)


def test_of_a_window_that_has_ended_nobody_may_know_who_ended_it() -> None:
    section = window_report(facts(record(closer=""))).sections[0]
    (ended_by,) = [one for one in section.figures if one.key == "ended_by"]
    assert (ended_by.value, ended_by.why, ended_by.nothing) == (None, "it is not recorded", False)
    is_laid_out("reports_windows", section)


@pytest.mark.parametrize("planned", [None, 40])
def test_a_clock_that_was_set_back_gives_no_length_below_zero(planned: int | None) -> None:
    values = values_of(window_report(facts(record(-5.0, planned=planned))).sections[0])
    assert values["length"] == 0.0
    assert values["over_plan"] == (0.0 if planned else None)


@pytest.mark.parametrize(
    ("length", "planned", "over"),
    [(60, 40, 20.0), (60, 60, 0.0), (60, 90, 0.0), (60.04, 60, 0.0), (60.06, 60, 0.1), (60, 59, 1.0)],
)
def test_how_much_longer_than_planned(length: float, planned: int, over: float) -> None:
    assert window_report(facts(record(length, planned=planned))).figure("over_plan").value == over


@pytest.mark.parametrize("planned", [None, 0])
def test_a_length_that_was_not_planned_is_nothing(planned: int | None) -> None:
    section = window_report(facts(record(60, planned=planned))).sections[0]
    over = section.figures[-1]
    assert (over.value, over.why) == (None, "no length was planned")
    is_laid_out("reports_windows", section)


def test_how_long_each_part_took() -> None:
    section = window_report(
        facts(
            journal=(
                line("enable", -9, window="another"),
                line("enable", 0),
                line("confirm", 0.1, window="another"),
                line("confirm", 1.256),
                line("change", 2),
                line("change", 2, window="another"),
                line("change", 2, window=None),
                line("change", 3, window=None),
                line("drained", 3.504),
                line("change", 4, outcome="refused"),
                line("disable", 60),
                line("released", 70.0),
            ),
            alerts=(alert(Severity.INFO), alert(Severity.CRITICAL), alert(Severity.INFO)),
        )
    ).sections[1]
    assert values_of(section) == {"closing": 1.26, "drain": 3.5, "release": 10.0, "changes": 2, "alerts": 3}
    is_laid_out("reports_windows", section)


def test_what_did_not_happen_took_no_time_and_that_is_known() -> None:
    section = window_report(facts(journal=(line("released"),), alerts=())).sections[1]
    assert values_of(section) == {"closing": None, "drain": None, "release": None, "changes": 0, "alerts": 0}
    is_laid_out("reports_windows", section)
    away = window_report(facts()).sections[1]
    assert set(values_of(away).values()) == {None}
    assert not any(one.nothing for one in away.figures)


ACCOUNT = Account(
    {
        (Count.REFUSED, "payment"): 2,
        (Count.REFUSED, "caption"): 3,
        (Count.RAN_ON, "payment"): 4,
        (Count.FAILED, "caption"): 1,
        (Count.DUPLICATE, "caption"): 5,
        (Count.LOST, "order"): 0,
    }
)


def test_every_counter_is_there_zero_too() -> None:
    section = window_report(facts(account=ACCOUNT, requests=8)).sections[2]
    values = values_of(section)
    assert values.pop("requests_refused") == 8
    assert {key: value for key, value in values.items() if value} == {
        "jobs_refused": 5, "jobs_ran_on": 4, "jobs_failed": 1, "jobs_duplicate": 5,
    }  # fmt: skip
    assert list(values) == [f"jobs_{count.value}" for count in Count]
    assert None not in values.values()
    is_laid_out("reports_windows", section)


def test_an_account_that_is_not_known_is_not_zero() -> None:
    report = window_report(facts())
    assert set(values_of(report.sections[2]).values()) == {None}
    assert (report.series[0].points, report.series[0].why) == ((), "no account here")


def test_whether_the_books_balance() -> None:
    section = window_report(facts(books=MISSING)).sections[3]
    assert values_of(section) == {
        "adds_up": False,
        "unaccounted": 2,
        "still_parked": 3,
        "still_running": 4,
        "with_gone_workers": 5,
        "uncounted": 6,
    }
    is_laid_out("reports_windows", section)
    unsure = window_report(facts(books=UNSURE)).sections[3]
    assert {key for key, value in values_of(unsure).items() if value is None} == {
        "adds_up", "unaccounted", "still_parked",
    }  # fmt: skip
    is_laid_out("reports_windows", unsure, window_report(facts()).sections[3])


# -- tables and plots ---------------------------------------------------------------------------


def test_the_account_by_operation() -> None:
    table = window_report(facts(account=ACCOUNT)).table("account")
    assert table.rows == (
        ("caption", 3, 5, 0, 1),
        ("order", 0, 0, 0, 0),
        ("payment", 2, 0, 4, 0),
    )
    is_laid_out("reports_windows", table)


def test_what_became_of_jobs_is_drawn_without_what_is_no_end() -> None:
    series = window_report(facts(account=ACCOUNT)).series[0]
    assert series.points == (("refused", 5.0), ("ran on", 4.0))
    assert all(isinstance(value, float) for _, value in series.points)
    is_laid_out("reports_windows", series)


def test_workers_and_what_became_of_them() -> None:
    table = window_report(facts(workers=(worker(Fate.UNKNOWN), worker(Fate.VOUCHED, pid=9)))).table("workers")
    assert table.rows == (
        ("celery@a", "a.example", 7, "answered"),
        ("celery@a", "a.example", 9, "vouched"),
    )
    is_laid_out("reports_windows", table)


def test_jobs_that_were_asked_to_stop_the_killed_ones_first() -> None:
    table = incident_report(
        facts(
            outcomes=(
                job(Ended.COMPLETED, name="early", ended_at=START + 0.5),
                job(Ended.INTERRUPTED, name="asked", ended_at=START + 9),
                job(Ended.LOST, name="lost", ended_at=START + 2),
                job(Ended.KILLED, Went.PARKED, name="second", ended_at=START + 8),
                job(Ended.KILLED, Went.REVOKED, name="first", ended_at=START + 7.5),
            )
        )
    ).table("ended_jobs")
    assert [row[0] for row in table.rows] == ["first", "second", "lost", "asked", "early"]
    assert table.rows[0] == ("first", "shop.pay", "payment", "celery@a", "killed", 7.38, "revoked")
    is_laid_out("reports_windows", table)


def test_who_did_what_in_it() -> None:
    table = incident_report(
        facts(
            journal=(
                line("enable", who="zoe"),
                line("change", who="bob"),
                line("change", who="bob", outcome="refused"),
                line("change", who="bob"),
                line("sign in", who="ann", window=None),
            )
        )
    ).table("actions")
    assert table.rows == (
        ("ann", "sign in", "done", 1),
        ("bob", "change", "done", 2),
        ("bob", "change", "refused", 1),
        ("zoe", "enable", "done", 1),
    )
    is_laid_out("reports_windows", table)


@pytest.mark.parametrize(("there", "left_out"), [(0, 0), (500, 0), (501, 1), (507, 7)])
def test_a_table_ends_after_its_rows_and_says_so(there: int, left_out: int) -> None:
    numbers = range(there)
    report = incident_report(
        facts(
            workers=tuple(worker(Fate.LEFT, pid=each) for each in numbers),
            outcomes=tuple(job(Ended.LOST, name=f"{each}") for each in numbers),
            journal=tuple(line(f"{each:03}") for each in numbers),
        )
    )
    names = [str(each) for each in range(min(there, 500))]
    assert [str(row[2]) for row in report.table("workers").rows] == names
    assert [row[0] for row in report.table("ended_jobs").rows] == names
    assert [row[1] for row in report.table("actions").rows] == [name.zfill(3) for name in names]
    tables = ("workers", "ended_jobs", "actions")
    assert {report.table(key).left_out for key in tables} == {left_out}


def test_a_table_without_rows_says_who_did_not_answer() -> None:
    tables = incident_report(facts()).tables
    assert {one.key: one.why for one in tables} == {
        "ended_jobs": "no outcomes here",
        "actions": "no journal here",
        "account": "no account here",
        "workers": "no workers here",
    }
    assert {(one.rows, one.left_out) for one in tables} == {((), 0)}


# -- what somebody should look at ---------------------------------------------------------------


def test_a_window_in_which_all_was_well() -> None:
    of = facts(
        record(60, planned=60),
        books=BALANCED,
        outcomes=(job(Ended.COMPLETED),),
        workers=(worker(Fate.LEFT), worker(Fate.UNKNOWN)),
        journal=(line("enable"),),
        alerts=(alert(Severity.WARNING), alert(Severity.INFO)),
    )
    assert window_report(of).concerns == incident_report(of).concerns == ()


UNCLEAR = "warning: Nobody can say whether every job is accounted for."
LOOK = "critical: 2 jobs not accounted for: look there before anything else."


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (facts(), [UNCLEAR]),
        (facts(books=UNSURE), [UNCLEAR]),
        (facts(books=MISSING), [LOOK]),
        (
            facts(books=BALANCED, outcomes=(job(Ended.KILLED, Went.REVOKED),)),
            ["warning: 1 job ended, not to run again; the table has the ids."],
        ),
        (
            facts(
                books=BALANCED,
                outcomes=(
                    job(Ended.KILLED, Went.REQUEUED),
                    job(Ended.KILLED, Went.PARKED),
                    job(Ended.KILLED, Went.PARKED),
                ),
            ),
            ["info: 3 jobs ended, to run again: are the effects safe to repeat?"],
        ),
        (
            facts(books=BALANCED, workers=(worker(Fate.GONE), worker(Fate.LEFT), worker(Fate.VOUCHED))),
            ["warning: 2 workers gone or vouched for, instead of answering."],
        ),
        (facts(record(61, planned=60), books=BALANCED), ["warning: It took 1 s longer than planned."]),
        (facts(record(60.6, planned=60), books=BALANCED), ["warning: It took 1 s longer than planned."]),
        (facts(record(60.3, planned=60), books=BALANCED), []),
        (facts(record(30, planned=60), books=BALANCED), []),
        (facts(record(None, planned=60), books=BALANCED), []),
        (
            facts(books=BALANCED, journal=(line("enable", outcome="journaled late"), line("change"))),
            ["warning: It was closed while the database was away, and journaled late."],
        ),
        (
            facts(books=BALANCED, alerts=(alert(Severity.CRITICAL), alert(Severity.WARNING))),
            ["critical: 1 critical alert meanwhile."],
        ),
        (
            facts(record(mode="test"), books=BALANCED),
            ["info: A rehearsal: nothing was blocked, and the counters say what would have been."],
        ),
    ],
)
def test_what_somebody_should_look_at(of: WindowFacts, said: list[str]) -> None:
    assert concerns(of) == said


def test_the_worst_is_first() -> None:
    of = facts(
        record(61, planned=60, mode="test"),
        books=MISSING,
        outcomes=(job(Ended.KILLED, Went.PARKED), job(Ended.KILLED, Went.REVOKED)),
        workers=(worker(Fate.GONE),),
        alerts=(alert(Severity.CRITICAL),),
    )
    assert window_report(of).concerns[0] == Concern(severity="critical", text=LOOK.removeprefix("critical: "))
    severities = [one.partition(":")[0] for one in concerns(of)]
    assert severities == ["critical", "critical", "warning", "warning", "warning", "info", "info"]
