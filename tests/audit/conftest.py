"""An installation whose journal and secrets are looked at, on SQLite and a real Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.access.conftest import House, make_house

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.valkey import Valkey


@pytest.fixture
def house(valkey: Valkey, sqlite_url: str) -> Iterator[House]:
    """A new installation."""
    made = make_house(valkey, sqlite_url, valkey.fresh_db())
    yield made
    made.close()
