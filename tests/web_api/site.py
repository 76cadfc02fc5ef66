"""An app with a guard and the web side, on stores of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import pyotp
from celery import Celery
from flask import Flask

import guard
from guard.web.api import make_api
from guard.web.door import CSRF_HEADER, Door
from guard.web.standing import Standing

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "a secret for the tests"


class Site:
    """One app, its guard, and what serves it. Everything is ended at exit."""

    def __init__(self, *, redis: str, broker: str, folder: Path, **environ: str) -> None:
        settings = guard.load_settings(
            {
                "GUARD_SECRET_KEY": SECRET,
                "GUARD_LEASE_SECONDS": "1.5",
                "GUARD_RENEW_SECONDS": "0.35",
                "GUARD_TIMEOUT_SECONDS": "0.3",
                "REDIS_URL": redis,
                "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
                "GUARD_LOCAL_CLOSE_FILE": str(folder / "closed"),
                **environ,
            }
        )
        self.app = Celery("site", broker=broker, set_as_current=False)
        self.guard: guard.Guard = guard.install(self.app, settings)
        self.guard.durable.migrate()  # type: ignore[attr-defined]

        self.standing = Standing(self.guard, every=0.2)
        self.api = make_api(self.guard, Door(self.guard), standing=self.standing)
        self.flask = Flask("site")
        self.flask.register_blueprint(self.api, url_prefix="/api")
        self._codes: dict[str, list[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.standing.close()
        self.api.guard_site.health.close()  # type: ignore[attr-defined]
        self.guard.close()
        self.app.close()

    def token(self, *rights: str, owner: str = "") -> str:
        """A new access token."""
        name = owner or f"{rights[0]}er"
        return self.guard.access.make_token(name, rights=rights, seconds=3600, by="tests").text

    def bearer(self, *rights: str) -> dict[str, str]:
        """Headers of a caller with a new token."""
        return {"Authorization": f"Bearer {self.token(*rights)}"}

    def code(self, owner: str) -> str:
        """A code of this owner's second factor, which is set up if it was not."""
        if owner not in self._codes:
            enrolled = self.guard.access.enrol(owner, by="tests")
            self.guard.access.confirm(owner, pyotp.TOTP(enrolled.seed).now())
            self._codes[owner] = list(enrolled.break_glass)
        return self._codes[owner].pop()

    def page(self, *rights: str, stepped_up: bool = False, owner: str = "") -> dict[str, str]:
        """Headers of a caller who signed in to the page, with its token for changes."""
        name = owner or f"{rights[0]}er"
        signed = self.guard.access.sign_in(self.token(*rights, owner=name), address="127.0.0.1")
        if stepped_up:
            actor = self.guard.access.actor_of_session(signed.cookie, address="127.0.0.1")
            signed = self.guard.access.step_up(actor, self.code(name))
        return {"Cookie": f"guard={signed.cookie}", CSRF_HEADER: self.guard.access.csrf_of(signed.cookie)}

    def enable(self, **options: Any) -> guard.Window:
        """Open a window."""
        return self.guard.enable(**{"reason": "test", "by": "tests", "duration": 600, **options})
