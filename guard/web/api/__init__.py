"""The HTTP API: `make_api(guard, door)` is a blueprint for ``/api``."""

from guard.web.api.blueprint import make_api

__all__ = ["make_api"]
