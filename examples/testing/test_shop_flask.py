"""A page of the shop, which a window blocks by method and path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import shop
from flask import Flask

from guard.web import MaintenanceExtension

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from guard.testing import InMemoryGuard


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """The shop's pages, with the guard that `guard.install` gave."""
    flask_app = Flask("shop")
    shop.maintenance.operations.add_endpoint("image_processing", regex="/images", methods="POST")
    MaintenanceExtension(flask_app, shop.maintenance, user=lambda _: None, api=False, admin=False)
    flask_app.add_url_rule("/images", view_func=lambda: "taken", methods=["POST"])
    return flask_app.test_client()


def test_a_page_answers_503(client: FlaskClient, maintenance: InMemoryGuard) -> None:
    assert client.post("/images").status_code == 200
    with maintenance.window(reason="Database upgrade", duration=600):
        answer = client.post("/images")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 600  # spread, so that not all come back at once
        assert maintenance.attempts.of().total == 1
    assert client.post("/images").status_code == 200
