"""Reports as values: what a figure must say, periods, what is due, words, and back from JSON."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.history import AuditRecord, WindowRecord
from guard.core.reports.counting import between_actions, refused_tries, was_emergency
from guard.core.reports.due import CATCH_UP_SECONDS, SETTLE_SECONDS, DueFacts, due_reports
from guard.core.reports.kept import LONGEST_NOTE, checked_note
from guard.core.reports.periods import buckets, last_month, last_week, period_between, subject_of
from guard.core.reports.reading import from_plain
from guard.core.reports.report import (
    Column,
    Concern,
    Figure,
    Kind,
    Moment,
    Period,
    Report,
    Section,
    Series,
    Table,
)
from guard.core.reports.wording import figure_words, harmless, value_words
from guard.errors import InvalidRequest, StateInvalid
from tests.core.strategies import some

BERLIN = ZoneInfo("Europe/Berlin")
DAY = 86_400.0
MONDAY = datetime(2026, 11, 16, 9, tzinfo=BERLIN).timestamp()
MIDNIGHT = datetime(2026, 11, 16, tzinfo=BERLIN).timestamp()


def at(*when: int, zone: ZoneInfo = BERLIN) -> float:
    return datetime(*when, tzinfo=zone).timestamp()  # type: ignore[arg-type]


# -- a report as a value -------------------------------------------------------------------------


def test_a_figure_names_its_source_and_an_unknown_one_says_why() -> None:
    with pytest.raises(ValueError, match="no source"):
        Figure(key="a", title="a", value=1, source="")
    with pytest.raises(ValueError, match="why"):
        Figure(key="a", title="a", value=None, source="SQL")
    assert Figure(key="a", title="a", value=None, source="SQL", why="away").value is None


words = st.text(max_size=20)
values = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | words
figures = st.builds(
    Figure, key=words, title=words, value=values, source=st.just("s"), unit=words, why=st.just("w")
)
reports = st.builds(
    Report,
    kind=st.sampled_from(Kind),
    title=words,
    subject=words,
    summary=words,
    period=st.builds(Period, start=st.floats(0, 1e9), end=st.floats(2e9, 3e9), zone=st.just("UTC")),
    sections=st.lists(
        st.builds(Section, key=words, title=words, figures=st.lists(figures, max_size=3).map(tuple)),
        max_size=2,
    ).map(tuple),
    tables=st.lists(
        st.builds(
            Table,
            key=words,
            title=words,
            columns=st.just((Column(key="a", title="A"), Column(key="b", title="B", unit="s"))),
            rows=st.lists(st.tuples(values, values), max_size=3).map(tuple),
            source=words,
            left_out=st.integers(0, 9),
        ),
        max_size=2,
    ).map(tuple),
    series=st.lists(
        st.builds(
            Series,
            key=words,
            title=words,
            points=st.lists(st.tuples(words, st.none() | st.floats(-1e9, 1e9)), max_size=3).map(tuple),
            source=words,
        ),
        max_size=2,
    ).map(tuple),
    timeline=st.lists(st.builds(Moment, at=st.floats(0, 4e9), what=words, source=words), max_size=3).map(
        tuple
    ),
    concerns=st.lists(st.builds(Concern, severity=words, text=words), max_size=2).map(tuple),
)


@some
@given(reports)
def test_a_report_comes_back_from_json_as_it_was(report: Report) -> None:
    assert from_plain(json.loads(json.dumps(report.to_dict()))) == report


@given(reports)
@some
def test_what_a_newer_release_adds_is_left_out(report: Report) -> None:
    raw = report.to_dict()
    raw["new"] = 1
    raw["period"]["new"] = 1
    for one in (*raw["sections"], *raw["tables"], *raw["series"], *raw["timeline"]):
        one["new"] = 1
    assert from_plain(raw) == report


@pytest.mark.parametrize("raw", [{}, {"schema": 2}, {"schema": 1}, {"schema": 1, "kind": "weekly"}])
def test_what_is_no_report_is_said_to_be_none(raw: dict[str, object]) -> None:
    with pytest.raises(StateInvalid):
        from_plain(raw)


# -- periods -------------------------------------------------------------------------------------


def test_the_last_week_and_month_by_the_clocks_of_the_zone() -> None:
    week = last_week(MONDAY, BERLIN)
    assert (week.start, week.end) == (at(2026, 11, 9), at(2026, 11, 16))
    assert subject_of(week, BERLIN) == "2026-11-09..2026-11-15"
    assert last_week(at(2026, 11, 15, 23, 59), BERLIN).end == at(2026, 11, 9)
    # the clocks were put back on 25 October: that week has an hour more
    assert last_week(at(2026, 10, 28), BERLIN).seconds == 7 * DAY + 3600
    month = last_month(at(2027, 1, 1), BERLIN)
    assert (month.start, month.end) == (at(2026, 12, 1), at(2027, 1, 1))


@some
@given(
    st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    st.integers(0, 365),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Beirut"]),
)
def test_a_plot_cuts_a_time_without_gap_or_overlap(first: date, days: int, name: str) -> None:
    zone = ZoneInfo(name)
    period = period_between(first, date.fromordinal(first.toordinal() + days), zone)
    cuts = buckets(period, zone)
    assert cuts[0][1] == period.start
    assert cuts[-1][2] == period.end
    assert all(one[2] == following[1] for one, following in itertools.pairwise(cuts))
    assert len({name for name, _, _ in cuts}) == len(cuts)
    assert len(cuts) <= 54


def test_a_time_that_is_too_long_or_backwards_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="366 days"):
        period_between(date(2025, 1, 1), date(2026, 1, 3), BERLIN)
    with pytest.raises(InvalidRequest, match="ends before"):
        period_between(date(2025, 1, 2), date(2025, 1, 1), BERLIN)
    assert period_between(date(2024, 1, 1), date(2024, 12, 31), BERLIN).seconds == 366 * DAY


# -- what is due ---------------------------------------------------------------------------------


def window(name: str = "w", *, mode: str = "normal", ended: float | None = MONDAY - 600) -> WindowRecord:
    return WindowRecord(
        window_id=name, mode=mode, reason="r", by="b", started_at=MONDAY - 6000, duration=60, ended_at=ended
    )


QUIET = DueFacts(
    now=MONDAY,
    zone=BERLIN,
    there={(Kind.WEEKLY, "2026-11-09..2026-11-15")},
    windows=(),
    releasing="",
    changed=("", 0.0),
    reviewed_at=None,
    audits=(),
)


def kinds(facts: DueFacts) -> list[str]:
    return [one.kind.value for one in due_reports(facts)]


@pytest.mark.parametrize(
    ("facts", "due"),
    [
        (QUIET, []),
        (replace(QUIET, windows=[(window(), False)]), ["window"]),
        (replace(QUIET, windows=[(window(), True)]), ["incident", "window"]),
        (replace(QUIET, windows=[(window(ended=None), True)]), []),
        (replace(QUIET, windows=[(window(ended=MONDAY - SETTLE_SECONDS + 1), False)]), []),
        (replace(QUIET, windows=[(window(ended=MONDAY - CATCH_UP_SECONDS - 1), False)]), []),
        # its jobs still go back; or they came back a moment ago
        (replace(QUIET, windows=[(window(), False)], releasing="w"), []),
        (replace(QUIET, windows=[(window(), False)], releasing="another"), ["window"]),
        (replace(QUIET, windows=[(window(), False)], changed=("w", MONDAY - 1)), []),
        (replace(QUIET, windows=[(window(), False)], changed=("w", MONDAY - 60)), ["window"]),
        (replace(QUIET, windows=[(window(ended=MONDAY - 3 * DAY), False)], releasing="w"), ["window"]),
        (
            replace(QUIET, windows=[(window(), True)], there={*QUIET.there, (Kind.INCIDENT, "w")}),
            ["window"],
        ),
        # the week: when its review is through, or a day after its end
        (replace(QUIET, there=()), []),
        (replace(QUIET, there=(), reviewed_at=MIDNIGHT - 1), []),
        (replace(QUIET, there=(), reviewed_at=MIDNIGHT + 9 * 3600), ["weekly"]),
        (replace(QUIET, there=(), now=MIDNIGHT + DAY), ["weekly"]),
        # the month, from its first day on, for a week
        (replace(QUIET, now=at(2026, 12, 1, 0, 1), there=()), ["monthly"]),
        (replace(QUIET, now=at(2026, 12, 1, 0, 0), there=()), []),
        # the audit
        (replace(QUIET, audits=(MONDAY - 60, MONDAY - 30 * DAY)), ["security"]),
        (replace(QUIET, audits=(MONDAY - 60,)), ["security"]),
        (replace(QUIET, audits=(MONDAY - 8 * DAY,)), []),
    ],
)
def test_what_is_due(facts: DueFacts, due: list[str]) -> None:
    if facts.now == at(2026, 12, 1, 0, 1) or facts.now == at(2026, 12, 1, 0, 0):
        facts = replace(facts, there={(Kind.WEEKLY, "2026-11-23..2026-11-29")})
    assert kinds(facts) == due


def test_what_was_made_is_not_due_again() -> None:
    facts = replace(
        QUIET,
        now=at(2026, 12, 7, 12),
        there=(),
        windows=[(window(ended=at(2026, 12, 7, 11)), True)],
        reviewed_at=at(2026, 12, 7, 9),
        audits=(at(2026, 12, 7, 10), at(2026, 11, 2, 10)),
    )
    due = due_reports(facts)
    assert [one.kind.value for one in due] == ["incident", "window", "weekly", "monthly", "security"]
    assert due_reports(replace(facts, there={(one.kind, one.subject) for one in due})) == ()
    assert due[-1].subject == "2026-11-02..2026-12-07"


# -- counting ------------------------------------------------------------------------------------


def line(action: str, when: float, *, outcome: str = "done", **detail: object) -> AuditRecord:
    return AuditRecord(at=when, actor="a", action=action, epoch=1, outcome=outcome, detail=detail)


def test_an_emergency_that_was_eased_was_one() -> None:
    lines = [
        line("enable", 1, window_id="w", mode="normal"),
        line("change", 2, window_id="w", mode="emergency"),
        line("change", 3, window_id="w", mode="normal"),
    ]
    assert was_emergency(lines, "w", "normal")
    assert not was_emergency(lines, "v", "normal")
    assert was_emergency([], "v", "emergency")


def test_times_between_two_actions_are_by_window_and_the_first_counts() -> None:
    lines = [
        line("enable", 1, window_id="w"),
        line("enable", 2, window_id="v"),
        line("confirm", 3, window_id="w"),
        line("confirm", 9, window_id="w"),
        line("enable", 4),
        line("confirm", 5, window_id="lost"),
    ]
    assert between_actions(lines, "enable", "confirm") == {"w": 2}


def test_tries_that_were_only_counted_count() -> None:
    lines = [
        line("token", 1, outcome="refused"),
        line("refused tries", 2, outcome="counted", count=41),
        line("refused tries", 3, outcome="counted", count="many"),
        line("sign in", 4),
    ]
    assert refused_tries(lines) == 42


# -- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (None, "s", "unknown"),
        (True, "", "yes"),
        (False, "", "no"),
        (0, "", "0"),
        (12345, "", "12\u202f345"),
        (2.5, "s", "2.5 s"),
        (90.0, "s", "2 minutes (90 s)"),
        (1536, "bytes", "1.5 KiB"),
        (-1536, "bytes", "-1.5 KiB"),
        (2048, "bytes per day", "2.0 KiB per day"),
        (99.5, "%", "99.5 %"),
        (0.0, "UTC seconds", "1970-01-01 01:00:00 CET"),
        ("a\nb\u202e", "", "a\\u000ab\\u202e"),
    ],
)
def test_values_in_words(value: object, unit: str, said: str) -> None:
    assert value_words(value, unit, "Europe/Berlin") == said  # type: ignore[arg-type]


def test_unknown_says_why_and_a_zone_that_is_not_here_is_utc() -> None:
    figure = Figure(key="a", title="a", value=None, source="s", why="it is away")
    assert figure_words(figure, "UTC") == "unknown: it is away"
    assert value_words(0.0, "UTC seconds", "Nowhere/Land") == "1970-01-01 00:00:00 UTC"
    assert datetime(2026, 1, 1, tzinfo=UTC).tzinfo is UTC


@some
@given(st.text())
def test_text_of_others_stays_on_its_line(text: str) -> None:
    assert harmless(text).isprintable()


def test_notes() -> None:
    assert checked_note("  two\nlines\t. ") == "two\nlines\t."
    for bad in ("", " \n", "x" * (LONGEST_NOTE + 1), "bell\a"):
        with pytest.raises(InvalidRequest):
            checked_note(bad)
