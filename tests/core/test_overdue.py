"""Windows and parked jobs that have passed their time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guard.core.expiry import ExpiryPolicy
from guard.core.modes import Mode, Phase
from guard.core.overdue import expired_jobs, overdue_since
from guard.core.state import GuardState
from tests.contracts.doers import parked_job

STATE = replace(
    GuardState.first("s", 0.0),
    phase=Phase.ACTIVE,
    mode=Mode.NORMAL,
    window_id="w",
    started_at=1000.0,
    duration=600,
)


@pytest.mark.parametrize(
    ("state", "now", "since"),
    [
        (STATE, 1600, None),
        (STATE, 1601, 1600),
        (replace(STATE, duration=None), 8200, None),
        (replace(STATE, duration=None), 8201, 8200),
        (replace(STATE, phase=Phase.DRAINING), 1601, 1600),
        (replace(STATE, phase=Phase.RELEASING), 9999, None),
        (replace(STATE, started_at=None), 9999, None),
        (GuardState.first("s", 0.0), 9999, None),
    ],
)
def test_since_when(state: GuardState, now: float, since: float | None) -> None:
    assert overdue_since(state, default_seconds=7200, now=now) == since


@pytest.mark.parametrize(
    ("expires", "policy", "expired"),
    [
        (None, ExpiryPolicy.REPORT, False),
        ("1970-01-01T00:20:00+00:00", ExpiryPolicy.REPORT, True),
        ("1970-01-01T00:20:00", ExpiryPolicy.REPORT, True),
        ("1970-01-01T01:20:00+01:00", ExpiryPolicy.REPORT, True),
        ("1970-01-01T03:00:00+00:00", ExpiryPolicy.REPORT, False),
        ("1970-01-01T00:20:00+00:00", ExpiryPolicy.EXTEND, False),  # it had not expired when it was parked
        ("nonsense", ExpiryPolicy.REPORT, False),
    ],
)
def test_expired_jobs(expires: str | None, policy: ExpiryPolicy, expired: bool) -> None:
    job = replace(parked_job(), expires=expires, parked_at=1000.0)
    assert expired_jobs([job], policy=policy, now=5000.0) == ([job] if expired else [])


def test_only_those_that_have_expired_and_each_by_its_own_task() -> None:
    late = replace(parked_job(), expires="1970-01-01T00:20:00+00:00", parked_at=1000.0)
    jobs = [late, replace(late, expires=None), replace(late, task="another")]
    assert expired_jobs(iter(jobs), policy=ExpiryPolicy.REPORT, now=5000.0) == [jobs[0], jobs[2]]
