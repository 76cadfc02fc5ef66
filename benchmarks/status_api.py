"""The status over HTTP at 200 requests a second on one process, also while SQL and Redis are away."""

from __future__ import annotations

import sys
import threading
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

from benchmarks.figures import Figure, Result, at_most
from benchmarks.fleet import Fleet
from benchmarks.numbers import percentile
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.processes import LocalProcess

__all__ = ["measure"]

_PER_SECOND = 200
_CLIENTS = 20
_WHOLE_SECONDS, _QUICK_SECONDS = 15, 3
_STATUS, _PLAIN = "/api/maintenance/status", "/plain"


def measure(*, quick: bool) -> Result:
    """Ask the status and a plain view in turns, then the status with both stores gone."""
    seconds = _QUICK_SECONDS if quick else _WHOLE_SECONDS
    with Fleet() as fleet:
        arm = fleet.arm(0, guarded=True)
        _, guard = arm.app()
        assert guard is not None
        guard.enable(reason="benchmark", by="benchmark", mode="normal", duration=3600)
        server = fleet.run("status", [sys.executable, "-m", "benchmarks.status_server"], arm.environ)
        port = _port_of(server)
        _ask(port, _STATUS, 1)
        plain = _ask(port, _PLAIN, seconds)
        there = _ask(port, _STATUS, seconds)
        known = _told(port)
        guard.close()
        fleet.valkey.stop()
        database = fleet.folder / "guard0.db"
        database.rename(fleet.folder / "away.db")
        database.mkdir()
        eventually(lambda: _told(port)["stale"], within=30, what="a stale status")
        away = _ask(port, _STATUS, seconds)
        stale = _told(port)
    if known["stale"] or not (stale["stale"] and stale["is_active"] and stale["age"] > 1):
        raise AssertionError(f"not what was to be measured: {known} {stale}")
    return Result(
        title=f"The status over HTTP, {_PER_SECOND} requests a second, one process",
        figures=[
            *_figures("stores there", there, plain),
            *_figures("SQL and Redis away, marked stale", away, plain),
        ],
        notes=[
            f"{_CLIENTS} connections that are kept, each on its own timetable for {seconds} s",
            "clients, server and stores share the machine",
            "waitress with 8 threads; a request that comes late counts from when it was due",
            f"at the end of the outage the answer's age was {stale['age']:.0f} s",
        ],
        raw={"there": there, "away": away, "plain": plain},
    )


def _figures(name: str, ours: Sequence[float], plain: Sequence[float]) -> list[Figure]:
    return [
        Figure(
            name=f"{name}, {label}",
            value=percentile(ours, share) * 1000,
            unit="ms",
            beside=percentile(plain, share) * 1000,
            beside_is=f"a view without the guard, {label}",
            ratio=percentile(ours, share) / percentile(plain, share),
            target=at_most(10.0) if label == "p99" else None,
        )
        for share, label in ((0.5, "p50"), (0.99, "p99"))
    ]


def _port_of(server: LocalProcess) -> int:
    found: str = eventually(lambda: server.log.splitlines()[0], within=30, what="the server's port")
    return int(found)


def _told(port: int) -> Any:
    import json

    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", _STATUS)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def _ask(port: int, path: str, seconds: int) -> list[float]:
    """Seconds that each answer took, from when its request was due."""
    took: list[list[float]] = [[] for _ in range(_CLIENTS)]
    begin = time.perf_counter() + 0.3
    pause = _CLIENTS / _PER_SECOND

    def client(number: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        connection.connect()
        for turn in range(round(seconds / pause)):
            due = begin + turn * pause + number * pause / _CLIENTS
            time.sleep(max(0.0, due - time.perf_counter()))
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise AssertionError(f"{path} answered {answer.status}")
            took[number].append(time.perf_counter() - due)
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one for mine in took for one in mine]
