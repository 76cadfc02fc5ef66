"""A gallery on real servers, in the tests' own process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.eventually import eventually
from tests.support.gallery import USERS, build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

    from guard import Guard
    from tests.support.valkey import Valkey


@dataclass
class Gallery:
    """The application, its guard, and where they are."""

    app: Flask
    guard: Guard
    environ: dict[str, str]

    def client(self, name: str = "") -> FlaskClient:
        """A browser, signed in as somebody."""
        client = self.app.test_client()
        if name:
            password = USERS[name][1]
            answer = client.post("/login", data={"name": name, "password": password})
            assert answer.status_code == 302, answer.text
        return client

    def close(self, mode: str = "normal", **more: object) -> None:
        """Open a window that keeps sessions, unless it is said otherwise."""
        self.guard.enable(
            reason="Umzug <b>der</b> Bilder", by="ops", mode=mode, **{"sessions": "keep", **more}
        )  # type: ignore[arg-type]


def environ_of(valkey: Valkey, folder: Path, **more: str) -> dict[str, str]:
    """Stores of its own for one gallery."""
    return {
        "GALLERY_BROKER": valkey.broker_url(valkey.fresh_db()),
        "REDIS_URL": valkey.url(valkey.fresh_db()),
        "DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
        "GUARD_SECRET_KEY": "the secret of the gallery",
        "GUARD_SESSION_PREFIX": "",
        "GUARD_LOCAL_CLOSE_FILE": str(folder / "closed"),
        "GUARD_LEASE_SECONDS": "2",
        "GUARD_RENEW_SECONDS": "0.4",
        "GUARD_TIMEOUT_SECONDS": "0.3",
        **more,
    }


@pytest.fixture
def make_gallery(valkey: Valkey, tmp_path: Path) -> Iterator[Callable[..., Gallery]]:
    """`make_gallery(SETTING="value")`."""
    made: list[Gallery] = []

    def make(**more: str) -> Gallery:
        environ = environ_of(valkey, tmp_path, **more)
        gallery = Gallery(*build(environ), environ)
        made.append(gallery)
        return gallery

    yield make
    for gallery in made:
        gallery.guard.close()


@pytest.fixture(scope="module")
def _shared(valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    # The first window of a young fleet waits for a lease; so the tests of a module share one.
    environ = environ_of(valkey, tmp_path_factory.mktemp("gallery"))
    gallery = Gallery(*build(environ), environ)
    yield gallery
    gallery.guard.close()


@pytest.fixture
def gallery(_shared: Gallery) -> Iterator[Gallery]:
    """One with the usual settings, and no window open."""
    _shared.guard.attempts.flush()
    assert _shared.client().get("/").status_code == 200
    yield _shared
    if _shared.guard.status().is_active:
        _shared.guard.disable(by="ops")
        eventually(lambda: _shared.guard.requests.is_open, within=10, what="open again")
    _shared.app.config["calls"].clear()
