"""The Python API of an app that the guard is installed on."""

from guard.api.guard import Guard

__all__ = ["Guard"]
