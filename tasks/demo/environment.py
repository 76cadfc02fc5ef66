"""The environment of the demo and its processes: the user's, without what configures another guard."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

import tasks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.demo.folder import Folder

_OURS: Final = (
    "CELERY_",
    "EMERGENCY_MODE_",
    "FLOWER_",
    "GUARD_",
    "MAINTENANCE_",
    "OLLAMA_",
    "RETRY_",
    "STORAGE_",
    "TASKS_",
    "TEST_MODE_",
)
_OURS_IN_FULL: Final = frozenset({"DATABASE_URL", "REDIS_URL"})
HEARTBEAT_SECONDS: Final = 1


def demo_environment(folder: Folder, inherited: Mapping[str, str]) -> dict[str, str]:
    """What every process of the demo gets: own addresses, own files, a fresh signing key."""
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.upper().startswith(_OURS) and name.upper() not in _OURS_IN_FULL
    }
    # So that a child imports the very code that this process runs, also from a checkout.
    code = str(Path(tasks.__file__).parent.parent)
    socket = folder.socket
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(part for part in (code, kept.get("PYTHONPATH")) if part),
        "PYTHONUNBUFFERED": "1",
        "TZ": "UTC",  # the times in the workers' logs are compared with ours
        "CELERY_BROKER_URL": f"redis+socket://{socket}?virtual_host=0",
        "CELERY_RESULT_BACKEND": f"redis+socket://{socket}?virtual_host=1",
        "REDIS_URL": f"unix://{socket}?db=2",
        "DATABASE_URL": f"sqlite:///{folder.path / 'guard.db'}",
        "TASKS_DATABASE_URL": f"sqlite:///{folder.results}",
        "STORAGE_IMAGES_DIR": str(folder.path / "storage"),
        "TASKS_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
        "GUARD_SECRET_KEY": secrets.token_hex(32),
        "GUARD_LOCAL_CLOSE_FILE": str(folder.path / "closed"),
    }


def adopt(environment: Mapping[str, str]) -> None:
    """Make it this process's own. Before `tasks.app` is imported, which reads it."""
    os.environ.clear()
    os.environ.update(environment)
