"""For tests of applications that use the guard: a guard in memory, a clock that stands still, fixtures.

    with guard.testing.in_memory(app) as maintenance, maintenance.window(reason="upgrade"):
        maintenance.assert_refused(caption.delay, "cat.jpg")

No server, no file and no waiting. The fixtures are a plugin of pytest's
(`guard.testing.pytest_plugin`); importing this needs no pytest. Names load lazily, so that the plugin costs
nothing in a test run that does not use it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.testing.clock import FakeClock
    from guard.testing.errors import NothingHappens, NotInMemory
    from guard.testing.guarding import InMemoryGuard, in_memory
    from guard.testing.recording import RecordedJob, RecordedJobs
    from guard.testing.simulating import Simulated

__all__ = [
    "FakeClock",
    "InMemoryGuard",
    "NotInMemory",
    "NothingHappens",
    "RecordedJob",
    "RecordedJobs",
    "Simulated",
    "in_memory",
]

_HOME_OF = {
    "FakeClock": "clock",
    "InMemoryGuard": "guarding",
    "NotInMemory": "errors",
    "NothingHappens": "errors",
    "RecordedJob": "recording",
    "RecordedJobs": "recording",
    "Simulated": "simulating",
    "in_memory": "guarding",
}


def __getattr__(name: str) -> object:
    if name in _HOME_OF:
        return getattr(import_module(f"guard.testing.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module 'guard.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
