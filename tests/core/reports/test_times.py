"""The weekly and the monthly report: their parts, the summary, what is of concern, each figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core.alerts import Alert, Severity
from guard.core.counts import Count
from guard.core.reports.report import Column, Figure, Kind, Period
from guard.core.reports.times import monthly_report, weekly_report
from guard.core.routines import Outcome
from tests.core.reports.time_facts import DAY, MONDAY, WEEK, facts, line, morning, review, run, window

if TYPE_CHECKING:
    from guard.core.reports.report import Report, Series, Table, Value

NO_SAMPLE = "no morning check of this time has it"
NO_GROWTH = "fewer than two reviews of this time have table sizes"
NO_SIZES = "no review of this time has table sizes"
MIB = 1_048_576


def figures_of(report: Report, section: str) -> tuple[Figure, ...]:
    (found,) = [one.figures for one in report.sections if one.key == section]
    return found


def said_of(report: Report, section: str) -> dict[str, Value]:
    return {one.key: one.value for one in figures_of(report, section)}


def series_of(report: Report, key: str) -> Series:
    (found,) = [one for one in report.series if one.key == key]
    return found


# -- what they are made of -----------------------------------------------------------------------


def test_a_weekly_report() -> None:
    made = weekly_report(facts())
    assert made.kind is Kind.WEEKLY
    assert made.title == "Weekly statistics, 2026-11-02 to 2026-11-08"
    assert made.subject == "2026-11-02..2026-11-08"
    assert made.period == WEEK
    assert [one.key for one in made.sections] == ["windows", "jobs", "machine", "upkeep", "access"]
    assert [one.key for one in made.tables] == ["windows", "routines", "alerts"]
    assert [one.key for one in made.series] == ["minutes_closed", "refused"]
    assert (made.timeline, made.moments_left_out) == ((), 0)


def test_a_monthly_report() -> None:
    made = monthly_report(facts())
    assert made.kind is Kind.MONTHLY
    assert made.title == "Monthly performance, 2026-11-02 to 2026-11-08"
    assert made.subject == "2026-11-02..2026-11-08"
    assert made.period == WEEK
    assert [(one.key, one.title) for one in made.sections] == [
        ("windows", "Windows"),
        ("jobs", "Jobs and requests that met them"),
        ("times", "How long things took"),
        ("growth", "Growth"),
        ("machine", "Machine, as the morning checks saw it once a day"),
        ("upkeep", "Alerts, routines, planned windows"),
        ("access", "Access"),
    ]
    assert [one.key for one in made.tables] == ["windows", "tables", "routines", "alerts"]
    assert [one.key for one in made.series] == ["minutes_closed", "refused", "redis_memory"]


def test_a_second_of_a_day_names_that_day_in_the_title() -> None:
    made = weekly_report(facts(period=Period(start=WEEK.start, end=WEEK.end + 1)))
    assert made.title == "Weekly statistics, 2026-11-02 to 2026-11-09"


def test_the_figures_are_of_the_facts() -> None:
    made = weekly_report(
        facts(
            windows=[window(counts={Count.REFUSED: 7})],
            journal=[line(1.0, "sign in", "")],
            alerts=[Alert(at=MONDAY, severity=Severity.INFO, kind="k", message="m")],
        )
    )
    keys = ("activations", "jobs_refused", "sign_ins", "alerts_info", "seconds_closed")
    assert [made.figure(key).value for key in keys] == [1, 7, 1, 1, 60.0]
    assert len(made.table("windows").rows) == 1
    assert made.table("alerts").rows == (("info", "k", 1),)
    assert sum(value or 0 for _, value in series_of(made, "minutes_closed").points) == 1.0


# -- the summary ---------------------------------------------------------------------------------

ALL_KNOWN = morning(memory=1.0, load=1.0)


def test_the_summary_says_how_many_windows_and_the_share_without_them() -> None:
    mine = [window(0.0, 6048.0), window(9000.0, 6048.0, mode="emergency")]
    assert weekly_report(facts(windows=mine, runs=[ALL_KNOWN])).summary == (
        "2 windows opened, of these 1 emergency; 98.0 % of the time was without maintenance."
    )
    assert weekly_report(facts(windows=mine[:1], runs=[ALL_KNOWN])).summary == (
        "1 window opened, of these 0 emergencies; 99.0 % of the time was without maintenance."
    )


def test_the_summary_says_how_many_figures_are_unknown() -> None:
    calm = "0 windows opened, of these 0 emergencies; 100.0 % of the time was without maintenance"
    assert weekly_report(facts()).summary == f"{calm}; 4 figures unknown."
    assert weekly_report(facts(runs=[ALL_KNOWN], uptime=None)).summary == f"{calm}; 1 figure unknown."


def test_the_summary_says_when_nobody_could_count_the_windows() -> None:
    unread = weekly_report(facts(windows=None, runs=[ALL_KNOWN], away="away"))
    assert unread.summary == (
        f"Nobody could say how many windows there were; {len(unread.unknown)} figures unknown."
    )
    assert len(unread.unknown) == 21  # all of the windows and of their jobs


def test_the_summary_says_when_nobody_could_tell_emergencies() -> None:
    silent = weekly_report(facts(windows=[window(0.0, 6048.0)], journal=None, runs=[ALL_KNOWN], away="away"))
    assert silent.summary == (
        "1 window opened, nobody could say how many were emergencies;"
        " 99.0 % of the time was without maintenance; 9 figures unknown."
    )


# -- what is of concern --------------------------------------------------------------------------


def test_nothing_is_of_concern_in_a_calm_week_nor_what_is_unknown() -> None:
    assert weekly_report(facts()).concerns == ()
    unread = facts(windows=None, journal=None, alerts=None, runs=None, away="away")
    assert monthly_report(unread).concerns == ()


def test_each_concern_the_worst_first() -> None:
    made = weekly_report(
        facts(
            windows=[window(planned=1, counts={Count.LOST: 1, Count.KILLED: 2, Count.EXPIRED: 3})],
            journal=[line(1.0, "sign in", "", outcome="refused")],
            alerts=[Alert(at=MONDAY, severity=Severity.CRITICAL, kind="k", message="m")] * 4,
            runs=[
                *[run("r", outcome=Outcome.FAILED)] * 5,
                *[run("r", outcome=Outcome.MISSED)] * 6,
            ],
            plans={"missed": 7},
        )
    )
    assert [(one.severity, one.text) for one in made.concerns] == [
        ("critical", "Jobs that lost their process: 1."),
        ("critical", "Alerts: critical: 4."),
        ("warning", "Jobs killed: 2."),
        ("warning", "Parked jobs that expired: 3."),
        ("warning", "Routines that failed: 5."),
        ("warning", "Routines that nobody ran in time: 6."),
        ("warning", "Planned windows missed: 7."),
        ("warning", "Ended later than planned: 1."),
        ("info", "Tries that were refused: 1."),
    ]


# -- how long things took ------------------------------------------------------------------------


def test_times_of_a_month() -> None:
    journal = [
        line(0.0, "enable", "a"), line(1.0, "confirm", "a"), line(10.0, "drained", "a"),
        line(20.0, "disable", "a"), line(25.5, "released", "a"),
        line(100.0, "enable", "b"), line(102.0, "confirm", "b"), line(120.0, "drained", "b"),
        line(130.0, "disable", "b"), line(136.5, "released", "b"),
        line(200.0, "enable", "c"), line(209.04, "confirm", "c"), line(233.16, "drained", "c"),
        line(240.0, "disable", "c"), line(260.26, "released", "c"),
    ]  # fmt: skip
    windows = [window(0.0, 60.0), window(100.0, 90.0), window(300.0, 600.0)]
    passed_over = [
        window(-9.0, 9000.0),  # opened before
        window(500.0, 9000.0, mode="test"),
        window(2000.0, None),
    ]
    made = monthly_report(facts(windows=[*windows, *passed_over], journal=journal))
    told = [(one.key, one.title, one.value, one.unit, one.source) for one in figures_of(made, "times")]
    mine, lines = "the windows", "the journal"
    assert told == [
        ("lengths_counted", "windows that ended", 3, "", mine),
        ("median_length", "median length of a window", 90.0, "s", mine),
        ("closing_count", "closing the gates, from the request: counted", 3, "", lines),
        ("closing_average", "closing the gates, from the request: average", 4.0, "s", lines),
        ("closing_median", "closing the gates, from the request: median", 2.0, "s", lines),
        ("closing_longest", "closing the gates, from the request: longest", 9.0, "s", lines),
        ("drain_count", "drains, from the request: counted", 3, "", lines),
        ("drain_average", "drains, from the request: average", 21.1, "s", lines),
        ("drain_median", "drains, from the request: median", 20.0, "s", lines),
        ("drain_longest", "drains, from the request: longest", 33.2, "s", lines),
        ("release_count", "giving jobs back: counted", 3, "", lines),
        ("release_average", "giving jobs back: average", 10.8, "s", lines),
        ("release_median", "giving jobs back: median", 6.5, "s", lines),
        ("release_longest", "giving jobs back: longest", 20.3, "s", lines),
        ("response_times", "response times of the application", None, "s", "nobody here"),
    ]
    assert all(one.why == "" for one in figures_of(made, "times")[:-1])
    assert made.figure("response_times").why == (
        "the guard does not see them; ask the web server or the monitoring"
    )
    assert not made.figure("response_times").nothing


def test_times_of_a_month_in_which_nothing_was_done_are_nothing() -> None:
    figures = figures_of(monthly_report(facts()), "times")[:-1]
    counts = [one for one in figures if one.key.endswith(("_count", "_counted"))]
    assert [(one.key, one.value) for one in counts] == [
        ("lengths_counted", 0), ("closing_count", 0), ("drain_count", 0), ("release_count", 0),
    ]  # fmt: skip
    rest = [one for one in figures if one not in counts]
    assert all((one.value, one.nothing) == (None, True) for one in rest)
    assert [one.why for one in rest] == [
        "no window that was opened in this time has ended",
        *["none of this time has a line for its beginning and its end"] * 9,
    ]


def test_times_that_nobody_could_read_are_unknown() -> None:
    unread = figures_of(monthly_report(facts(windows=None, journal=None, away="it is away")), "times")[:-1]
    assert len(unread) == 14
    assert {(one.value, one.why, one.nothing) for one in unread} == {(None, "it is away", False)}


# -- the machine ---------------------------------------------------------------------------------


def test_the_machine_at_the_morning_checks() -> None:
    checks = [morning(0.0, memory=40.0, load=0.5), morning(DAY, memory=61.26, load=1.74)]
    other = run("evening-review", figures={"memory in use": 99.0, "load per core, 5 minutes": 9.0})
    made = weekly_report(facts(runs=[*checks, other], uptime=61.6))
    assert figures_of(made, "machine") == (
        Figure(
            key="uptime",
            title="uptime of the machine that made this",
            value=62,
            unit="s",
            source="the machine",
        ),
        *(
            Figure(key=key, title=title, value=value, unit=unit, source="the routines")
            for key, title, value, unit in (
                ("memory_average", "memory in use: average at the morning checks", 50.6, "%"),
                ("memory_highest", "memory in use: highest at the morning checks", 61.3, "%"),
                ("load_average", "load per core, 5 minutes: average at the morning checks", 1.1, ""),
                ("load_highest", "load per core, 5 minutes: highest at the morning checks", 1.7, ""),
            )
        ),
    )


def test_without_a_morning_check_the_machine_is_unknown() -> None:
    figures = figures_of(weekly_report(facts(runs=[run("evening-review")])), "machine")[1:]
    assert len(figures) == 4
    assert {(one.value, one.why, one.nothing) for one in figures} == {(None, NO_SAMPLE, False)}
    away = figures_of(weekly_report(facts(runs=None, uptime=None, away="it is away")), "machine")
    assert {(one.value, one.why) for one in away} == {(None, "it is away")}


# -- growth --------------------------------------------------------------------------------------

REVIEWS = (
    review(4 * DAY, {"posts": 3000, "users": 40, "images": 110}, name="performance-review", due=1.0),
    review(2 * DAY, {"posts": 1, "users": 1}, due=2.0),
    review(0.0, {"posts": 1000, "users": 50}, due=3.0),
)
"""Not in their order; due in another one than they began."""


def test_growth_of_tables_and_memory() -> None:
    others = [
        review(-DAY, {"posts": 9}, name="morning-check"),
        review(9 * DAY, None),
        review(9 * DAY, "unreadable"),
    ]
    checks = [
        morning(2 * DAY, redis={"used": 30.6, "limit": 0}),
        morning(0.0, redis={"used": 20.4}),
        morning(DAY, redis={"used": 50.5}),
        morning(3 * DAY, redis="unreadable"),
    ]
    made = monthly_report(facts(runs=[*REVIEWS, *others, *checks]))
    told = [(one.key, one.title, one.value, one.unit) for one in figures_of(made, "growth")]
    assert told == [
        ("reviews", "reviews with table sizes", 3, ""),
        ("tables_size", "all tables, at the last review", 3150, "bytes"),
        ("tables_growth", "all tables, from the first review to the last", 2100, "bytes"),
        ("tables_growth_per_day", "that is, per day", 525, "bytes per day"),
        ("redis_first", "Redis memory at the first morning check", 20, "bytes"),
        ("redis_last", "Redis memory at the last one", 31, "bytes"),
        ("redis_highest", "Redis memory, highest", 50, "bytes"),
    ]
    assert {(one.source, one.why) for one in figures_of(made, "growth")} == {("the routines", "")}


def test_growth_per_day_is_a_whole_number_and_may_be_less_than_nothing() -> None:
    def per_day(seconds: float, before: int, after: int) -> Value:
        runs = [review(0.0, {"a": before}), review(seconds, {"a": after})]
        return monthly_report(facts(runs=runs)).figure("tables_growth_per_day").value

    assert per_day(3 * DAY, 0, 5) == 2
    assert per_day(2 * DAY, 10, 4) == -3
    assert per_day(1.0, 0, 1) == 86_400


def test_two_reviews_at_once_are_one_for_the_growth() -> None:
    made = monthly_report(facts(runs=[review(5.0, {"a": 1}), review(5.0, {"a": 3})]))
    for key in ("tables_growth", "tables_growth_per_day"):
        figure = made.figure(key)
        assert (figure.value, figure.why, figure.nothing) == (None, NO_GROWTH, False)
    assert made.table("tables").rows == (("a", 3, None),)


def test_one_review_has_sizes_and_no_growth() -> None:
    made = monthly_report(facts(runs=[review(0.0, {"a": 3, "b": 4})]))
    assert said_of(made, "growth")["reviews"] == 1
    assert said_of(made, "growth")["tables_size"] == 7
    for key in ("tables_growth", "tables_growth_per_day"):
        figure = made.figure(key)
        assert (figure.value, figure.why, figure.nothing) == (None, NO_GROWTH, False)
    assert made.table("tables").rows == (("b", 4, None), ("a", 3, None))


def test_without_reviews_and_checks_growth_is_unknown() -> None:
    figures = figures_of(monthly_report(facts()), "growth")
    assert [(one.value, one.why, one.nothing) for one in figures] == [
        (0, "", False),
        (None, NO_SIZES, False),
        (None, NO_GROWTH, False),
        (None, NO_GROWTH, False),
        (None, NO_SAMPLE, False),
        (None, NO_SAMPLE, False),
        (None, NO_SAMPLE, False),
    ]
    away = figures_of(monthly_report(facts(runs=None, away="it is away")), "growth")
    assert {(one.value, one.why) for one in away} == {(None, "it is away")}


# -- memory drawn --------------------------------------------------------------------------------


def test_redis_memory_by_the_days_of_the_zone() -> None:
    checks = [
        morning(2 * DAY + 60, redis={"used": 3.26 * MIB}),
        morning(0.0, redis={"used": 1.5 * MIB}),
        morning(DAY - 1, redis={"used": 0.5 * MIB}),  # 23:59:59 in Berlin, the second of that day
        morning(3 * DAY, redis={"used": None}),
    ]
    series = series_of(monthly_report(facts(runs=checks)), "redis_memory")
    assert series.points == (("2 Nov", 0.5), ("4 Nov", 3.3))
    assert (series.title, series.unit, series.source, series.why) == (
        "Redis memory at the morning checks", "MiB", "the routines", "",
    )  # fmt: skip


@pytest.mark.parametrize("first", [20.0, 50.0])
def test_of_two_checks_that_were_due_at_once_the_later_one_counts(first: float) -> None:
    runs = [
        run("morning-check", 60.0, began=began, figures={"Redis memory": {"used": used * MIB}})
        for began, used in ((300.0, 30.0), (100.0, first))
    ]
    made = monthly_report(facts(runs=runs))
    assert series_of(made, "redis_memory").points == (("2 Nov", 30.0),)
    assert made.figure("redis_first").value == first * MIB
    assert made.figure("redis_last").value == 30 * MIB


def test_checks_are_in_the_order_in_which_they_were_due_also_if_one_was_run_late() -> None:
    runs = [
        run("morning-check", due, began=began, figures={"Redis memory": {"used": used * MIB}})
        for due, began, used in ((DAY, DAY, 2), (0.0, 2 * DAY, 1))
    ]
    points = series_of(monthly_report(facts(runs=runs)), "redis_memory").points
    assert points == (("2 Nov", 1.0), ("3 Nov", 2.0))


def test_where_a_date_comes_again_in_another_year_the_year_is_named() -> None:
    checks = [morning(days * DAY, redis={"used": used * MIB}) for days, used in ((0, 1), (364, 3), (365, 2))]

    def points(days: int) -> object:
        period = Period(start=MONDAY, end=MONDAY + days * DAY, zone="Europe/Berlin")
        mine = [one for one in checks if period.has(one.due_at)]
        return series_of(monthly_report(facts(period=period, runs=mine)), "redis_memory").points

    assert points(365) == (("2 Nov", 1.0), ("1 Nov", 3.0))
    assert points(366) == (("2 Nov 2026", 1.0), ("1 Nov 2027", 3.0), ("2 Nov 2027", 2.0))


def test_no_memory_is_drawn_and_it_says_why() -> None:
    none = series_of(monthly_report(facts()), "redis_memory")
    assert (none.points, none.why) == ((), NO_SAMPLE)
    away = series_of(monthly_report(facts(runs=None, away="it is away")), "redis_memory")
    assert (away.points, away.why) == ((), "it is away")


# -- tables --------------------------------------------------------------------------------------


def tables(runs: object) -> Table:
    return monthly_report(facts(runs=runs)).table("tables")  # type: ignore[arg-type]


def test_tables_the_largest_first_with_their_growth() -> None:
    table = tables(REVIEWS)
    assert table.rows == (("posts", 3000, 2000), ("images", 110, None), ("users", 40, -10))
    assert table.columns == (
        Column(key="table", title="table"),
        Column(key="size", title="size at the last review", unit="bytes"),
        Column(key="growth", title="growth since the first", unit="bytes"),
    )
    assert (table.title, table.source, table.left_out, table.why) == (
        "Tables, the largest first", "the routines", 0, "",
    )  # fmt: skip


def test_tables_of_one_size_by_their_names() -> None:
    assert [row[0] for row in tables([review(0.0, {"b": 5, "c": 5, "a": 5, "z": 6})]).rows] == list("zabc")


@pytest.mark.parametrize("size", [None, "many", "5", [5], 5.5, float("inf")])
def test_a_table_whose_stored_size_is_no_number_is_left_out_of_that_review(size: object) -> None:
    last = review(DAY, {"a": 12, "b": size})
    assert tables([review(0.0, {"a": 5, "b": 6}), last]).rows == (("a", 12, 7),)
    assert tables([review(0.0, {"a": size, "b": 6}), review(DAY, {"a": 12})]).rows == (("a", 12, None),)
    made = monthly_report(facts(runs=[review(0.0, {"a": 5}), review(DAY, {"a": size})]))
    assert (made.figure("reviews").value, made.figure("tables_size").value) == (1, 5)


@pytest.mark.parametrize(("number", "left_out"), [(499, 0), (500, 0), (503, 3)])
def test_of_many_tables_the_largest_are_shown(number: int, left_out: int) -> None:
    table = tables([review(0.0, {f"t{size}": size for size in range(number)})])
    assert [row[1] for row in table.rows] == list(range(number - 1, left_out - 1, -1))
    assert table.left_out == left_out


def test_without_tables_it_says_why() -> None:
    assert (tables([]).rows, tables([]).why, tables([]).left_out) == ((), NO_SIZES, 0)
    away = monthly_report(facts(runs=None, away="it is away")).table("tables")
    assert (away.rows, away.why) == ((), "it is away")


# -- routines ------------------------------------------------------------------------------------


def test_turns_of_each_routine_by_how_they_ended() -> None:
    turns = {
        "weekly-review": (Outcome.DONE, 1),
        "morning-check": (Outcome.UNKNOWN, 2),
        "b": (Outcome.FAILED, 3),
        "a": (Outcome.MISSED, 4),
        "c": (Outcome.SKIPPED, 5),
        "d": (Outcome.ABANDONED, 6),
    }
    runs = [run(name, outcome=how) for name, (how, number) in turns.items() for _ in range(number)]
    runs += [run("a"), run("a", outcome=Outcome.RUNNING)]
    table = weekly_report(facts(runs=runs)).table("routines")
    assert table.rows == (
        ("a", 1, 0, 0, 4, 0, 0),
        ("b", 0, 0, 3, 0, 0, 0),
        ("c", 0, 0, 0, 0, 5, 0),
        ("d", 0, 0, 0, 0, 0, 6),
        ("morning-check", 0, 2, 0, 0, 0, 0),
        ("weekly-review", 1, 0, 0, 0, 0, 0),
    )
    assert table.columns == (
        Column(key="name", title="routine"),
        *(
            Column(key=word, title=word)
            for word in ("done", "unknown", "failed", "missed", "skipped", "abandoned")
        ),
    )
    assert (table.title, table.source, table.left_out, table.why) == ("Routines", "the routines", 0, "")


def test_no_routines_and_why() -> None:
    none = weekly_report(facts()).table("routines")
    assert (none.rows, none.why) == ((), "")
    away = weekly_report(facts(runs=None, away="it is away")).table("routines")
    assert (away.rows, away.why) == ((), "it is away")
