"""A report as a value: what its parts must say, how they are found, and all of it as plain JSON types."""

from __future__ import annotations

import json

import pytest

from guard.core.reports.report import (
    SCHEMA,
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
from guard.errors import InvalidRequest
from tests.core.reports.whole_report import WHOLE, WHOLE_PLAIN

BARE = Report(kind=Kind.WEEKLY, title="t", subject="w", summary="s", period=Period(start=1.0, end=2.0))


def figure(key: str, value: int | None = 1, *, nothing: bool = False) -> Figure:
    why = "it is away" if value is None else ""
    return Figure(key=key, title="a figure", value=value, source="s", why=why, nothing=nothing)


def with_sections(*sections: tuple[Figure, ...]) -> Report:
    made = tuple(Section(key=f"s{at}", title="t", figures=one) for at, one in enumerate(sections))
    return Report(kind=Kind.WEEKLY, title="t", subject="w", summary="s", period=BARE.period, sections=made)


def test_the_kinds_are_stored_under_these_words() -> None:
    assert [kind.value for kind in Kind] == ["weekly", "monthly", "security", "window", "incident"]


@pytest.mark.parametrize(
    ("kind", "is_of_a_window"),
    [
        (Kind.WEEKLY, False),
        (Kind.MONTHLY, False),
        (Kind.SECURITY, False),
        (Kind.WINDOW, True),
        (Kind.INCIDENT, True),
    ],
)
def test_a_report_is_about_a_window_or_about_a_time(kind: Kind, is_of_a_window: bool) -> None:
    assert kind.is_of_a_window is is_of_a_window


def test_a_period_has_its_first_moment_and_not_its_end() -> None:
    period = Period(start=10.0, end=20.0)
    assert (period.seconds, period.zone) == (10.0, "UTC")
    assert [at for at in (9.9, 10.0, 15.0, 19.9, 20.0, 20.1) if period.has(at)] == [10.0, 15.0, 19.9]


@pytest.mark.parametrize(("start", "end"), [(2.0, 1.0), (2.0, 2.0)])
def test_a_period_that_is_empty_is_refused(start: float, end: float) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Period(start=start, end=end)
    assert caught.value.problems == (
        "the period ends before it begins: give --from an earlier time than --to",
    )
    assert Period(start=start, end=start + 0.5).seconds == 0.5


def test_a_figure_names_its_source() -> None:
    with pytest.raises(ValueError, match=r"^the figure jobs names no source$"):
        Figure(key="jobs", title="t", value=1, source="")


@pytest.mark.parametrize("nothing", [True, False])
def test_a_figure_without_a_value_says_why(nothing: bool) -> None:
    with pytest.raises(ValueError, match=r"^the figure jobs is unknown and does not say why$"):
        Figure(key="jobs", title="t", value=None, source="SQL", nothing=nothing)
    assert Figure(key="jobs", title="t", value=None, source="SQL", why="away", nothing=nothing).value is None


@pytest.mark.parametrize("value", [0, 0.0, False, ""])
def test_a_value_needs_no_reason(value: float | str) -> None:
    made = Figure(key="k", title="t", value=value, source="s")
    assert (made.value, made.unit, made.why, made.nothing) == (value, "", "", False)


def test_what_is_not_given_is_empty() -> None:
    assert Column(key="k", title="t").unit == ""
    table = Table(key="k", title="t", columns=(), rows=(), source="s")
    assert (table.left_out, table.why) == (0, "")
    series = Series(key="k", title="t", points=(), source="s")
    assert (series.unit, series.why) == ("", "")
    moment = Moment(at=1.0, what="w", source="s")
    assert (moment.who, moment.detail) == ("", "")
    assert Concern(severity="info", text="t") == Concern(severity="info", text="t")
    assert (BARE.sections, BARE.tables, BARE.series, BARE.timeline, BARE.concerns) == ((), (), (), (), ())
    assert BARE.moments_left_out == 0


def test_the_figures_of_all_sections_in_their_order() -> None:
    made = with_sections((figure("a"), figure("b")), (), (figure("c"),))
    assert [one.key for one in made.figures] == ["a", "b", "c"]
    assert list(BARE.figures) == []


def test_a_figure_is_found_by_its_key() -> None:
    made = with_sections((figure("a", 1), figure("b", 2)), (figure("c", 3),))
    assert [made.figure(key).value for key in "abc"] == [1, 2, 3]
    with pytest.raises(KeyError, match=r"^'d'$"):
        made.figure("d")


def test_a_table_is_found_by_its_key() -> None:
    assert [WHOLE.table(key).title for key in ("tables", "empty")] == ["Tables", "Empty"]
    with pytest.raises(KeyError, match=r"^'none'$"):
        WHOLE.table("none")


def test_unknown_is_what_nobody_could_read_and_not_what_is_nothing() -> None:
    made = with_sections(
        (figure("known", 0), figure("unknown", None)),
        (figure("nothing", None, nothing=True), figure("too", None)),
    )
    assert [one.key for one in made.unknown] == ["unknown", "too"]


def test_all_of_it_as_plain_json_types() -> None:
    said = WHOLE.to_dict()
    assert said == WHOLE_PLAIN
    assert type(said["kind"]) is str  # not its enumeration
    assert json.loads(json.dumps(said)) == said
    assert SCHEMA == 1


def test_one_with_nothing_in_it_has_the_same_keys() -> None:
    assert BARE.to_dict() == {
        "schema": 1,
        "kind": "weekly",
        "title": "t",
        "subject": "w",
        "summary": "s",
        "period": {"start": 1.0, "end": 2.0, "zone": "UTC"},
        "sections": [],
        "tables": [],
        "series": [],
        "timeline": [],
        "concerns": [],
        "moments_left_out": 0,
    }
