"""A shop per test, on the broker that the test asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from tests.support.valkey import Valkey

SHOPS = pytest.StashKey["list[Shop]"]()


@pytest.fixture
def make_shop(
    request: pytest.FixtureRequest, valkey: Valkey, tmp_path: Path
) -> Iterator[Callable[..., Shop]]:
    """`make_shop("redis" | "rabbitmq" | "quorum", **environ)`: an app with empty stores of its own."""
    made = request.node.stash[SHOPS] = []

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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What failed on a distant machine has to be understood from what its processes said."""
    report = yield
    if call.when == "call" and report.failed:
        for process in (one for shop in item.stash.get(SHOPS, []) for one in shop.processes):
            report.sections.append((f"end of the log of {process.name}", process.log_tail))
            if process.alive:
                children = "\n".join(map(_said_by_the_kernel, process.children()))
                report.sections.append((f"children of {process.name}", children))
    return report


def _said_by_the_kernel(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {process.status()}, {process.cpu_times()}, {process.num_threads()} threads"
    except psutil.NoSuchProcess:
        return f"{process.pid} is gone"


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
