"""Put the guard on an app, once."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from celery.signals import worker_init

from guard.bootstrap.faces import bring_up
from guard.bootstrap.wiring import Wiring
from guard.core.named_events import EventName
from guard.settings import load_settings

if TYPE_CHECKING:
    from celery import Celery

    from guard.api import Guard
    from guard.settings import Settings

__all__ = ["install", "installed", "put_in_place"]

_GUARDS: weakref.WeakKeyDictionary[Celery, Guard] = weakref.WeakKeyDictionary()


def install(app: Celery, settings: Settings | None = None) -> Guard:
    """Put the guard on a Celery app. Call it once, where the app is made; twice gives the same guard.

    Args:
        app: any Celery app; its tasks need no change.
        settings: from the environment when None.

    Raises:
        ConfigurationInvalid: with every problem of the settings; the app was not touched.
    """
    if app in _GUARDS:
        return _GUARDS[app]
    wiring = Wiring(app, settings if settings is not None else load_settings())
    guard = wiring.guard()
    _GUARDS[app] = guard
    if not wiring.settings.maintenance_mode_enabled:
        announce = wiring.announcer.announce
        worker_init.connect(lambda **_: announce(EventName.GUARD_SWITCHED_OFF), weak=False)
        return guard
    wiring.put_on()
    bring_up()
    return guard


def put_in_place(app: Celery, guard: Guard | None) -> Guard | None:
    """Have `install` and `installed` give this guard, or none; the one before. For `guard.testing`."""
    before = _GUARDS.pop(app, None)
    if guard is not None:
        _GUARDS[app] = guard
    return before


def installed(app: Celery) -> Guard | None:
    """The guard of this app, if `install` was called on it."""
    return _GUARDS.get(app)
