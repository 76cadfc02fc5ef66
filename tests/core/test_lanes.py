"""A lane is known by its name, and leads back to its queue."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guard.core.lanes import is_lane, lane_of, queue_of
from tests.core.strategies import many


@given(st.text(max_size=60))
@many
def test_there_and_back(queue: str) -> None:
    assert is_lane(lane_of(queue))
    assert queue_of(lane_of(queue)) == queue


def test_a_queue_is_no_lane() -> None:
    for name in ("captions", "", "guard.parked", "my.guard.bypass.captions"):
        assert not is_lane(name)
        assert queue_of(name) == name


def test_the_name_that_workers_of_other_releases_know() -> None:
    assert lane_of("captions") == "guard.bypass.captions"
