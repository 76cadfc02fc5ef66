"""Being scraped: the HTTP API, the exporter, and servers that are away."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests

import guard.errors
from guard.api.exposing import as_dict
from guard.cli.metrics_server import serve
from tests.metrics.reading import read
from tests.support.eventually import eventually
from tests.support.shop import Shop
from tests.support.stopwatch import Stopwatch
from tests.support.valkey import Valkey
from tests.web_api.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.processes import LocalProcess

TOKEN = "a-token-of-the-scraper"
PATH = "/api/maintenance/metrics"


@pytest.fixture
def private() -> Iterator[Valkey]:
    """A server that the test may stop."""
    with Valkey() as server:
        yield server


@pytest.fixture
def site(private: Valkey, valkey: Valkey, tmp_path: Path) -> Iterator[Site]:
    """A web side whose control plane is the private server."""
    with Site(redis=private.url(), broker=valkey.broker_url(valkey.fresh_db()), folder=tmp_path) as made:
        yield made


def test_the_api_tells_readers_and_nobody_else(site: Site) -> None:
    client = site.flask.test_client()
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers={"Authorization": "Bearer wrong"}).status_code == 401
    answer = client.get(PATH, headers=site.bearer("read"))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    told = read(answer.text)
    assert told["guard_state_known"] == 1
    assert told["guard_mode{mode=off}"] == 1
    assert {key: value for key, value in told.items() if key.startswith("guard_up")} == {
        "guard_up{component=broker}": 1,
        "guard_up{component=redis}": 1,
        "guard_up{component=sql}": 1,
    }


def test_of_a_server_that_is_away_nothing_is_told_but_that(site: Site, private: Valkey) -> None:
    site.enable(mode="test")
    before = read(site.guard.metrics.text())
    assert before["guard_mode{mode=test}"] == 1
    assert "guard_jobs_total{event=refused,operation=job_creation}" in before

    private.stop()
    gone = seen(site, redis=0)
    assert gone["guard_mode{mode=test}"] == 1, "the database knows it"
    told = {key.partition("{")[0] for key in gone}
    assert not told & {"guard_jobs_total", "guard_workers", "guard_store_errors_total", "guard_jobs_held"}
    assert not any(name.startswith("guard_decision") for name in told)

    private.start()
    site.guard.change(by="tests", reason="written to the empty server again")
    back = seen(site, redis=1)
    # what failed while it was away was counted here, and is sent by this process's agent
    assert not site.guard.is_active
    failed = "guard_store_errors_total{store=redis}"
    eventually(lambda: read(site.guard.metrics.text()).get(failed, 0) > 0, within=10)
    assert back["guard_jobs_total{event=refused,operation=job_creation}"] == 0, "counted since it is back"


def seen(site: Site, *, redis: int) -> dict[str, float]:
    """The figures, once Redis is there or is not."""
    return eventually(
        lambda: (now := read(site.guard.metrics.text()))["guard_up{component=redis}"] == redis and now,
        within=10,
    )


def test_a_server_that_hangs_keeps_nobody(site: Site, private: Valkey) -> None:
    site.guard.metrics.look()
    private.freeze()
    try:
        watch = Stopwatch()
        figures = eventually(
            lambda: (look := site.guard.metrics.look(within=1.0)).up["redis"] is False and look, within=10
        )
        assert watch.seconds < 4
        assert figures.up == {"redis": False, "sql": True, "broker": True}
        assert figures.mode == "off"
        assert figures.workers is None
        watch = Stopwatch()
        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(lambda _: site.guard.metrics.look(within=1.0).up["redis"], range(8)))
        assert told == [False] * 8
        assert watch.seconds < 4, "each waits for the same look"
    finally:
        private.thaw()


def test_everybody_who_asks_at_the_same_time_gets_one_look(site: Site, private: Valkey) -> None:
    with private.client() as client:
        site.guard.metrics.look()
        before = client.info("commandstats")["cmdstat_hgetall"]["calls"]
        for _ in range(50):
            site.guard.metrics.text()
        calls = client.info("commandstats")["cmdstat_hgetall"]["calls"] - before
    assert calls <= 3 * 8, "a second or two at most, and some eight commands for each look"


@pytest.fixture
def shop(valkey: Valkey, tmp_path: Path) -> Iterator[Shop]:
    with Shop(
        broker=valkey.broker_url(valkey.fresh_db()),
        backend=valkey.broker_url(valkey.fresh_db()),
        redis=valkey.url(valkey.fresh_db()),
        folder=tmp_path,
    ) as made:
        made.guard.durable.migrate()  # type: ignore[attr-defined]
        yield made


def exporter(shop: Shop, *words: str) -> tuple[LocalProcess, str]:
    """A running `maintenance metrics`, and where it answers."""
    process = shop._celery("exporter", ["maintenance", "metrics", "--port", "0", "--json", *words], {})
    line = eventually(
        lambda: next((line for line in process.log.splitlines() if line.startswith("{")), None), within=30
    )
    return process, json.loads(line)["address"]


def test_the_exporter_asks_nobody_on_this_machine_and_ends_in_order(shop: Shop) -> None:
    process, address = exporter(shop)
    assert address.startswith("http://127.0.0.1:")
    answer = requests.get(address, timeout=10)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert read(answer.text)["guard_state_known"] == 1
    assert requests.get(address.replace("/metrics", "/"), timeout=10).status_code == 404
    assert requests.post(address, timeout=10).status_code == 501
    assert process.terminate(10) == 0, process.log_tail


def test_the_exporter_asks_for_a_token_where_others_can_reach_it(shop: Shop) -> None:
    file = shop.folder / "token"
    file.write_text(TOKEN + "\n", "utf-8")
    process, address = exporter(
        shop, "--host", "0.0.0.0", "--behind-tls", "--token-file", str(file)  # noqa: S104 - a test's own port
    )  # fmt: skip
    here = address.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
    for sent in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        answer = requests.get(here, headers=sent, timeout=10)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert "guard_" not in answer.text
    assert requests.get(here, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10).status_code == 200
    assert TOKEN not in process.log


def test_it_does_not_listen_where_others_could_read_along(site: Site, tmp_path: Path) -> None:
    good, short = tmp_path / "good", tmp_path / "short"
    good.write_text(TOKEN, "utf-8")
    short.write_text("secret", "utf-8")
    for host, behind_tls, file, says in (
        ("0.0.0.0", False, good, "--behind-tls"),  # noqa: S104
        ("0.0.0.0", True, None, "--token-file"),  # noqa: S104
        ("example.org", True, None, "--token-file"),
        ("127.0.0.1", False, short, "16 characters"),
        ("127.0.0.1", False, tmp_path / "none", "cannot be read"),
        ("203.0.113.9", True, good, "cannot listen"),
    ):
        with pytest.raises(guard.errors.InvalidRequest) as caught:
            serve(
                site.guard.metrics,
                host=host,
                port=0,
                token_file=file,
                behind_tls=behind_tls,
                ready=pytest.fail,
            )
        assert says in str(caught.value)
        assert "secret" not in str(caught.value)


def test_once(shop: Shop) -> None:
    code, printed = shop.maintenance("metrics", "--once")
    assert code == 0, printed
    assert read(printed)["guard_mode{mode=off}"] == 1


def test_as_json(site: Site) -> None:
    figures = json.loads(json.dumps(as_dict(site.guard.metrics.look(), declared=())))
    assert figures["guard_epoch"] == [{"name": "guard_epoch", "labels": {}, "value": 0.0}]
    assert figures["guard_jobs_in_flight"] == []
