"""The policies by the names that settings use."""

from __future__ import annotations

from guard.core.expiry import ExpiryPolicy


def test_the_names_in_settings() -> None:
    assert [policy.value for policy in ExpiryPolicy] == ["report", "extend"]
