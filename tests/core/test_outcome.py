"""The record of a job that an emergency met."""

from __future__ import annotations

import json

import pytest

from guard.core.counts import Count
from guard.core.ladder import Report
from guard.core.outcome import Ended, JobOutcome, Went, ended, went
from guard.errors import StateInvalid

OUTCOME = JobOutcome(
    attempt="a-1",
    window_id="w-1",
    task_id="t-1",
    task="tasks.images.optimize",
    operation="image_processing",
    worker="celery@one",
    pid=17,
    asked_at=1_700_000_000.25,
    ended_at=1_700_000_002.5,
    outcome=Ended.KILLED,
    went=Went.PARKED,
)


def test_it_is_read_as_it_was_written() -> None:
    assert JobOutcome.from_dict(json.loads(json.dumps(OUTCOME.to_dict()))) == OUTCOME


def test_what_a_newer_release_has_added_is_left_out() -> None:
    assert JobOutcome.from_dict({**OUTCOME.to_dict(), "mood": "calm"}) == OUTCOME


@pytest.mark.parametrize(
    "raw",
    [{}, [], None, {**OUTCOME.to_dict(), "outcome": "promoted"}, {**OUTCOME.to_dict(), "went": "west"}],
)
def test_what_is_not_understood_is_invalid(raw: object) -> None:
    with pytest.raises(StateInvalid, match=r"^the outcome of a job is malformed$"):
        JobOutcome.from_dict(raw)  # type: ignore[arg-type]


def test_each_way_to_end_is_counted_under_its_own_name() -> None:
    assert {how.value for how in Ended} <= {count.value for count in Count}


@pytest.mark.parametrize(
    ("report", "signalled", "how"),
    [
        (Report.RETURNED, False, Ended.COMPLETED),
        (Report.RETURNED, True, Ended.COMPLETED),
        (Report.RAISED, False, Ended.COMPLETED),
        (Report.RAISED, True, Ended.COMPLETED),
        (Report.INTERRUPTED, False, Ended.INTERRUPTED),
        (Report.INTERRUPTED, True, Ended.INTERRUPTED),
        (Report.LOST, True, Ended.KILLED),
        (Report.LOST, False, Ended.LOST),
    ],
)
def test_how_it_ended(report: Report, signalled: bool, how: Ended) -> None:
    assert ended(report, signalled=signalled) is how


@pytest.mark.parametrize(
    ("how", "acks_late", "resumable", "where"),
    [
        (Ended.COMPLETED, True, True, Went.FINISHED),
        (Ended.LOST, False, True, Went.FINISHED),
        (Ended.KILLED, True, False, Went.REQUEUED),
        (Ended.INTERRUPTED, True, True, Went.REQUEUED),
        (Ended.KILLED, False, True, Went.PARKED),
        (Ended.INTERRUPTED, False, True, Went.PARKED),
        (Ended.KILLED, False, False, Went.REVOKED),
        (Ended.INTERRUPTED, False, False, Went.REVOKED),
    ],
)
def test_what_becomes_of_it(how: Ended, acks_late: bool, resumable: bool, where: Went) -> None:
    assert went(how, acks_late=acks_late, resumable=resumable) is where


def test_the_words_as_they_are_kept() -> None:
    assert [how.value for how in Ended] == ["completed", "interrupted", "killed", "lost"]
    assert [where.value for where in Went] == ["finished", "requeued", "parked", "revoked"]
    written = OUTCOME.to_dict()
    assert (type(written["outcome"]), type(written["went"])) == (str, str)
