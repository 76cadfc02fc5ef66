"""What a process believes when it was told nothing but the gate."""

from __future__ import annotations

from guard.core.modes import Gate
from guard.core.scope import EVERYTHING
from guard.core.view import GateView


def test_a_view_of_the_gate_alone_is_about_everything() -> None:
    view = GateView(gate=Gate.UNKNOWN)
    assert (view.epoch, view.reason, view.planned_end) == (None, "", None)
    assert view.scope is EVERYTHING
    assert view.bypass is True
