"""What is to be done for a window, in every phase."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.changes import WindowRequest, close, confirm, drained, extend_drain, release
from guard.core.drain import DrainView
from guard.core.modes import Mode, Phase
from guard.core.plan import Act, plan
from guard.core.state import GuardState
from guard.core.terms import AtDeadline, Terms
from tests.core.strategies import many, states

START = 1_000_000.0
OPEN = GuardState.first("s", START)
REQUEST = WindowRequest(mode=Mode.NORMAL, reason="r", duration=600, by="b", terms=Terms(drain_within=60))
CLOSING = close(OPEN, REQUEST, window_id="w", now=START)
DRAINING = confirm(CLOSING, now=START)
BUSY, EMPTY = DrainView(drained=False), DrainView(drained=True)


@pytest.mark.parametrize(
    ("state", "view", "act"),
    [
        (OPEN, None, Act.NOTHING),
        (CLOSING, None, Act.CLOSE),
        (DRAINING, BUSY, Act.WAIT),
        (DRAINING, None, Act.WAIT),
        (DRAINING, EMPTY, Act.REPORT_DRAINED),
        (drained(DRAINING, now=START), None, Act.NOTHING),
        (release(DRAINING, by="b", now=START), None, Act.RELEASE),
        (replace(DRAINING, mode=Mode.TEST), EMPTY, Act.NOTHING),
    ],
)
def test_next_act(state: GuardState, view: DrainView | None, act: Act) -> None:
    assert plan(state, view, START + 1) is act


@pytest.mark.parametrize(
    ("policy", "mode", "act"),
    [
        (AtDeadline.WAIT, Mode.NORMAL, Act.WAIT),
        (AtDeadline.EXTEND, Mode.NORMAL, Act.EXTEND),
        (AtDeadline.ESCALATE, Mode.NORMAL, Act.ESCALATE),
        (AtDeadline.ESCALATE, Mode.EMERGENCY, Act.WAIT),
        (AtDeadline.ABORT, Mode.NORMAL, Act.ABORT),
        (AtDeadline.ABORT, Mode.EMERGENCY, Act.ABORT),
    ],
)
def test_at_the_deadline(policy: AtDeadline, mode: Mode, act: Act) -> None:
    state = replace(DRAINING, mode=mode, terms=replace(DRAINING.terms, at_deadline=policy))
    assert plan(state, BUSY, START + 59.9) is Act.WAIT
    assert plan(state, BUSY, START + 60) is act
    assert plan(state, EMPTY, START + 60) is Act.REPORT_DRAINED, "just in time is in time"


@given(st.floats(0, 1e6))
@many
def test_an_extended_deadline_is_in_the_future(late: float) -> None:
    state = replace(DRAINING, terms=replace(DRAINING.terms, at_deadline=AtDeadline.EXTEND))
    now = START + 60 + late
    extended = extend_drain(state, now=now)
    assert extended.drain_deadline is not None
    assert now <= extended.drain_deadline <= now + 60
    assert plan(extended, BUSY, now) in {Act.WAIT, Act.EXTEND}


@given(states(), st.sampled_from([None, BUSY, EMPTY]), st.floats(0, 4e9))
@many
def test_any_state_has_an_act_that_its_phase_allows(
    state: GuardState, view: DrainView | None, now: float
) -> None:
    act = plan(state, view, now)
    if act in {Act.REPORT_DRAINED, Act.EXTEND, Act.ESCALATE, Act.ABORT}:
        assert state.phase is Phase.DRAINING
    if state.phase in {Phase.INACTIVE, Phase.ACTIVE, Phase.VERIFYING}:
        assert act is Act.NOTHING


def test_the_words_of_the_acts() -> None:
    assert {act.name: act.value for act in Act} == {
        "NOTHING": "nothing",
        "WAIT": "wait",
        "CLOSE": "close",
        "REPORT_DRAINED": "report drained",
        "EXTEND": "extend",
        "ESCALATE": "escalate",
        "ABORT": "abort",
        "RELEASE": "release",
    }
