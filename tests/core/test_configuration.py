"""The guides' rows: what they say of a state, and what a hand-made change asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.configuration import DESCRIPTIONS, Wish, drift, rows_of
from guard.core.modes import Mode, Phase
from guard.core.state import GuardState
from tests.core.strategies import many, states

OPEN = GuardState.first("store", 1.0)
NORMAL = replace(
    OPEN,
    epoch=1,
    phase=Phase.ACTIVE,
    mode=Mode.NORMAL,
    window_id="w",
    reason="move",
    by="ops",
    started_at=1_700_000_000.0,
    duration=5400,
)
EMERGENCY = replace(NORMAL, mode=Mode.EMERGENCY)
TEST = replace(NORMAL, mode=Mode.TEST)
RELEASING = replace(NORMAL, phase=Phase.RELEASING)


def test_rows_of_a_window_are_the_guides() -> None:
    assert rows_of(NORMAL) == {
        "maintenance_mode": "true",
        "maintenance_reason": "move",
        "maintenance_duration": "5400",
        "maintenance_started_at": "2023-11-14T22:13:20+00:00",
        "maintenance_mode_type": "normal",
    }


@pytest.mark.parametrize(
    "state",
    [OPEN, RELEASING, replace(EMERGENCY, phase=Phase.RELEASING)],
    ids=["inactive", "releasing", "releasing after an emergency"],
)
def test_rows_without_a_window(state: GuardState) -> None:
    assert rows_of(state) == {
        "maintenance_mode": "false",
        "maintenance_reason": "",
        "maintenance_duration": "0",
        "maintenance_started_at": "",
        "maintenance_mode_type": "normal",
    }


@given(states())
@many
def test_the_rows_of_a_state_ask_for_nothing(state: GuardState) -> None:
    assert drift(rows_of(state), state) is None
    assert rows_of(state).keys() == DESCRIPTIONS.keys()


TRUE = ["true", "True", " TRUE ", "1", "yes", "on", "enabled"]
FALSE = ["false", "False", " FALSE ", "0", "no", "off", "disabled"]
NONSENSE = ["maybe", "truee", "2", "null", "t", "ja", "true false"]


@pytest.mark.parametrize("text", FALSE)
@pytest.mark.parametrize("state", [OPEN, RELEASING], ids=["inactive", "releasing"])
def test_the_text_false_is_false(text: str, state: GuardState) -> None:
    assert drift({**rows_of(state), "maintenance_mode": text}, state) is None


@pytest.mark.parametrize("text", FALSE)
@pytest.mark.parametrize("state", [NORMAL, TEST], ids=["normal", "test"])
def test_the_text_false_ends_a_window(text: str, state: GuardState) -> None:
    wish = drift({**rows_of(state), "maintenance_mode": text}, state)
    assert wish is not None
    assert (wish.open_window, wish.refused) == (False, "")


@pytest.mark.parametrize("text", TRUE)
def test_the_text_true_opens_a_window(text: str) -> None:
    wish = drift({**rows_of(OPEN), "maintenance_mode": text, "maintenance_reason": " move "}, OPEN)
    assert wish is not None
    assert (wish.open_window, wish.mode, wish.reason, wish.refused) == (True, "normal", "move", "")


@pytest.mark.parametrize("text", NONSENSE)
@pytest.mark.parametrize(
    "state", [OPEN, NORMAL, EMERGENCY, RELEASING], ids=["open", "normal", "emergency", "releasing"]
)
def test_nonsense_is_refused_and_changes_nothing(text: str, state: GuardState) -> None:
    wish = drift({**rows_of(state), "maintenance_mode": text}, state)
    assert wish is not None
    assert wish.open_window is None
    assert "'true' or 'false'" in wish.refused


@given(st.dictionaries(st.sampled_from(list(DESCRIPTIONS)), st.none() | st.text(max_size=20)), states())
@many
def test_an_emergency_is_never_ended_by_rows(rows: dict[str, str | None], state: GuardState) -> None:
    wish = drift(rows, state)
    if state.mode is Mode.EMERGENCY and state.is_active and wish is not None:
        assert wish.open_window is None
        assert wish.refused


def test_ending_an_emergency_says_how() -> None:
    wish = drift({**rows_of(EMERGENCY), "maintenance_mode": "false"}, EMERGENCY)
    assert wish == Wish(
        open_window=None, refused="an emergency is not ended by editing rows: use the disable command"
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("5400", 5400), (" 60 ", 60), ("0", None), ("", None), (None, None), ("-5", None), ("90m", None)),
        *(
            ("999999999", 999_999_999),
            ("1", 1),
            ("1.5", None),
            ("٣", None),
            ("²", None),
            ("9999999999", None),
            ("1e3", None),
        ),
    ],
)
def test_the_duration_row_is_read_by_type(text: str | None, seconds: int | None) -> None:
    wish = drift({"maintenance_mode": "true", "maintenance_duration": text}, OPEN)
    assert wish is not None
    assert wish.duration == seconds


# Once a bug: ValueError, "exceeds the limit (4300 digits)"; the sweep of every worker then fails as long as
# the row stands.
def test_an_endless_duration_row_is_no_duration() -> None:
    wish = drift({"maintenance_mode": "true", "maintenance_duration": "9" * 5000}, OPEN)
    assert wish is not None
    assert wish.duration is None


@pytest.mark.parametrize("rows", [{}, {"maintenance_reason": "x"}], ids=["no rows", "rows without the mode"])
def test_rows_that_are_not_there_ask_for_nothing(rows: dict[str, str | None]) -> None:
    assert drift(rows, OPEN) is None
    assert drift(rows, NORMAL) is None


def test_another_reason_alone_is_no_wish() -> None:
    assert (
        drift({**rows_of(NORMAL), "maintenance_reason": "other", "maintenance_duration": "1"}, NORMAL) is None
    )


def test_a_wish_without_a_reason_says_where_it_came_from() -> None:
    for rows in ({}, {"maintenance_reason": None}, {"maintenance_reason": " "}):
        assert drift({"maintenance_mode": "true", **rows}, OPEN) == Wish(
            open_window=True,
            mode="normal",
            reason="set by hand in the configuration table",
            duration=None,
            refused="",
        )


def test_a_wish_takes_mode_and_reason_from_the_rows() -> None:
    rows = {"maintenance_mode": "on", "maintenance_mode_type": " TEST ", "maintenance_reason": " Move it "}
    assert drift(rows, OPEN) == Wish(open_window=True, mode="test", reason="Move it", duration=None)


def test_nonsense_is_quoted_and_cut() -> None:
    wish = drift({"maintenance_mode": " " + "Y" * 50}, OPEN)
    assert wish == Wish(open_window=None, refused=f"maintenance_mode is '{'y' * 40}': use 'true' or 'false'")
    assert drift({"maintenance_mode": None}, OPEN) == Wish(
        open_window=None, refused="maintenance_mode is '': use 'true' or 'false'"
    )


def test_a_wish_asks_for_a_normal_window_of_any_length_unless_it_says_otherwise() -> None:
    wish = Wish(open_window=True)
    assert (wish.mode, wish.reason, wish.duration, wish.refused) == ("normal", "", None, "")


def test_rows_of_a_window_without_an_end() -> None:
    rows = rows_of(replace(EMERGENCY, duration=None, started_at=None))
    assert rows["maintenance_duration"] == "0"
    assert rows["maintenance_started_at"] == ""
    assert rows["maintenance_mode_type"] == "emergency"


def test_the_descriptions_are_the_guides() -> None:
    assert DESCRIPTIONS == {
        "maintenance_mode": "Current maintenance mode status",
        "maintenance_reason": "Current maintenance reason",
        "maintenance_duration": "Estimated maintenance duration in seconds",
        "maintenance_started_at": "Maintenance start timestamp",
        "maintenance_mode_type": "Maintenance mode type: normal, emergency, test",
    }
