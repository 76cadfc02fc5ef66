"""`maintenance web`: what it refuses, how it ends, and what it shows when everything is away."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest
import requests

from tests.admin_page.place import AdminPage, Person, field
from tests.support.ports import free_port
from tests.support.shop import Shop
from tests.support.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page


EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is refused


@pytest.fixture
def shop(valkey: Valkey, tmp_path: Path) -> Iterator[Shop]:
    """A shop without a worker."""
    broker = valkey.broker_url(valkey.fresh_db())
    with Shop(broker=broker, backend=broker, redis=valkey.url(valkey.fresh_db()), folder=tmp_path) as made:
        yield made


def test_it_refuses_to_speak_plainly_to_others(shop: Shop) -> None:
    code, said = shop.maintenance("web", "--host", EVERYWHERE, "--port", "0")
    assert code == 2
    assert "--behind-tls" in said
    code, said = shop.maintenance("web", "--host", "::", "--port", "0", "--json")
    assert code == 2
    assert json.loads(said)["error"] == "InvalidRequest"


def test_an_address_in_use(shop: Shop) -> None:
    import socket

    port = free_port()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        code, said = shop.maintenance("web", "--port", str(port))
    assert code == 2
    assert "cannot listen" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(shop: Shop, number: signal.Signals) -> None:
    served = shop._celery("web", ["maintenance", "web", "--port", "0", "--json"], {})
    page = AdminPage(shop, served)
    assert requests.get(page.url("sign-in"), timeout=10).status_code == 200
    os.kill(served.pid, number)
    assert served.wait(15) == 0, served.log_tail
    assert "Traceback" not in served.log
    with pytest.raises(requests.ConnectionError):
        requests.get(page.url(), timeout=2)


def test_behind_tls_cookies_are_bound_to_host_and_https(shop: Shop) -> None:
    options = ["--host", EVERYWHERE, "--port", "0", "--behind-tls", "--trusted-proxy", "127.0.0.1", "--json"]
    page = AdminPage(shop, shop._celery("web", ["maintenance", "web", *options], {}))
    page.origin = page.origin.replace(EVERYWHERE, "127.0.0.1")
    person = Person(shop, "tess", "read")
    form = requests.get(page.url("sign-in"), timeout=10)
    tie = form.raw.headers.getlist("Set-Cookie")[0]
    assert "Secure" in tie
    done = requests.post(
        page.url("sign-in"),
        data={"token": person.token, "csrf": field(form.text, "csrf")},
        headers={"Cookie": tie.split(";")[0], "X-Forwarded-For": "203.0.113.9", "Origin": page.origin},
        allow_redirects=False,
        timeout=10,
    )
    made = next(one for one in done.raw.headers.getlist("Set-Cookie") if one.startswith("__Host-guard="))
    assert all(word in made for word in ("Secure", "HttpOnly", "Path=/"))
    assert "Domain" not in made
    lines = shop.guard.records.journal(5, action="sign in")
    assert lines[0].record.detail["address"] == "203.0.113.9"


def test_what_is_away_is_shown_as_unknown(tmp_path: Path, open_page: Callable[..., Page]) -> None:
    with Valkey() as server:
        broker = server.broker_url(server.fresh_db())
        redis = server.url(server.fresh_db())
        with Shop(broker=broker, backend=broker, redis=redis, folder=tmp_path) as shop:
            site = AdminPage(shop, shop._celery("web", ["maintenance", "web", "--port", "0", "--json"], {}))
            page = open_page()
            site.sign_in(page, Person(shop, "nina", "admin"))
            server.stop()
            page.locator("#figures").get_by_text("unknown").first.wait_for()  # told by itself
            paths = ("", "jobs", "workers", "sessions", "journal", "windows", "reports", "alerts", "plans")
            for path in paths:
                answer = page.goto(site.url(path))
                assert answer is not None
                assert answer.status == 200, path
            page.goto(site.url("workers"))
            assert "Unknown" in page.locator("#workers").inner_text()
            page.goto(site.url("jobs"))
            assert "unknown" in page.locator("#parked").inner_text().lower()
            for file in tmp_path.glob("guard.db*"):
                file.write_bytes(b"no database any more" * 1000)
            answer = page.goto(site.url())
            assert answer is not None
            assert answer.status == 503
            assert "command line" in page.inner_text("body")
