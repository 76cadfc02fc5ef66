"""The timeline of a window: what happened, in order and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from guard.core.alerts import Alert, Severity
from guard.core.history import AuditRecord, WindowRecord
from guard.core.outcome import Ended, JobOutcome, Went
from guard.core.reports.facts import Said, WindowFacts
from guard.core.reports.report import Moment
from guard.core.reports.timeline import MOST_MOMENTS, in_words, timeline_of

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOW = WindowRecord(window_id="w", mode="emergency", reason="r", by="b", started_at=0.0, duration=None)


def line(at: float, action: str = "enable", outcome: str = "done", **detail: object) -> AuditRecord:
    return AuditRecord(at=at, actor="alice", action=action, epoch=1, outcome=outcome, detail=detail)


def alert(at: float, message: str = "it is full") -> Alert:
    return Alert(at=at, severity=Severity.WARNING, kind="disk nearly full", message=message)


def job(asked_at: float, ended_at: float) -> JobOutcome:
    return JobOutcome(
        attempt="a", window_id="w", task_id="7", task="shop.pay", operation="o", worker="w1@host", pid=1,
        asked_at=asked_at, ended_at=ended_at, outcome=Ended.KILLED, went=Went.REQUEUED,
    )  # fmt: skip


def facts(
    journal: tuple[AuditRecord, ...] | None = (),
    alerts: tuple[Alert, ...] | None = (),
    outcomes: tuple[JobOutcome, ...] | None = (),
) -> WindowFacts:
    return WindowFacts(
        record=WINDOW,
        zone=ZoneInfo("UTC"),
        account=Said(value=None, source="s"),
        books=Said(value=None, source="s"),
        workers=Said(value=(), source="s"),
        requests=Said(value=None, source="s"),
        outcomes=Said(value=outcomes, source="the outcomes"),
        journal=Said(value=journal, source="the journal"),
        alerts=Said(value=alerts, source="the alerts"),
        made_at=9.0,
    )


def moments(given: WindowFacts) -> tuple[Moment, ...]:
    return timeline_of(given, most=99)[0]


def test_a_line_of_the_journal() -> None:
    assert moments(facts(journal=(line(2.0, mode="normal"),))) == (
        Moment(at=2.0, what="enable", who="alice", detail="mode normal", source="the journal"),
    )


def test_a_line_that_was_not_done_says_what_it_was() -> None:
    (said,) = moments(facts(journal=(line(2.0, outcome="refused"),)))
    assert said.what == "enable: refused"


def test_an_alert() -> None:
    assert moments(facts(alerts=(alert(3.0),))) == (
        Moment(at=3.0, what="alert (warning): disk nearly full", detail="it is full", source="the alerts"),
    )


def test_a_long_alert_is_cut() -> None:
    whole, cut = moments(facts(alerts=(alert(1.0, "x" * 300), alert(2.0, "y" * 300 + "z"))))
    assert whole.detail == "x" * 300
    assert cut.detail == "y" * 300


def test_the_end_of_a_job_says_how_long_after_it_was_asked_and_where_it_is_now() -> None:
    assert moments(facts(outcomes=(job(1.0, 4.56),))) == (
        Moment(
            at=4.56,
            what="job killed",
            who="w1@host",
            detail="shop.pay 7, asked 3.6 s before, now requeued",
            source="the outcomes",
        ),
    )


def test_what_does_not_answer_leaves_the_rest() -> None:
    assert moments(facts(None, None, None)) == ()
    assert [one.at for one in moments(facts(None, (alert(1.0),), None))] == [1.0]
    assert [one.at for one in moments(facts((line(1.0),), None, (job(1.0, 2.0),)))] == [1.0, 2.0]


def test_all_of_it_in_the_order_in_which_it_happened() -> None:
    mixed = facts((line(5.0), line(1.0)), (alert(4.0), alert(2.0)), (job(0.0, 3.0), job(0.0, 6.0)))
    assert [one.at for one in moments(mixed)] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_what_happened_at_once_keeps_the_order_of_the_journal() -> None:
    at_once = facts((line(1.0, "z"), line(1.0, "a")), (alert(1.0),), (job(0.0, 1.0),))
    assert [one.what for one in moments(at_once)] == [
        "z", "a", "alert (warning): disk nearly full", "job killed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "most", "kept", "left_out"),
    [
        (0, 4, [], 0),
        (4, 4, [0, 1, 2, 3], 0),
        (5, 4, [0, 1, 3, 4], 1),
        (9, 4, [0, 1, 7, 8], 5),
        (5, 5, [0, 1, 2, 3, 4], 0),
        (6, 5, [0, 1, 4, 5], 2),
        (3, 2, [0, 2], 1),
        (3, 3, [0, 1, 2], 0),
        (3, 1, [], 3),
        (3, 0, [], 3),
    ],
)
def test_of_a_long_one_the_beginning_and_the_end_are_kept(
    number: int, most: int, kept: list[int], left_out: int
) -> None:
    long = facts(journal=tuple(line(float(at)) for at in range(number)))
    shown, rest = timeline_of(long, most=most)
    assert [one.at for one in shown] == kept
    assert rest == left_out


def test_a_report_shows_a_thousand_lines() -> None:
    assert MOST_MOMENTS == 1000


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({}, ""),
        ({"mode": "emergency", "grace": 5}, "mode emergency, grace 5"),
        ({"grace": 5, "mode": "emergency"}, "grace 5, mode emergency"),
        ({"drain_within_seconds": 5.5}, "drain within seconds 5.5"),
        ({"window_id": "w", "mode": "normal"}, "mode normal"),
        ({"a": None, "b": "", "c": [], "d": {}, "e": (), "f": 1}, "f 1"),
        ({"zero": 0, "nothing": 0.0, "never": False}, "zero 0, nothing 0.0, never no"),
        ({"verify": True}, "verify yes"),
        ({"one": 1}, "one 1"),
        ({"queues": ["jobs", "mail", 3, True]}, "queues jobs mail 3 yes"),
        ({"scope": {"queues": ["jobs", "mail"], "all": False}}, "scope queues jobs mail all no"),
        ({"lanes": [{"name": "fast"}, {"name": "slow"}]}, "lanes name fast name slow"),
        ({"x": "y" * 298}, "x " + "y" * 298),
        ({"x": "y" * 299}, "x " + "y" * 298),
    ],
)
def test_a_detail_in_words(detail: Mapping[str, object], said: str) -> None:
    assert in_words(detail) == said
