"""An application with sessions, and its guard: for the tests of sessions."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from celery import Celery

import guard
from guard.settings import Settings
from tests.support.application import Application

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

    from tests.support.valkey import Valkey


@dataclass
class Site:
    """Redis, the application's database, the guard of one process."""

    client: Redis
    application: Application
    guard: guard.Guard
    settings: Settings
    server: Valkey

    def another(self, **changed: object) -> guard.Guard:
        """The guard of another process of the same fleet; the caller closes it."""
        return make_guard(Settings(**{**vars(self.settings), **changed}))  # type: ignore[arg-type]


def make_guard(settings: Settings) -> guard.Guard:
    app = Celery("site", broker="memory://", set_as_current=False)
    return guard.install(app, settings)


@contextmanager
def site_on(server: Valkey, sql_url: str, **settings: object) -> Iterator[Site]:
    """A new installation. Nothing else is in its Redis and its database."""
    number = server.fresh_db()
    judged = Settings(
        redis_url=server.url(number),
        database_url=sql_url,
        guard_lease_seconds=1.0,
        guard_renew_seconds=0.25,
        guard_timeout_seconds=0.2,
        **settings,  # type: ignore[arg-type]
    )
    application = Application(sql_url)
    installed = make_guard(judged)
    installed._parts.stores.durable.migrate()  # type: ignore[attr-defined]
    try:
        with server.client(number) as client:
            yield Site(client, application, installed, judged, server)
    finally:
        installed.close()
        installed._parts.stores.durable.engine.dispose()  # type: ignore[attr-defined]
        application.close()
