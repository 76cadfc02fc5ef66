"""One shop with a worker, one served page, one browser for all tests here: each takes seconds to start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.admin_page.place import AdminPage, Person
from tests.support.browser import ARTEFACTS, opened, picture_in
from tests.support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from tests.support.valkey import Valkey

PICTURES = ARTEFACTS / "admin_page"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """kombu and Celery leave sockets of workers that were ended for the collector to close."""
    ignored = pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
    )
    for item in items:
        if "tests/admin_page/" in str(item.path):
            item.add_marker(ignored)


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Open a page in a context of its own: `open_page(dark=True, phone=True, …)`. Nothing may be wrong in
    the console, and no page may ask a host that is not ours."""
    with opened(browser, PICTURES, request.node.name) as make:
        yield make


@pytest.fixture
def picture() -> Callable[[Any, str], None]:
    """Keep a screenshot as an artefact: `picture(page, "drain")`."""
    return picture_in(PICTURES)


@pytest.fixture(scope="session")
def place(valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminPage]:
    """A shop with a worker and its served admin page."""
    folder = tmp_path_factory.mktemp("admin")
    with Shop(
        broker=valkey.broker_url(valkey.fresh_db()),
        backend=valkey.broker_url(valkey.fresh_db()),
        redis=valkey.url(valkey.fresh_db()),
        folder=folder,
        SHOP_ACKS="early",  # a job that was ended does not run again
        GUARD_SECOND_APPROVER="discard",
    ) as shop:
        served = shop._celery("web", ["maintenance", "web", "--port", "0", "--json"], {})
        shop.worker("w1", concurrency=3)
        made = AdminPage(shop, served)
        shop.settled()
        yield made


@pytest.fixture
def site(place: AdminPage) -> Iterator[AdminPage]:
    """The page, with no window open before and after."""
    place.open_again()
    yield place
    place.open_again()


@pytest.fixture(scope="session")
def admin(place: AdminPage) -> Person:
    """Somebody who may do everything."""
    return Person(place.shop, "alice", "admin")


@pytest.fixture(scope="session")
def reader(place: AdminPage) -> Person:
    """Somebody who may only look."""
    return Person(place.shop, "rita", "read")


@pytest.fixture(scope="session")
def officer(place: AdminPage) -> Person:
    """Somebody else who may do everything."""
    return Person(place.shop, "olga", "admin")
