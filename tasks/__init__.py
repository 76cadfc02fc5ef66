"""The project's own Celery app: image, caption and batch jobs that do real work.

`celery -A tasks …` finds the app as the attribute `celery` of this package. In code, `from tasks.app import
app`. It is not offered as the attribute `app`: once the module `tasks.app` is imported, Python puts the
module there. Nothing is imported until somebody asks, so that `import tasks.images` costs no Celery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.app import app as celery

__all__ = ["celery"]


def __getattr__(name: str) -> Any:
    if name == "celery":
        from tasks.app import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
