"""The only place where tests wait: poll for a condition instead of sleeping for a guessed time."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

FIRST_PAUSE = 0.005
LONGEST_PAUSE = 0.1
GROWTH = 1.5
PATIENCE = 3.0 if "PYTEST_XDIST_WORKER" in os.environ else 1.0
"""A limit is there to end what hangs. Where tests run side by side it may be three times as long: how fast
something is, is said by a test that looks at the clock, and by the benchmarks."""


def eventually(predicate: Callable[[], T], within: float = 10.0, what: str = "") -> T:
    """Poll `predicate` until it returns something truthy and return that.

    An exception raised by the predicate counts as "not yet": while a server starts, refused
    connections are normal. On timeout the AssertionError names `what`, the time spent and the last
    value or exception, so that a failure on a distant machine can be understood from its log alone.

    Args:
        within: seconds on a machine that has nothing else to do (`PATIENCE`).
    """
    within *= PATIENCE
    started = time.monotonic()
    pause = FIRST_PAUSE
    while True:
        error: Exception | None = None
        try:
            value = predicate()
            if value:
                return value
            seen = f"last value: {value!r}"
        except Exception as caught:  # noqa: BLE001 - whatever it was, it is shown if the time runs out
            error = caught
            seen = f"last exception: {type(caught).__name__}: {caught}"
        spent = time.monotonic() - started
        if spent >= within:
            raise AssertionError(
                f"waited {spent:.2f} s (limit {within:g} s) for {what or _name(predicate)}; {seen}"
            ) from error
        time.sleep(min(pause, max(within - spent, FIRST_PAUSE)))
        pause = min(pause * GROWTH, LONGEST_PAUSE)


def throughout(predicate: Callable[[], object], during: float, what: str = "") -> None:
    """Assert that `predicate` stays truthy for `during` seconds: for "this must NOT happen".

    Keep `during` short; it is spent in full whenever the test passes.
    """
    started = time.monotonic()
    while (spent := time.monotonic() - started) < during:
        value = predicate()
        if not value:
            subject = what or _name(predicate)
            raise AssertionError(f"{subject} ceased to hold after {spent:.2f} s; value: {value!r}")
        time.sleep(min(0.02, during))


def let_pass(seconds: float) -> None:
    """Let a random time pass where random moments are the point: this waits for nothing."""
    time.sleep(seconds)


def _name(predicate: Callable[[], object]) -> str:
    return getattr(predicate, "__qualname__", repr(predicate))
