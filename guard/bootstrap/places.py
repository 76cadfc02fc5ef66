"""Where things lie on this machine."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.settings import Settings

__all__ = ["local_close_file"]


def local_close_file(settings: Settings) -> Path:
    """The file whose presence closes this machine for this user's processes."""
    if settings.guard_local_close_file:
        return Path(settings.guard_local_close_file)
    return Path(tempfile.gettempdir()) / f"{settings.guard_namespace}-{os.getuid()}.closed"
