"""What is kept of windows: what is not known yet is said as such, and asking for nothing asks for all."""

from __future__ import annotations

from guard.core.history import ANY, AuditRecord, Wanted, WindowRecord


def test_a_line_of_the_journal_may_have_no_details() -> None:
    line = AuditRecord(at=1.0, actor="ann", action="enable", epoch=3, outcome="done")
    assert line.detail == {}


def test_asking_for_any_line_leaves_out_none() -> None:
    assert Wanted() == ANY
    wanted = (ANY.action, ANY.actor, ANY.since, ANY.until, ANY.window)
    assert wanted == (None, None, None, None, None)


def test_a_window_that_has_just_opened_has_no_end_and_no_account() -> None:
    window = WindowRecord(
        window_id="w-1", mode="normal", reason="new disk", by="ann", started_at=1.0, duration=600
    )
    assert (window.ended_at, window.ended_by, window.account) == (None, "", {})
