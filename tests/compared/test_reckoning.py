"""Journals made by hand, and what they must come to: a wrong count would make the comparison a lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.compare.journal import Event, read
from benchmarks.compare.reckoning import Moments, reckon

if TYPE_CHECKING:
    from pathlib import Path

# The pause is called at 10, has returned at 11; the resume is called at 20.
PAUSED = Moments(pause=(10.0, 11.0), resume=(20.0, 20.5), asked=11.0, held_at=19.9)


def journal(*lines: str) -> list[Event]:
    """``"started a 9.5"`` and so on, by time."""
    events = [Event(*(kind, job_id, float(at), 1)) for kind, job_id, at in (line.split() for line in lines)]
    return sorted(events, key=lambda event: event.at)


def test_what_starts_after_the_call_has_returned_is_counted_and_what_starts_within_it_is_not() -> None:
    figures = reckon(
        journal(
            "started before 9",
            "started within 10.5",
            "started late 11.25",
            "started later 14",
            "started again 21",
        ),
        PAUSED,
    )
    assert (figures.after, figures.latest_after) == (2, 3.0)
    assert figures.last_start == 4.0
    assert (figures.call, figures.first_start, figures.resume_call) == (1.0, 1.0, 0.5)


def test_nothing_starts_although_jobs_end() -> None:
    figures = reckon(journal("started a 9", "ended a 12"), PAUSED)
    assert (figures.after, figures.latest_after, figures.last_start) == (0, None, 0.0)
    assert (figures.running, figures.running_ended) == (1, 1)


def test_starts_are_split_where_a_worker_was_disturbed() -> None:
    moments = Moments(pause=(10.0, 11.0), resume=(20.0, 20.5), disturbed=15.0, held_at=19.0)
    figures = reckon(
        journal("started leak 12", "started new 15", "started newer 19", "started fine 21"), moments
    )
    assert (figures.after, figures.after_disturbance) == (1, 2)


def test_a_job_that_has_not_ended_is_kept_or_lost() -> None:
    lines = [f"accepted {name} 1" for name in "abcd"]
    events = journal(*lines, "started a 2", "ended a 3", "started b 2")
    figures = reckon(events, Moments(left={"queue": 1}))
    assert (figures.accepted, figures.ended, figures.kept, figures.lost) == (4, 1, 1, 2)


def test_the_broker_keeping_more_than_is_missing_hides_no_loss() -> None:
    """A key that counts something else must not make the books look better than they are."""
    figures = reckon(journal("accepted a 1", "started a 2", "ended a 3"), Moments(left={"queue": 9}))
    assert (figures.kept, figures.lost) == (0, 0)


def test_a_job_that_starts_again_is_counted_once_however_often() -> None:
    figures = reckon(journal("started a 1", "started a 2", "started a 3", "started b 1"), Moments())
    assert figures.twice == 1


def test_what_was_never_accepted_does_not_make_up_for_what_was_lost() -> None:
    figures = reckon(journal("accepted a 1", "started stranger 2", "ended stranger 3"), Moments())
    assert (figures.ended, figures.lost) == (0, 1)


def test_who_runs_is_what_ran_when_it_was_asked() -> None:
    events = journal(
        "started a 9", "ended a 10.5", "started b 9", "started c 10.9", "ended b 12", "ended c 12"
    )
    told = Moments(pause=(10.0, 11.0), resume=(20.0, 20.5), asked=11.0, told=["a", "b"])
    figures = reckon(events, told)
    assert (figures.running_then, figures.told_right) == (2, 1)
    assert reckon(events, PAUSED).told_right is None


def test_a_job_that_was_killed_is_not_expected_to_be_named() -> None:
    events = journal("started killed 9", "started a 9", "ended a 12")
    figures = reckon(events, Moments(pause=(10.0, 11.0), resume=(20.0, 20.5), asked=11.0, told=["a"]))
    assert (figures.running, figures.running_ended) == (2, 1)
    assert (figures.running_then, figures.told_right) == (1, 1)


def test_owed_are_jobs_that_were_accepted_and_have_not_started_when_the_broker_was_asked() -> None:
    events = journal("accepted a 1", "accepted b 1", "accepted c 12", "started a 2", "accepted late 19.95")
    figures = reckon(events, PAUSED)
    assert figures.owed == 2
    assert (figures.accepted_meanwhile, figures.refused_meanwhile) == (2, 0)


def test_the_rate_is_of_a_round_without_a_pause() -> None:
    events = journal("started a 1", "ended a 2", "started b 2", "ended b 3")
    assert reckon(events, Moments()).rate == 1.0
    assert reckon(events, PAUSED).rate is None
    assert reckon([], Moments()).rate is None


@pytest.mark.parametrize("torn", ["", "ended b 2"])
def test_a_line_that_is_being_written_is_not_read(tmp_path: Path, torn: str) -> None:
    file = tmp_path / "journal"
    file.write_text(f"ended b 2.5 8\nstarted a 1.5 7\n{torn}", "ascii")
    assert read(file) == [Event("started", "a", 1.5, 7), Event("ended", "b", 2.5, 8)]
