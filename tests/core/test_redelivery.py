"""Whose jobs those are that Redis believes taken, when a worker is gone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.agents import AgentReport, RunningJob
from guard.core.redelivery import Unacknowledged, left_behind


def runs(*ids: str, **more: int) -> AgentReport:
    jobs = tuple(RunningJob(task_id=one, task="shop.job", since=0.0) for one in ids)
    return AgentReport(running=jobs, **more)  # type: ignore[arg-type]


def taken(ids: str) -> list[Unacknowledged]:
    return [Unacknowledged(tag=f"tag-{one}", task_id=one, queue="jobs") for one in ids]


@pytest.mark.parametrize(
    ("unacknowledged", "gone", "others", "left"),
    [
        ("ab", [runs("a")], [], "a"),
        ("ab", [runs("a"), runs("b")], [], "ab"),
        ("b", [runs("a")], [], ""),  # acknowledged early, or ended
        ("ab", [runs("a", "b")], [runs("b")], "a"),  # b was delivered again before
        ("ab", [runs("a")], [None], "a"),  # its own word is enough
        ("ab", [runs("a")], [runs(reserved=2)], "a"),
        # Without a word that says all, what is nobody else's is theirs …
        ("abc", [None], [runs("b")], "ac"),
        ("abc", [runs("a", reserved=2)], [runs("b"), runs()], "ac"),
        ("ab", [runs(ending=1)], [runs("b")], "a"),
        ("ab", [runs(lost_slots=1)], [runs("b")], "a"),
        ("ab", [runs("a"), None], [], "ab"),
        # … once nobody else holds any back.
        ("ab", [None], [runs("b", reserved=1)], None),
        ("ab", [None], [runs("b", ending=1)], None),
        ("ab", [None], [runs("b"), None], None),
        ("", [None], [None], ""),
        ("b", [None], [runs("b", reserved=1)], ""),
    ],
)
def test_whose_they_are(
    unacknowledged: str, gone: list[AgentReport | None], others: list[AgentReport | None], left: str | None
) -> None:
    found = left_behind(taken(unacknowledged), gone=gone, others=others)
    assert (None if found is None else "".join(job.task_id for job in found.jobs)) == left


@given(
    st.text("abcdef", max_size=6),
    st.lists(st.none() | st.builds(runs, st.sampled_from("abcdef")), min_size=1, max_size=3),
    st.lists(st.none() | st.builds(runs, st.sampled_from("abcdef")), max_size=3),
)
def test_what_another_worker_runs_is_never_taken_away(
    unacknowledged: str, gone: list[AgentReport | None], others: list[AgentReport | None]
) -> None:
    found = left_behind(taken(unacknowledged), gone=gone, others=others)
    theirs = {job.task_id for report in others if report is not None for job in report.running}
    assert found is None or not theirs & {job.task_id for job in found.jobs}
    if found is not None and found.by_exclusion and found.jobs:
        assert None not in others


@pytest.mark.parametrize(
    ("gone", "others", "by_exclusion"),
    [
        ([runs("a")], [None], False),
        ([runs("a"), None], [runs("b")], True),
        ([None], [], True),
        ([], [], False),
    ],
)
def test_it_says_how_it_is_known(
    gone: list[AgentReport | None], others: list[AgentReport | None], by_exclusion: bool
) -> None:
    found = left_behind(taken("a"), gone=gone, others=others)
    assert found is not None
    assert found.by_exclusion is by_exclusion
