"""The roll: a worker is expected to answer until something else is known, and stores keep what that is."""

from __future__ import annotations

from guard.core.roll import Fate, RollEntry


def test_the_fates_as_the_store_keeps_them() -> None:
    assert {fate.name: fate.value for fate in Fate} == {
        "UNKNOWN": "",
        "LEFT": "left",
        "GONE": "gone",
        "VOUCHED": "vouched",
    }


def test_a_worker_that_was_only_seen_is_expected_to_answer() -> None:
    entry = RollEntry(agent_id="a", node="w@one", host="one", pid=7)
    assert entry.fate is Fate.UNKNOWN
    assert (entry.machine, entry.page) == ("", "")  # nothing by which to find its processes
