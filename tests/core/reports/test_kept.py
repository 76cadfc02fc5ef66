"""A report as it is kept, in lists and in full, and what may be noted on it."""

from __future__ import annotations

import pytest

from guard.core.reports.kept import LONGEST_NOTE, Kept, Note, checked_note
from guard.core.reports.report import Kind, Period, Report
from guard.errors import InvalidRequest

KEPT = Kept(
    report_id="r-1", kind=Kind.WEEKLY, subject="2026-11-09..2026-11-15", starts_at=1.0, ends_at=2.0,
    title="t", summary="s", made_at=3.0, made_by="b",
)  # fmt: skip
HEAD = {
    "id": "r-1", "kind": "weekly", "subject": "2026-11-09..2026-11-15", "starts_at": 1.0, "ends_at": 2.0,
    "title": "t", "summary": "s", "made_at": 3.0, "made_by": "b",
}  # fmt: skip


def test_a_list_shows_its_head() -> None:
    assert KEPT.head() == HEAD
    assert (KEPT.report, KEPT.notes) == (None, ())


def test_all_of_it() -> None:
    assert KEPT.to_dict() == {**HEAD, "notes": [], "report": None}
    report = Report(kind=Kind.WEEKLY, title="t", subject="w", summary="s", period=Period(start=1.0, end=2.0))
    whole = Kept(
        report_id="r-1", kind=Kind.WEEKLY, subject="2026-11-09..2026-11-15", starts_at=1.0, ends_at=2.0,
        title="t", summary="s", made_at=3.0, made_by="b", report=report,
        notes=(Note(at=4.0, by="eve", text="n"), Note(at=5.0, by="bob", text="m")),
    )  # fmt: skip
    notes = [{"at": 4.0, "by": "eve", "text": "n"}, {"at": 5.0, "by": "bob", "text": "m"}]
    assert whole.to_dict() == {**HEAD, "notes": notes, "report": report.to_dict()}


@pytest.mark.parametrize("text", ["  two\nlines\t. ", " two\nlines\t.", "two\nlines\t.\r\n"])
def test_a_note_is_kept_without_white_space_around_it(text: str) -> None:
    assert checked_note(text) == "two\nlines\t."


def test_the_longest_note() -> None:
    assert LONGEST_NOTE == 10_000
    assert checked_note(f" {'x' * 10_000} ") == "x" * 10_000
    assert checked_note("it was so") == "it was so"


CONTROL = "the note has control characters: only line breaks and tabs may be in it"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the note is empty: say what there is to be said"),
        (" \n", "the note is empty: say what there is to be said"),
        ("x" * 10_001, "the note has 10001 characters: 10000 at most"),
        ("bell\a.", CONTROL),
        ("a\x1fb", CONTROL),
        ("a\rb", CONTROL),
    ],
)
def test_what_is_no_note(text: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        checked_note(text)
    assert caught.value.problems == (said,)
