"""What may bite: each fact alone, and nothing when nothing is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.hazards import Facts, hazards
from tests.core.strategies import many

QUIET = Facts(
    duration=3600, visibility_timeout=7200, result_expires=86_400, eviction_policy="noeviction", signed=True
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({}, (), id="all is well"),
        pytest.param({"signed": False}, ("GUARD_SECRET_KEY",), id="records are not signed"),
        pytest.param(
            {"eviction_policy": "allkeys-lru"}, ("unsafe", "noeviction"), id="Redis may evict queues"
        ),
        pytest.param({"eviction_policy": "volatile-lru"}, (), id="only keys with a TTL are evicted"),
        pytest.param(
            {"visibility_timeout": 1800.0}, ("30 minutes", "twice"), id="a job may be delivered twice"
        ),
        pytest.param({"visibility_timeout": 3600.0}, (), id="just within the visibility timeout"),
        pytest.param({"result_expires": 7000.0}, ("result_expires",), id="a chord may lose its counter"),
        pytest.param({"result_expires": 7200.0}, (), id="results are kept twice as long as the window"),
        pytest.param(
            {"duration": None, "visibility_timeout": 1.0, "result_expires": 1.0}, (), id="no duration"
        ),
        pytest.param(
            {"visibility_timeout": None, "result_expires": None, "eviction_policy": None}, (), id="unknown"
        ),
    ],
)
def test_hazard(change: dict[str, object], words: tuple[str, ...]) -> None:
    found = " ".join(hazards(replace(QUIET, **change)))
    assert bool(found) == bool(words)
    assert all(word in found for word in words)


def test_the_most_dangerous_comes_first() -> None:
    facts = Facts(
        duration=9000,
        visibility_timeout=60,
        result_expires=60,
        eviction_policy="allkeys-random",
        signed=False,
    )
    assert hazards(facts) == (
        "unsafe: Redis may evict queues and guard keys (maxmemory-policy allkeys-random): use noeviction",
        (
            "the window is longer than the broker's visibility timeout (1 minute): "
            "a job that runs or waits for its ETA in a worker for longer than that is delivered twice"
        ),
        (
            "results and chords expire after 1 minute: "
            "one that waits through this window may lose its counter; raise result_expires"
        ),
        "guard records are not signed: whoever can write to Redis can open the gate; set GUARD_SECRET_KEY",
    )


@given(
    st.builds(
        Facts,
        duration=st.none() | st.integers(1, 604_800),
        visibility_timeout=st.none() | st.floats(0, 1e9),
        result_expires=st.none() | st.floats(0, 1e9),
        eviction_policy=st.none() | st.sampled_from(["noeviction", "allkeys-lfu", "volatile-ttl", ""]),
        signed=st.booleans(),
    )
)
@many
def test_every_warning_is_one_line(facts: Facts) -> None:
    assert all(warning and "\n" not in warning for warning in hazards(facts))
