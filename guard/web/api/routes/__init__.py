"""The table of routes."""

from __future__ import annotations

from guard.web.api.routes import (
    access,
    events,
    fleet,
    jobs,
    metrics,
    planned,
    records,
    reports,
    sessions,
    state,
    windows,
)

__all__ = ["ROUTES"]

ROUTES = (
    *state.ROUTES,
    *events.ROUTES,
    *metrics.ROUTES,
    *windows.ROUTES,
    *fleet.ROUTES,
    *jobs.ROUTES,
    *planned.ROUTES,
    *sessions.ROUTES,
    *records.ROUTES,
    *reports.ROUTES,
    *access.ROUTES,
)
"""Every route there is: Flask's rules and the OpenAPI document are made of it."""
