"""The maintenance guard for Celery: refuse, hold and park jobs while maintenance is active, and give
them back.

    app = Celery("shop", task_cls="guard:GuardedTask")
    maintenance = guard.install(app)

Names here are the public API. They load lazily, so that `guard.core` works without Celery.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.api import Guard
    from guard.bootstrap import install
    from guard.core.decision import Decision
    from guard.core.modes import Mode, Phase
    from guard.core.operations import Operation
    from guard.errors import (
        ConfigurationInvalid,
        GuardError,
        IllegalMove,
        InvalidRequest,
        JobInterrupted,
        MaintenanceActive,
        NoSuchAlert,
        NotLost,
        NotParked,
        NotPlanned,
        StateUnknown,
        StoreUnavailable,
    )
    from guard.gates.fence import fence
    from guard.gates.stopping import checkpoint, on_stop, should_stop, time_left
    from guard.gates.task import GuardedTask
    from guard.orchestrator.status import Status
    from guard.orchestrator.whereabouts import JobPlace, JobView
    from guard.orchestrator.window import Window
    from guard.settings import Settings, load_settings
    from guard.version import __version__

__all__ = [
    "ConfigurationInvalid",
    "Decision",
    "Guard",
    "GuardError",
    "GuardedTask",
    "IllegalMove",
    "InvalidRequest",
    "JobInterrupted",
    "JobPlace",
    "JobView",
    "MaintenanceActive",
    "Mode",
    "NoSuchAlert",
    "NotLost",
    "NotParked",
    "NotPlanned",
    "Operation",
    "Phase",
    "Settings",
    "StateUnknown",
    "Status",
    "StoreUnavailable",
    "Window",
    "__version__",
    "checkpoint",
    "fence",
    "install",
    "load_settings",
    "on_stop",
    "should_stop",
    "time_left",
]

_HOMES = {
    "guard.api": ("Guard",),
    "guard.bootstrap": ("install",),
    "guard.core.decision": ("Decision",),
    "guard.core.modes": ("Mode", "Phase"),
    "guard.core.operations": ("Operation",),
    "guard.errors": (
        "ConfigurationInvalid",
        "GuardError",
        "IllegalMove",
        "InvalidRequest",
        "JobInterrupted",
        "MaintenanceActive",
        "NoSuchAlert",
        "NotLost",
        "NotParked",
        "NotPlanned",
        "StateUnknown",
        "StoreUnavailable",
    ),
    "guard.gates.fence": ("fence",),
    "guard.gates.stopping": ("checkpoint", "on_stop", "should_stop", "time_left"),
    "guard.gates.task": ("GuardedTask",),
    "guard.orchestrator.status": ("Status",),
    "guard.orchestrator.whereabouts": ("JobPlace", "JobView"),
    "guard.orchestrator.window": ("Window",),
    "guard.settings": ("Settings", "load_settings"),
    "guard.version": ("__version__",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # a type checker that sees it would let every misspelt name pass

    def __getattr__(name: str) -> object:
        if name in _HOME_OF:
            return getattr(import_module(_HOME_OF[name]), name)
        raise AttributeError(f"module 'guard' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
