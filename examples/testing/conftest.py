"""Which app the fixtures of the guard are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import shop

if TYPE_CHECKING:
    from celery import Celery


pytest_plugins = ["guard.testing.pytest_plugin"]


@pytest.fixture
def maintenance_app() -> Celery:
    """The shop's own app, its broker in memory."""
    shop.app.conf.broker_url = "memory://"
    shop.app.conf.result_backend = "cache+memory://"
    return shop.app
