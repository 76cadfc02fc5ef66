"""`send_task` takes its arguments in every way in which Celery's own takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import guard

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.shop import Shop

WAYS: dict[str, Callable[[Any], Any]] = {
    "by position": lambda app: app.send_task("shop.job", (1,), {}),
    "by position, further ones too": lambda app: app.send_task("shop.job", (1,), {}, None, None, "an-id"),
    "the name by position": lambda app: app.send_task("shop.job", args=(1,)),
    "all by name": lambda app: app.send_task(kwargs={"value": 1}, name="shop.job"),
    "with options": lambda app: app.send_task("shop.job", (1,), queue="guarded", headers={"x": "y"}),
}


def test_each_way_runs_and_is_refused(shop: Shop) -> None:
    shop.worker("w1")
    results = {way: publish(shop.app) for way, publish in WAYS.items()}
    assert {way: result.get(timeout=30) for way, result in results.items()} == dict.fromkeys(WAYS, 1)
    shop.enable()
    for publish in WAYS.values():
        with pytest.raises(guard.MaintenanceActive):
            publish(shop.app)


def test_wrong_calls_are_errors_as_without_the_guard(shop: Shop) -> None:
    with pytest.raises(TypeError, match="'name'"):
        shop.app.send_task()
    with pytest.raises(TypeError, match="name"):
        shop.app.send_task("shop.job", name="shop.job")
