"""Ten thousand schedules: no promise is broken, and the misfortunes came. `make simulate` runs more."""

from __future__ import annotations

import pytest

from tests.simulator.apart import apart
from tests.simulator.batch import run

_EACH = 2_500


@pytest.mark.parametrize("first", range(0, 4 * _EACH, _EACH))
def test_no_promise_is_broken(first: int) -> None:
    print(f"seeds {first} to {first + _EACH - 1}; replay one: python -m tests.simulator --trace SEED")
    result = apart(run, first, _EACH)
    assert result.violations == []
    assert result.missing == []
