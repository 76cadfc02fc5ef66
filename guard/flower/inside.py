"""Every inner name of Flower that the guard touches, in one place.

Flower has no plug-ins. What is used: the list of handlers and the settings that its command gives to its
application (`flower.urls`), the template loader in those settings, the registry of prometheus_client that its
/metrics prints, `EventsState.event`, and `BlockingOperationRunner.run`. The dependency is pinned to one minor
version; whoever moves the guard to a new Flower begins in this file, and `tests/flower` tells what has moved.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import flower.events
import flower.urls
import tornado.template
from flower.utils.blocking import BlockingOperationRunner
from prometheus_client import REGISTRY
from tornado.web import url

from guard.errors import GuardError
from guard.flower.figures import Figures
from guard.flower.look import Watch, look_at
from guard.flower.pages import Assets, Figured, MaintenanceAct, MaintenanceNow, MaintenancePage
from guard.flower.refusals import said
from guard.flower.task_states import in_order

__all__ = ["FlowerUnknown", "join"]

_KNOWN = "2.2."
_HERE = Path(__file__).parent
_OWN = frozenset({"maintenance.html", "maintenance_code.html", "maintenance_now.html"})
_NAVBAR = "navbar.html"
_AFTER_BROKER = re.compile(rb"reverse_url\('broker'\).*?</li>", re.DOTALL)
_TAB = b"""
        <li class="nav-item">
          <a class="nav-link{% if active_tab == 'maintenance' %} active{% end %}"
            href="{{ reverse_url('maintenance') }}"
            {% if active_tab == 'maintenance' %}aria-current="page"{% end %}>Maintenance</a>
        </li>"""


class FlowerUnknown(GuardError):
    """This release of Flower is built in another way. It was left as it is."""


def join() -> None:
    """Put the guard in, before Flower's application is made; once, however many apps are guarded. Whose guard
    is shown is asked with each request: that of the app which Flower watches.

    Raises:
        FlowerUnknown: nothing was changed.
    """
    if isinstance(flower.urls.settings.get("template_loader"), Templates):
        return
    found = version("flower")
    if not found.startswith(_KNOWN):
        raise FlowerUnknown(f"the guard knows Flower {_KNOWN}x and this is {found}")
    loader = Templates(flower.urls.settings["template_path"])
    loader.load(_NAVBAR)  # while nothing was changed
    watch = Watch(look_at)
    parts = {"watch": watch}
    figures = Figures()
    flower.urls.settings["template_loader"] = loader
    flower.urls.handlers[:0] = [
        url(r"/maintenance", MaintenancePage, parts, name="maintenance"),
        url(r"/maintenance/now", MaintenanceNow, parts, name="maintenance-now"),
        url(r"/maintenance/(enable|change|disable|emergency)", MaintenanceAct, parts, name="maintenance-act"),
        url(r"/maintenance/static/(.*)", Assets, {"path": str(_HERE / "static")}, name="maintenance-static"),
        url(r"/metrics", Figured, {"figures": figures}),
    ]
    REGISTRY.register(figures)
    flower.events.EventsState.event = in_order(flower.events.EventsState.event)
    BlockingOperationRunner.run = said(BlockingOperationRunner.run)


class Templates(tornado.template.Loader):
    """Flower's templates, its navigation with one more tab, and ours beside them."""

    def _create_template(self, name: str) -> tornado.template.Template:
        folder = _HERE / "templates" if name in _OWN else Path(self.root)
        text = (folder / name).read_bytes()
        if name == _NAVBAR:
            text = _with_tab(text)
        return tornado.template.Template(text, name=name, loader=self)


def _with_tab(navbar: bytes) -> bytes:
    place = _AFTER_BROKER.search(navbar)
    if place is None:
        raise FlowerUnknown("Flower's navigation has no tab for the broker any more")
    return navbar[: place.end()] + _TAB + navbar[place.end() :]
