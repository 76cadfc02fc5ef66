"""Fixtures and a marker: ``pytest_plugins = ["guard.testing.pytest_plugin"]`` in the root `conftest.py`.

It imports neither Celery nor the rest of the guard: a test run that uses none of it pays nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from celery import Celery

    from guard import Settings, Window
    from guard.testing import FakeClock, InMemoryGuard, RecordedJobs

__all__ = [
    "held_jobs",
    "maintenance",
    "maintenance_app",
    "maintenance_clock",
    "maintenance_settings",
    "maintenance_window",
    "refused_jobs",
    "released_jobs",
]

_MARKER = "maintenance"
_MARKED = "_maintenance_window_of_marker"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "maintenance(mode='normal', reason=..., **terms): run the test inside a maintenance window, with the "
        "guard in memory; the arguments are those of guard.Guard.enable",
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """A marked test asks for its window, after whatever else it asks for."""
    names = getattr(item, "fixturenames", None)
    if names is not None and item.get_closest_marker(_MARKER) is not None and _MARKED not in names:
        names.append(_MARKED)


@pytest.fixture
def maintenance_app(request: pytest.FixtureRequest) -> Celery:
    """The Celery app under test. Define a fixture of this name in your conftest.py that returns yours;
    without one it is `celery_app` of Celery's own plugin."""
    try:
        app: Celery = request.getfixturevalue("celery_app")
    except pytest.FixtureLookupError:
        raise pytest.UsageError(
            "which Celery app? Define a fixture `maintenance_app` in conftest.py that returns it"
        ) from None
    return app


@pytest.fixture
def maintenance_settings() -> Settings | dict[str, str] | None:
    """Settings of the guard, by the names of the variables: define a fixture of this name to have others."""
    return None


@pytest.fixture
def maintenance_clock() -> FakeClock:
    """The clock of the guard: `advance(seconds)`, `set(datetime)`, `now`."""
    from guard.testing import FakeClock

    return FakeClock()


@pytest.fixture
def maintenance(
    maintenance_app: Celery,
    maintenance_settings: Settings | dict[str, str] | None,
    maintenance_clock: FakeClock,
) -> Iterator[InMemoryGuard]:
    """The guard in memory on your app, for this test: `enable`, `disable`, `status`, `assert_refused`, …"""
    from guard.testing import in_memory

    with in_memory(maintenance_app, settings=maintenance_settings, clock=maintenance_clock) as guard:
        yield guard


@pytest.fixture
def maintenance_window(maintenance: InMemoryGuard) -> Callable[..., AbstractContextManager[Window]]:
    """Opens a window: ``with maintenance_window(mode="emergency", reason="…"):``."""
    return maintenance.window


@pytest.fixture
def refused_jobs(maintenance: InMemoryGuard) -> RecordedJobs:
    """The jobs that were refused in this test."""
    return maintenance.refused


@pytest.fixture
def held_jobs(maintenance: InMemoryGuard) -> RecordedJobs:
    """The jobs that were held in this test."""
    return maintenance.held


@pytest.fixture
def released_jobs(maintenance: InMemoryGuard) -> RecordedJobs:
    """The jobs that were parked and given back in this test."""
    return maintenance.released


@pytest.fixture(name=_MARKED)
def _window_of_marker(request: pytest.FixtureRequest, maintenance: InMemoryGuard) -> Iterator[Any]:
    marker = request.node.get_closest_marker(_MARKER)
    with maintenance.window(*marker.args, **marker.kwargs) as window:
        yield window
