"""How long a window will take, from how long such windows took."""

from __future__ import annotations

from typing import Any

from guard.core.estimate import estimate
from guard.core.history import WindowRecord


def took(minutes: float, **changed: Any) -> WindowRecord:
    values = {
        "window_id": "w", "mode": "normal", "reason": "Reindex", "by": "alice", "started_at": 1000.0,
        "duration": 3600, "ended_at": 1000.0 + minutes * 60, "ended_by": "alice",
    }  # fmt: skip
    return WindowRecord(**(values | changed))


def minutes_of(records: list[WindowRecord], **asked: str) -> float | None:
    found = estimate(records, **({"name": "weekly", "reason": "Reindex", "mode": "normal"} | asked))
    return found.seconds / 60 if found is not None else None


def test_a_quarter_more_than_most_took() -> None:
    assert minutes_of([took(40)]) == 50
    assert minutes_of([took(n) for n in (10, 20, 30, 40, 400)]) == 50, "one of five may have taken longer"
    found = estimate([took(40), took(20)], name="", reason="Reindex", mode="normal")
    assert found is not None
    assert (
        found.basis
        == "80% of the last 2 windows of the same reason took 40 minutes at most, and 25% more as a buffer"
    )
    assert found.to_dict() == {"seconds": 3000, "windows": 2, "basis": found.basis}


def test_the_words_of_one_window_and_of_each_kin() -> None:
    def basis(*records: WindowRecord) -> str:
        found = estimate(records, name="weekly", reason="Reindex", mode="normal")
        assert found is not None
        return found.basis.removesuffix(", and 25% more as a buffer")

    assert basis(took(40)) == "the last window of the same reason took 40 minutes"
    assert basis(took(8, by="schedule: weekly")) == "the last window of schedule 'weekly' took 8 minutes"
    strangers = [took(8, reason="x")] * 3
    assert basis(*strangers) == "80% of the last 3 windows in mode normal took 8 minutes at most"
    assert basis(took(0)) == basis(took(-5)) == "the last window of the same reason took 0 seconds"


def test_the_last_twenty_count() -> None:
    found = estimate([took(4)] * 20 + [took(90)] * 80, name="", reason="Reindex", mode="normal")
    assert found is not None
    assert (found.windows, found.seconds) == (20, 300)


def test_the_nearest_kin_counts() -> None:
    own = took(8, by="schedule: weekly", reason="other")
    assert minutes_of([own, took(80)]) == 10
    assert minutes_of([took(80), took(8, reason="x")]) == 100
    strangers = [took(n, reason="x") for n in (8, 16, 24)]
    assert minutes_of(strangers) == 30
    assert minutes_of(strangers[:2]) is None, "two of another kind say nothing"


def test_what_does_not_count() -> None:
    assert minutes_of([]) is None
    assert minutes_of([took(40, ended_at=None)]) is None, "it is open"
    assert minutes_of([took(40, ended_by="schedule: weekly")]) is None, "its length was planned"
    assert minutes_of([took(40, ended_by="guard")]) is None, "its drain missed its deadline"
    assert minutes_of([took(40)], mode="test") is None
    assert minutes_of([took(40), *[took(1)] * 20][::-1]) is not None


def test_it_is_within_what_a_window_may_last() -> None:
    assert minutes_of([took(0)]) == 1
    assert minutes_of([took(99_999)]) == 7 * 24 * 60
