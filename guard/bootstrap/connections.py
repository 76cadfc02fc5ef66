"""Names for connections to the broker, so that `Consumers` can tell guarded processes from others.

Not only workers: whoever has asked workers something by remote control has waited for the replies as a worker
waits for jobs, and looks like one in Redis' list of clients.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery.signals import worker_init

from guard.fleet.broker import BROKER_CLIENT_NAME, REDIS_SCHEMES
from guard.gates.inner_celery import is_configured

if TYPE_CHECKING:
    from celery import Celery

    from guard.fleet.broker import Broker

__all__ = ["name_broker_connections"]


def name_broker_connections(app: Celery, broker: Broker) -> None:
    """Name them when the app is configured, and again, by its node, when a worker begins. A name that the app
    gives itself stays."""
    ours: list[str] = []

    def name_them(conf: Any, name: str) -> None:
        options = dict(conf.broker_transport_options or {})
        if options.get("client_name") in (None, *ours):
            ours.append(f"{BROKER_CLIENT_NAME}:{name}".replace(" ", "_"))
            conf.broker_transport_options = {**options, "client_name": ours[-1]}

    def configured(source: Any = None, **_signal: Any) -> None:
        if str(source.broker_write_url or source.broker_url).startswith(REDIS_SCHEMES):
            name_them(source, f"{Path(sys.argv[0] or 'python').name}@{socket.gethostname()}")

    def worker_begins(sender: Any = None, **_signal: Any) -> None:
        if broker.is_redis:
            name_them(app.conf, str(getattr(sender, "hostname", sender)))

    worker_init.connect(worker_begins, weak=False)
    app.on_after_configure.connect(configured, weak=False)
    if is_configured(app):
        configured(source=app.conf)
