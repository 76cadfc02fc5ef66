"""Steps that finish: when they may, and what their messages carry."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.finishing import FinishingStep, lets_finish, read_mark, write_mark
from guard.core.modes import Mode, Phase
from guard.core.state import GuardState
from tests.core.strategies import json_values, many

STEP = FinishingStep(token="a1", task_id="t-1", task="shop.step", queue="jobs", since=1.7e9)


@pytest.mark.parametrize("mode", [None, *Mode])
@pytest.mark.parametrize("phase", Phase)
def test_only_while_a_normal_window_closes_and_drains(mode: Mode | None, phase: Phase) -> None:
    state = replace(GuardState.first("s", 1.0), mode=mode, phase=phase)
    may = mode is Mode.NORMAL and phase in {Phase.CLOSING, Phase.DRAINING}
    assert lets_finish(state) == may


def test_a_mark_is_read_back() -> None:
    assert read_mark(write_mark("w-1", "a1")) == ("w-1", "a1")


@pytest.mark.parametrize("mark", [None, 7, "", "/", "w-1", "w-1/", "/a1", ["w", "a"]])
def test_what_is_no_mark(mark: object) -> None:
    assert read_mark(mark) is None


def test_a_step_is_read_back() -> None:
    assert FinishingStep.from_dict(STEP.to_dict()) == STEP


@given(st.dictionaries(st.sampled_from(list(STEP.to_dict())), json_values))
@many
def test_nonsense_is_a_value_error(raw: dict[str, Any]) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(FinishingStep.from_dict(raw), FinishingStep)


def test_what_is_stored_and_sent() -> None:
    assert write_mark("w-1", "a1") == "w-1/a1"
    assert read_mark("w-1/a/1") == ("w-1", "a/1")
    assert STEP.to_dict() == {
        "token": "a1",
        "task_id": "t-1",
        "task": "shop.step",
        "queue": "jobs",
        "since": 1.7e9,
    }
