"""A site per test: an app with a guard, and its API served by Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web_api.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.valkey import Valkey


@pytest.fixture
def site(valkey: Valkey, tmp_path: Path) -> Iterator[Site]:
    """On empty stores of its own."""
    made = Site(
        redis=valkey.url(valkey.fresh_db()), broker=valkey.broker_url(valkey.fresh_db()), folder=tmp_path
    )
    with made:
        yield made
