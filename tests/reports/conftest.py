"""A guard on stores of the test's own, whose reports are made at a time of the test's choosing."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from guard.reports.making import Making
from tests.automation.conftest import HandClock, House
from tests.reports.past import END, ZONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from guard.reports.parts import ReportParts
    from tests.support.valkey import Valkey

PLANTED = '<script>alert("planted")</script>'


class Desk(House):
    """A guard, its reports, and a clock."""

    def __init__(self, **environ: str) -> None:
        # a short lease: the first window of a young registry waits for one
        lease = {"GUARD_LEASE_SECONDS": "1", "GUARD_RENEW_SECONDS": "0.25", "GUARD_TIMEOUT_SECONDS": "0.2"}
        super().__init__(GUARD_TIME_ZONE=ZONE, **lease, **environ)
        self.clock = HandClock(END)
        self.redis = self.guard._parts.stores.plane.client
        self.keys = self.guard._parts.stores.keys

    def parts(self) -> ReportParts:
        """With the test's clock."""
        return replace(self.guard._parts.reporting.parts(), clock=self.clock)

    @property
    def making(self) -> Making:
        return Making(self.parts())

    @property
    def kept(self) -> Any:
        return self.guard._parts.reporting.kept


@contextmanager
def desk_on(valkey: Valkey, sql_url: str) -> Iterator[Desk]:
    made = Desk(
        DATABASE_URL=sql_url,
        REDIS_URL=valkey.url(valkey.fresh_db()),
        CELERY_BROKER_URL=valkey.broker_url(valkey.fresh_db()),
    )
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def desk(valkey: Valkey, tmp_path: Path) -> Iterator[Desk]:
    """On SQLite."""
    with desk_on(valkey, f"sqlite:///{tmp_path / 'guard.db'}") as made:
        yield made


@pytest.fixture(params=["sqlite", "mariadb"])
def any_desk(request: pytest.FixtureRequest, valkey: Valkey) -> Iterator[Desk]:
    """On each database."""
    with desk_on(valkey, str(request.getfixturevalue(f"{request.param}_url"))) as made:
        yield made


@pytest.fixture
def open_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Open a page; nothing may be wrong in its console, and it may ask no host."""
    from tests.support.browser import ARTEFACTS, opened

    with opened(browser, ARTEFACTS / "reports", request.node.name) as make:
        yield make
