"""Where the extension of an application is found, and the operation that a view declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from guard.web.extension import MaintenanceExtension

__all__ = ["NAME", "OPERATION_ATTRIBUTE", "extension_of"]

NAME = "maintenance"
"""Among `app.extensions`."""
OPERATION_ATTRIBUTE = "guard_operation"
"""Of a view function."""


def extension_of(app: Flask) -> MaintenanceExtension:
    """The extension of this application.

    Raises:
        RuntimeError: it has none.
    """
    try:
        found: MaintenanceExtension = app.extensions[NAME]
    except KeyError:
        raise RuntimeError("this application has no MaintenanceExtension") from None
    return found
