"""Acts for planned windows: what each means when nothing more is said."""

from __future__ import annotations

from guard.core.acts import DueAct, End, Open, Warn
from guard.core.alerts import Severity
from guard.core.holding import Holding
from guard.core.modes import Mode
from guard.core.occurrence import Occurrence


def test_a_window_is_opened_without_a_deadline_unless_one_is_named() -> None:
    wants = Holding(mode=Mode.NORMAL, reason="new disk")
    assert Open(window_id="w-1", wants=wants, duration=600).drain_within is None


def test_an_end_is_taken_for_verified_unless_it_says_otherwise() -> None:
    assert End(epoch=3).unverified is False


def test_a_warning_is_a_warning_without_details() -> None:
    warning = Warn(kind="schedule_missed", message="nothing ran")
    assert (warning.severity, warning.detail) == (Severity.WARNING, {})


def test_an_act_may_only_write_its_row() -> None:
    row = Occurrence(schedule_id="s", starts_at=1.0)
    act = DueAct(by="plan", what="begins", before=row, after=row)
    assert (act.deed, act.says) == (None, ())
