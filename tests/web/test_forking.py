"""Servers that fork the application, over real sockets: each process has a lease of its own."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.eventually import eventually
from tests.support.gallery import make_celery
from tests.support.ports import free_port
from tests.support.processes import LocalProcess
from tests.web.conftest import environ_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard import Guard
    from tests.support.valkey import Valkey

CHILDREN = 3


class Site:
    """The gallery under a server that forks."""

    def __init__(self, guard: Guard, process: LocalProcess, port: int) -> None:
        self.guard = guard
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, method: str, path: str) -> tuple[int, str]:
        request = urllib.request.Request(self.url + path, method=method)  # noqa: S310 - our own server
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def asked(self) -> dict[int, bool]:
        """Which processes answer, and whether they believe that the gate is open."""
        found: dict[int, bool] = {}

        def all_answered() -> bool:
            told: dict[str, Any] = json.loads(self.ask("GET", "/admin/pid")[1])
            found[told["pid"]] = told["open"]
            return len(found) == CHILDREN

        eventually(all_answered, within=20, what=f"an answer of each process {self.process.log_tail}")
        return found


@pytest.fixture(params=["", "yes"], ids=["parent never asked", "parent asked first"])
def site(request: pytest.FixtureRequest, valkey: Valkey, tmp_path: Path) -> Iterator[Site]:
    environ = {
        **environ_of(valkey, tmp_path),
        "PREFORK_ASK_FIRST": request.param,
        "PYTHONPATH": str(Path.cwd()),
        "PYTHONWARNINGS": "ignore",
    }
    _, guard = make_celery(environ)
    port = free_port()
    argv = [sys.executable, "-m", "tests.support.prefork", str(port), str(CHILDREN)]
    process = LocalProcess("prefork", argv, workdir=tmp_path, env=environ)
    process.start()
    made = Site(guard, process, port)
    eventually(lambda: made.ask("GET", "/"), within=20, what="a server")
    yield made
    process.kill()
    process.close()
    guard.close()


def test_each_process_closes_with_the_window_and_opens_after_it(site: Site) -> None:
    assert set(site.asked()) != {site.process.pid}
    for _ in range(9):
        assert site.ask("POST", "/make")[0] == 202
    eventually(lambda: all(site.asked().values()), within=5, what="all open")

    site.guard.enable(reason="fork", by="ops", sessions="keep")
    # No process that is registered believes "open" any more once `enable` has returned.
    refused = [site.ask("POST", "/make") for _ in range(30)]
    assert {status for status, _ in refused} == {503}
    assert not any(site.asked().values())
    assert site.ask("GET", "/")[0] == 200
    eventually(lambda: site.guard.attempts.of().total == 30, within=5, what="the attempts of all processes")
    eventually(lambda: site.guard.status().refused == 30, within=5, what="all in the account")

    site.guard.disable(by="ops")
    eventually(lambda: all(site.asked().values()), within=5, what="all open again")
    assert {site.ask("POST", "/make")[0] for _ in range(9)} == {202}
