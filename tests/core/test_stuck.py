"""What a drain is stuck on."""

from __future__ import annotations

import pytest

from guard.core.drain import Blocker, BlockerKind, DrainView, Pace
from guard.core.stuck import PATIENCE_SECONDS, stuck_on, tells_news

LONG = PATIENCE_SECONDS


def view(kind: BlockerKind, pace: Pace = Pace.NORMAL) -> DrainView:
    blocker = Blocker(kind=kind, worker="w1", task_id="t-1", task="shop.job", pace=pace)
    return DrainView(drained=False, blockers=(blocker,))


@pytest.mark.parametrize(
    ("kind", "pace", "said"),
    [
        (BlockerKind.SILENT, Pace.NORMAL, ("worker w1: does not answer",)),
        (BlockerKind.UNDELIVERED, Pace.NORMAL, ("worker w1: gone, and its jobs are not back",)),
        (BlockerKind.RUNNING, Pace.NEVER, ("job t-1 (shop.job) on w1: nothing says that it will end",)),
        (BlockerKind.RUNNING, Pace.SLOW, ()),
        (BlockerKind.RUNNING, Pace.NORMAL, ()),
        (BlockerKind.RESERVED, Pace.NORMAL, ()),
        (BlockerKind.ENDING, Pace.NORMAL, ()),
        (BlockerKind.UNCONFIRMED, Pace.NORMAL, ()),
    ],
)
def test_what_does_not_end_by_itself(kind: BlockerKind, pace: Pace, said: tuple[str, ...]) -> None:
    assert stuck_on(view(kind, pace), drained_for=LONG) == said
    assert stuck_on(view(kind, pace), drained_for=LONG - 0.1) == (), "most of a drain ends in that time"


def test_that_less_is_left_is_no_news() -> None:
    assert tells_news(["a"], [])
    assert tells_news(["a", "b"], ["a"])
    assert not tells_news(["a"], ["a", "b"])
    assert not tells_news([], [])


def test_half_a_minute_of_patience() -> None:
    assert PATIENCE_SECONDS == 30.0
