"""What a source said, as a figure; which windows are real, and how long they were open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.core.history import WindowRecord
from guard.core.reports.facts import Said, WindowFact
from guard.core.reports.report import Figure

if TYPE_CHECKING:
    from guard.core.reports.report import Value


def no_answer(found: object) -> Value:
    raise AssertionError(f"{found!r} was said by nobody")


def test_a_figure_is_made_of_what_the_source_said() -> None:
    said = Said(value=(3, 4), source="SQL")
    assert said.figure("jobs", "jobs refused", sum, unit="jobs") == Figure(
        key="jobs", title="jobs refused", value=7, source="SQL", unit="jobs", why="", nothing=False
    )


@pytest.mark.parametrize("shown", [0, 0.0, False, ""])
def test_nothing_counted_is_a_value(shown: Value) -> None:
    made = Said(value=0, source="s").figure("k", "t", lambda _: shown, none="n", nothing="no such thing")
    assert (made.value, made.why, made.nothing) == (shown, "", False)


def test_a_value_has_no_reason_although_the_source_has_one() -> None:
    made = Said(value=1, source="s", why="a part is missing").figure("k", "t", lambda found: found)
    assert (made.value, made.unit, made.why) == (1, "", "")


@pytest.mark.parametrize(
    ("why", "none", "nothing", "said"),
    [
        ("it is away", "no sample", "there was none", "it is away"),
        ("", "no sample", "there was none", "no sample"),
        ("", "", "there was none", "it does not say"),
        ("", "", "", "it does not say"),
    ],
)
def test_a_source_that_does_not_answer_is_unknown_and_never_nothing(
    why: str, none: str, nothing: str, said: str
) -> None:
    source: Said[int] = Said(value=None, source="s", why=why)
    made = source.figure("k", "t", no_answer, none=none, nothing=nothing)
    assert (made.value, made.why, made.nothing) == (None, said, False)


@pytest.mark.parametrize(
    ("why", "none", "nothing", "said", "is_nothing"),
    [
        ("", "no sample", "there was none", "there was none", True),
        ("it is away", "no sample", "there was none", "there was none", True),
        ("", "no sample", "", "no sample", False),
        ("it is away", "no sample", "", "it is away", False),
        ("", "", "", "it does not say", False),
    ],
)
def test_an_answer_without_the_value_is_nothing_where_that_is_known_and_else_unknown(
    why: str, none: str, nothing: str, said: str, is_nothing: bool
) -> None:
    made = Said(value=(), source="s", why=why).figure("k", "t", lambda _: None, none=none, nothing=nothing)
    assert (made.value, made.why) == (None, said)
    assert made.nothing is is_nothing


def test_without_reasons_it_says_that_it_does_not_say() -> None:
    said = Said(value=(), source="s")
    assert said.why == ""  # tables show it as it is
    assert said.figure("k", "t", lambda _: None) == Figure(
        key="k", title="t", value=None, source="s", why="it does not say"
    )


def window(mode: str = "normal", start: float = 5.0, end: float | None = 7.5) -> WindowFact:
    record = WindowRecord(
        window_id="w", mode=mode, reason="r", by="b", started_at=start, duration=None, ended_at=end
    )
    return WindowFact(
        record=record, account=Said(value=None, source="s"), requests=Said(value=None, source="s")
    )


@pytest.mark.parametrize(("mode", "is_real"), [("normal", True), ("emergency", True), ("test", False)])
def test_a_rehearsal_is_not_real(mode: str, is_real: bool) -> None:
    assert window(mode).is_real is is_real


@pytest.mark.parametrize(
    ("start", "end", "length"),
    [
        (5.0, 7.5, 2.5),
        (5.0, 5.0, 0.0),
        (5.0, 5.5, 0.5),
        (5.0, 4.0, 0.0),  # its clocks differed
        (5.0, 0.0, 0.0),
        (5.0, None, None),
    ],
)
def test_a_window_is_as_long_as_it_was_open(start: float, end: float | None, length: float | None) -> None:
    assert window(start=start, end=end).length == length
