"""What the guard costs a web application: one check, an allowed request, and a storm of refused ones."""

from __future__ import annotations

import logging
import time
from statistics import median
from typing import TYPE_CHECKING, Any
from wsgiref.util import setup_testing_defaults

from flask import Flask

import guard.api.attempts
from benchmarks.figures import Figure, Result, at_least, at_most
from benchmarks.fleet import Fleet
from benchmarks.numbers import median_ratio, percentile
from guard.web import MaintenanceExtension, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard import Guard

__all__ = ["measure"]

_CALLS = 200
_REQUESTS = 100
_PATH = "/api/jobs"
"""A route that makes jobs: refused whoever asks."""


def measure(*, quick: bool) -> Result:
    """Time `check`, and requests through the whole application: Flask with a view that does nothing."""
    rounds = 15 if quick else 80
    logging.getLogger("guard.maintenance").setLevel(logging.ERROR)
    with Fleet() as fleet:
        _, installed = fleet.arm(0, guarded=True).app()
        assert installed is not None
        checks = _checks(installed, 200 if quick else 2000)
        bare, ours = _application(None), _application(installed)
        _run(bare), _run(ours)
        opened = _paired(rounds, lambda: _run(ours), lambda: _run(bare))
        installed.enable(reason="benchmark", by="benchmark", sessions="keep")
        storm = _paired(rounds, lambda: _run(bare), lambda: _run(ours, expect="503"))
        reading = _paired(rounds, lambda: _run(ours, method="GET"), lambda: _run(bare, method="GET"))
        limit, guard.api.attempts.LINES_PER_SECOND = guard.api.attempts.LINES_PER_SECOND, 10**9
        try:
            installed.attempts.flush()
            single = _paired(rounds, lambda: _run(bare), lambda: _run(ours, expect="503"))
        finally:
            guard.api.attempts.LINES_PER_SECOND = limit
        installed.disable(by="benchmark")
    return Result(
        title="Requests of a web application",
        figures=[
            *checks,
            _cost("allowed request, no window", opened, target=at_most(1.02)),
            _cost("allowed request while closed", reading),
            _rate("refused requests, a storm", storm, target=at_least(1.0)),
            _rate("refused requests, one by one", single),
        ],
        notes=[
            "requests: whole WSGI calls of a Flask application, processor time of this process, no server",
            f"medians of {rounds} pairs of {_REQUESTS}; a server and a real view make each share less",
            "a storm: more than ten refusals in a second, and of an operation that is refused whoever asks",
            "one by one: with who asks, a log line (not written here), and all functions of the application",
        ],
    )


def _application(installed: Guard | None) -> Flask:
    app = Flask("benchmark")

    @app.route(_PATH, methods=["GET", "POST"])
    def trivial() -> str:
        return "ok"

    if installed is not None:
        MaintenanceExtension(app, installed, api=False, admin=False)
    return app


def _run(app: Flask, *, method: str = "POST", expect: str = "200") -> float:
    """Microseconds of processor time per request."""
    environs: list[dict[str, Any]] = [
        {"REQUEST_METHOD": method, "PATH_INFO": _PATH, "HTTP_HOST": "bench"} for _ in range(_REQUESTS)
    ]
    for environ in environs:
        setup_testing_defaults(environ)
    statuses: list[str] = []
    begun = time.thread_time_ns()
    for environ in environs:
        body = app.wsgi_app(environ, lambda status, *_: statuses.append(status))
        for _ in body:
            pass
        if hasattr(body, "close"):
            body.close()
    spent = (time.thread_time_ns() - begun) / _REQUESTS / 1000
    assert all(status.startswith(expect) for status in statuses), set(statuses)
    return spent


def _paired(
    rounds: int, one: Callable[[], float], other: Callable[[], float]
) -> tuple[list[float], list[float]]:
    both = [(one(), other()) if turn % 2 else (other(), one())[::-1] for turn in range(rounds)]
    return [pair[0] for pair in both], [pair[1] for pair in both]


def _cost(name: str, times: tuple[list[float], list[float]], target: Any = None) -> Figure:
    """Processor time beside that of the application without the guard."""
    ratio, low, high = median_ratio(*times)
    return Figure(
        name=name,
        value=median(times[0]),
        unit="µs",
        beside=median(times[1]),
        beside_is="unguarded",
        ratio=ratio,
        interval=(low, high),
        target=target,
        judged="ratio",
    )


def _rate(name: str, times: tuple[list[float], list[float]], target: Any = None) -> Figure:
    """Requests per second beside those of the application without the guard."""
    bare, ours = times
    ratio, low, high = median_ratio(bare, ours)  # times the other way round are rates
    return Figure(
        name=name,
        value=1e6 / median(ours),
        unit="/s",
        beside=1e6 / median(bare),
        beside_is="unguarded",
        ratio=ratio,
        interval=(low, high),
        target=target,
        judged="ratio",
    )


def _checks(installed: Guard, readings: int) -> list[Figure]:
    user = User(name="bob", role="viewer")
    calls: dict[str, Callable[[], object]] = {
        "guard.check(operation)": lambda: installed.check("caption_generation"),
        "guard.check(operation, user=…)": lambda: installed.check("caption_generation", user=user),
        "guard.check_request(method, path, user=…)": lambda: installed.check_request(
            "POST", _PATH, user=user
        ),
    }
    figures = []
    for name, call in calls.items():
        assert call()
        times = []
        for _ in range(readings):
            begun = time.perf_counter_ns()
            for _ in range(_CALLS):
                call()
            times.append((time.perf_counter_ns() - begun) / _CALLS / 1000)
        figures.append(
            Figure(name=f"{name}, p50", value=percentile(times, 0.5), unit="µs", target=at_most(5.0))
        )
    return figures
