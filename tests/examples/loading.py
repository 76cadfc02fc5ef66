"""An example as a module, in the tests' own process; afterwards Celery has forgotten its apps."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import _state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["loading_from"]

ROOT = Path(__file__).parents[2]


class Examples:
    """The modules of one folder, by name."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        module = import_module(name)
        assert str(module.__file__).startswith(self._folder), f"another {name} was imported: {module}"
        return module


@contextmanager
def loading_from(folder: str) -> Iterator[Examples]:
    """Import examples of a folder. What they have left in this process is taken back: modules, the current
    app, and tasks that each app would get that is made later."""
    path, current = str(ROOT / folder), getattr(_state._tls, "current_app", None)
    sys.path.insert(0, path)
    try:
        yield Examples(path)
    finally:
        sys.path.remove(path)
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", "")).startswith(path):
                del sys.modules[name]
        _state._tls.current_app = current
        for finalizer in list(_state._on_app_finalizers):
            if _is_task_of(path, finalizer):
                _state._on_app_finalizers.discard(finalizer)


def _is_task_of(path: str, finalizer: Callable[..., Any]) -> bool:
    """Whether this makes a task of a function that is written there."""
    inside = [cell.cell_contents for cell in finalizer.__closure__ or ()]
    codes = [one.__code__ for one in inside if hasattr(one, "__code__")]
    return any(code.co_filename.startswith(path) for code in codes)
