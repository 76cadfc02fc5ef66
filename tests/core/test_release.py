"""Release: the ruling on each job."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.expiry import ExpiryPolicy
from guard.core.release import Fate, Ruling, rule
from tests.core.strategies import many
from tests.core.test_parked import JOB

NOW = 1_700_010_000.0
PARKED_AT = NOW - 600
KNOWN = {"tasks.images.optimize"}


def at(seconds: float, *, naive: bool = False) -> str:
    moment = datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=seconds)
    return (moment.replace(tzinfo=None) if naive else moment).isoformat()


IN_ANOTHER_ZONE = datetime.fromtimestamp(NOW + 60, timezone(timedelta(hours=2))).isoformat()

ROWS = [
    # a sentence, task known, expires, policy, fate, what it is published with, seconds left
    ("no worker knows it", False, None, "report", "wait", None, None),
    ("no worker knows it, expired or not", False, at(-5), "report", "wait", None, None),
    ("it has no expiry", True, None, "report", "give back", None, None),
    ("it has no expiry to extend", True, None, "extend", "give back", None, None),
    ("it expires later", True, at(60), "report", "give back", at(60), 60),
    ("it expired while parked", True, at(-60), "report", "give back expired", at(-60), None),
    ("it expires at this moment", True, at(0), "report", "give back expired", at(0), None),
    ("the window was a delay", True, at(-60), "extend", "give back", at(540), 540),
    ("it had expired before it was parked", True, at(-700), "extend", "give back expired", at(-100), None),
    ("it expires later, by another zone", True, IN_ANOTHER_ZONE, "report", "give back", IN_ANOTHER_ZONE, 60),
    ("it expires in a moment", True, at(0.5), "report", "give back", at(0.5), 0.5),
    (
        "an expiry without a zone is extended as UTC",
        True,
        at(60, naive=True),
        "extend",
        "give back",
        at(660),
        660,
    ),
    (
        "an expiry without a zone is UTC",
        True,
        at(60, naive=True),
        "report",
        "give back",
        at(60, naive=True),
        60,
    ),
    ("an expiry nobody can read", True, "tomorrow", "report", "give back", "tomorrow", None),
    ("an expiry nobody can extend", True, "tomorrow", "extend", "give back", "tomorrow", None),
]


@pytest.mark.parametrize(
    ("known", "expires", "policy", "fate", "published", "left"),
    [r[1:] for r in ROWS],
    ids=[r[0] for r in ROWS],
)
def test_ruling(
    known: bool, expires: str | None, policy: str, fate: str, published: str | None, left: float | None
) -> None:
    job = replace(JOB, expires=expires, parked_at=PARKED_AT)
    ruling = rule(job, known_tasks=KNOWN if known else set(), policy=ExpiryPolicy(policy), now=NOW)
    assert (ruling.fate.value, ruling.expires) == (fate, published)
    assert ruling.expires_in == (pytest.approx(left) if left is not None else None)


# Once a bug: OverflowError for a publisher's "never" with GUARD_EXPIRED_JOBS=extend; the release stops
# there for ever, since nobody catches it in the releaser.
@pytest.mark.parametrize("expires", ["9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59"])
def test_an_expiry_of_never_is_not_extended(expires: str) -> None:
    job = replace(JOB, expires=expires, parked_at=PARKED_AT)
    ruling = rule(job, known_tasks=KNOWN, policy=ExpiryPolicy.EXTEND, now=NOW)
    assert ruling == Ruling(fate=Fate.GIVE_BACK, expires=expires, expires_in=None)


@given(st.floats(-1e6, 1e6), st.floats(0, 604_800))
@many
def test_extending_moves_an_expiry_by_the_time_parked_and_by_nothing_else(left: float, parked: float) -> None:
    job = replace(JOB, expires=at(left), parked_at=NOW - parked)
    reported = rule(job, known_tasks=KNOWN, policy=ExpiryPolicy.REPORT, now=NOW)
    extended = rule(job, known_tasks=KNOWN, policy=ExpiryPolicy.EXTEND, now=NOW)
    assert reported.expires == job.expires
    assert extended.expires is not None
    moved = datetime.fromisoformat(extended.expires) - datetime.fromisoformat(at(left))
    assert moved.total_seconds() == pytest.approx(parked, abs=1e-3)
    assert (extended.fate is Fate.GIVE_BACK) == (datetime.fromisoformat(extended.expires).timestamp() > NOW)


@given(st.floats(-1e9, 1e9))
@many
def test_a_clock_that_went_back_shortens_nothing(ahead: float) -> None:
    job = replace(JOB, expires=at(60), parked_at=NOW + abs(ahead))
    ruling = rule(job, known_tasks=KNOWN, policy=ExpiryPolicy.EXTEND, now=NOW)
    assert ruling.expires_in == pytest.approx(60)


@given(st.none() | st.text(max_size=40), st.sampled_from(ExpiryPolicy))
@many
def test_any_expiry_gets_a_ruling(expires: str | None, policy: ExpiryPolicy) -> None:
    job = replace(JOB, expires=expires, parked_at=PARKED_AT)
    assert rule(job, known_tasks=KNOWN, policy=policy, now=NOW).fate is not Fate.WAIT
