"""A shop per test, on the broker that the test asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.valkey import Valkey


@pytest.fixture
def make_shop(
    request: pytest.FixtureRequest, valkey: Valkey, tmp_path: Path
) -> Iterator[Callable[..., Shop]]:
    """`make_shop("redis" | "rabbitmq" | "quorum", **environ)`: an app with empty stores of its own."""
    made: list[Shop] = []

    def make(broker: str = "redis", **environ: str) -> Shop:
        if broker == "redis":
            url = valkey.broker_url(valkey.fresh_db())
        else:
            url = request.getfixturevalue("amqp_url")
            environ.setdefault("SHOP_QUEUE_TYPE", "quorum" if broker == "quorum" else "classic")
        folder = tmp_path / f"shop{len(made)}"
        folder.mkdir()
        backend, control = valkey.broker_url(valkey.fresh_db()), valkey.url(valkey.fresh_db())
        shop = Shop(broker=url, backend=backend, redis=control, folder=folder, **environ)
        if broker != "redis":
            shop.cut_connections = request.getfixturevalue("rabbitmq").cut_connections
        made.append(shop)
        return shop

    yield make
    for shop in made:
        shop.__exit__()


@pytest.fixture
def shop(make_shop: Callable[..., Any]) -> Shop:
    """A shop on Redis."""
    return make_shop("redis")  # type: ignore[no-any-return]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In these tests connections are cut and servers killed. kombu and Celery then drop broken sockets for
    the collector to close, which warns in whichever test it happens. Leaks of ours are caught by the
    contract suites, where this is not ignored."""
    ignored = pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
    )
    for item in items:
        if "tests/acceptance/" in str(item.path):
            item.add_marker(ignored)
