"""What several tests of parts of a worker need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from guard.gates.page import SharedPage

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def page() -> Iterator[SharedPage]:
    """A shared page, as a worker makes it before its pool forks."""
    made = SharedPage()
    yield made
    made.words.release()
    made._memory.close()
