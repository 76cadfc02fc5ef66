"""What is counted, by the words under which stores keep the sums: those of older releases are read too."""

from __future__ import annotations

from guard.core.counts import Count


def test_the_words_that_stores_keep() -> None:
    assert {count.name: count.value for count in Count} == {
        "REFUSED": "refused",
        "HELD": "held",
        "ABORTED": "aborted",
        "COALESCED": "coalesced",
        "REQUEUED": "requeued",
        "PARKED": "parked",
        "RELEASED": "released",
        "EXPIRED": "expired",
        "DISCARDED": "discarded",
        "DUPLICATE": "duplicate",
        "RUNNING": "running",
        "COMPLETED": "completed",
        "INTERRUPTED": "interrupted",
        "KILLED": "killed",
        "LOST": "lost",
        "RAN_ON": "ran_on",
        "FAILED": "failed",
        "WOULD_REFUSE": "would_refuse",
        "WOULD_HOLD": "would_hold",
        "WOULD_WAIT_FOR": "would_wait_for",
        "WOULD_END": "would_end",
        "BYPASSED": "bypassed",
    }
