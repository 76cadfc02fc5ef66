"""An example as a module, in the tests' own process; afterwards Celery has forgotten its apps."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import _state

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["loading_from"]

ROOT = Path(__file__).parents[2]


class Examples:
    """The modules of one folder, by name."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return import_module(name)


@contextmanager
def loading_from(folder: str) -> Iterator[Examples]:
    """Import examples of a folder. What they have left in this process is taken back: modules, the current
    app, and tasks that each app would get that is made later."""
    path = str(ROOT / folder)
    tasks, current = set(_state._on_app_finalizers), getattr(_state._tls, "current_app", None)
    before = set(sys.modules)
    sys.path.insert(0, path)
    try:
        yield Examples()
    finally:
        sys.path.remove(path)
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(path):
                del sys.modules[name]
        _state._tls.current_app = current
        _state._on_app_finalizers.clear()
        _state._on_app_finalizers.update(tasks)
