"""The guard's own pages in a Flask application: the HTTP API and the admin page, behind one door."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from flask import Flask, Request

    from guard.api import Guard
    from guard.core.access import Actor
    from guard.web.standing import Standing

__all__ = ["OWN_BLUEPRINTS", "exempt_own_pages", "mount_own_pages"]

OWN_BLUEPRINTS = frozenset({"guard_public", "guard_api", "guard_admin"})
"""They know their callers by themselves, and are never refused."""


def mount_own_pages(
    app: Flask,
    guard: Guard,
    *,
    api: bool = True,
    admin: bool = True,
    authenticate: Callable[[Request], Actor | None] | None = None,
    trusted_proxies: Collection[str] | None = None,
    standing: Standing | None = None,
) -> None:
    """Mount what is wanted: the API at ``/api``, the admin page at ``/admin/maintenance``.

    Args:
        authenticate, trusted_proxies: as `guard.web.door.Door` takes them.
        standing: the status from memory; one for both when None.
    """
    if not (api or admin):
        return
    from guard.web.door import Door
    from guard.web.standing import Standing

    door = Door(guard, authenticate, trusted_proxies)
    if standing is None:
        standing = Standing(guard)
        guard.at_close(standing.close)
    if api:
        from guard.web.api import make_api

        app.register_blueprint(make_api(guard, door, standing=standing), url_prefix="/api")
    if admin:
        from guard.web.admin import make_admin

        app.register_blueprint(make_admin(guard, door, standing))


def exempt_own_pages(app: Flask) -> None:
    """Keep Flask-WTF, where the application has it, from asking our forms for its token: they have their own.
    To be called when all extensions are there."""
    protect = app.extensions.get("csrf")
    if protect is None or not hasattr(protect, "exempt"):
        return
    for name in OWN_BLUEPRINTS & app.blueprints.keys():
        protect.exempt(app.blueprints[name])
