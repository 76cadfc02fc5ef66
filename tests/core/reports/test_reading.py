"""A report read back from JSON: as it was, whatever it holds; what is none is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from guard.errors import StateInvalid
from tests.core.reports.whole_report import WHOLE, WHOLE_PLAIN
from tests.core.strategies import json_values, some

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


def test_one_with_everything_in_it_comes_back() -> None:
    assert from_plain(deepcopy(WHOLE_PLAIN)) == WHOLE


@given(reports)
@some
def test_what_a_newer_release_adds_is_left_out(report: Report) -> None:
    raw = report.to_dict()
    raw["new"] = 1
    raw["period"]["new"] = 1
    for section in raw["sections"]:
        for figure in section["figures"]:
            figure["new"] = 1
    for table in raw["tables"]:
        for column in table["columns"]:
            column["new"] = 1
    for one in (*raw["sections"], *raw["tables"], *raw["series"], *raw["timeline"], *raw["concerns"]):
        one["new"] = 1
    assert from_plain(raw) == report


@pytest.mark.parametrize("key", ["title", "subject", "summary"])
def test_texts_are_texts(key: str) -> None:
    assert getattr(from_plain({**WHOLE_PLAIN, key: 5}), key) == "5"


def test_what_stands_below_a_point_is_text_and_a_count_a_number() -> None:
    numbers = {"key": "k", "title": "t", "points": [[5, 1.0]], "source": "s"}
    read = from_plain({**WHOLE_PLAIN, "series": [numbers], "moments_left_out": "12"})
    assert read.series[0].points == (("5", 1.0),)
    assert read.moments_left_out == 12


def said_of(raw: Any) -> str:
    with pytest.raises(StateInvalid) as caught:
        from_plain(raw)
    return str(caught.value)


@pytest.mark.parametrize("raw", [None, [], "text", 1, [WHOLE_PLAIN]])
def test_what_is_no_object_is_malformed(raw: Any) -> None:
    assert said_of(raw) == "the report is malformed"


@pytest.mark.parametrize(("schema", "said"), [(2, "2"), (0, "0"), ("1", "'1'"), (None, "None")])
def test_of_another_schema_it_says_which(schema: object, said: str) -> None:
    assert said_of({**WHOLE_PLAIN, "schema": schema}) == (
        f"the report has the schema {said}, this release reads 1"
    )


def test_without_a_schema_it_is_none() -> None:
    assert said_of({}) == "the report has the schema None, this release reads 1"


@pytest.mark.parametrize("key", [key for key in WHOLE_PLAIN if key != "schema"])
def test_each_part_must_be_there(key: str) -> None:
    assert said_of({name: value for name, value in WHOLE_PLAIN.items() if name != key}) == (
        "the report is malformed"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "daily"},
        {"period": {"start": 2.0, "end": 1.0}},
        {"period": {"start": 2.0}},
        {"period": []},
        {"sections": 1},
        {"sections": [{"key": "k", "title": "t"}]},
        {"sections": [{"key": "k", "title": "t", "figures": [{"key": "a"}]}]},
        {"sections": [{"key": "k", "title": "t", "figures": [{**WHOLE_PLAIN["sections"][0]["figures"][0],
                                                              "source": ""}]}]},
        {"tables": ["table"]},
        {"series": [{"key": "k", "title": "t", "points": [["x", 1, 2]], "source": "s"}]},
        {"timeline": {"at": 1.0}},
        {"concerns": [{"severity": "info"}]},
        {"moments_left_out": "many"},
        {"moments_left_out": float("inf")},
    ],
)  # fmt: skip
def test_what_is_malformed_within(wrong: dict[str, Any]) -> None:
    assert said_of({**WHOLE_PLAIN, **wrong}) == "the report is malformed"


PARTS = [key for key in WHOLE_PLAIN if key != "schema"]


@some
@given(st.sampled_from(PARTS), json_values)
def test_whatever_stands_in_a_part_it_is_read_or_malformed(key: str, value: Any) -> None:
    with suppress(StateInvalid):
        from_plain({**WHOLE_PLAIN, key: value})
