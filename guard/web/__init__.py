"""The guard over HTTP: status, API, admin page, the check of requests. Needs the extra ``web``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guard.core.requests import User
    from guard.web.extension import MaintenanceExtension
    from guard.web.inventory import unclassified_routes
    from guard.web.views import guarded

__all__ = ["MaintenanceExtension", "User", "guarded", "unclassified_routes"]

_HOME_OF = {
    "MaintenanceExtension": "guard.web.extension",
    "User": "guard.core.requests",
    "guarded": "guard.web.views",
    "unclassified_routes": "guard.web.inventory",
}

if not TYPE_CHECKING:  # a type checker that sees it would let every misspelt name pass

    def __getattr__(name: str) -> Any:
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            return getattr(import_module(_HOME_OF[name]), name)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] == "guard":
                raise
            raise ModuleNotFoundError(
                f"`guard.web` needs the extra `web` ({error.name} is missing): "
                "pip install 'celery-maintenance-guard[web]'",
                name=error.name,
            ) from error
