"""Lanes: where jobs travel that may pass while closed: with a bypass, or as steps that go on.

A cordoned queue is not consumed from, so a job that may pass would wait there behind everybody else's. Each
queue therefore has a lane beside it, which only guarded workers of that queue know and take from.
"""

from __future__ import annotations

__all__ = ["is_lane", "lane_of", "queue_of"]

_PREFIX = "guard.bypass."


def lane_of(queue: str) -> str:
    """The lane beside a queue."""
    return f"{_PREFIX}{queue}"


def is_lane(name: str) -> bool:
    """Whether this is the name of a lane."""
    return name.startswith(_PREFIX)


def queue_of(name: str) -> str:
    """The queue that a lane lies beside; any other name as it is."""
    return name.removeprefix(_PREFIX)
