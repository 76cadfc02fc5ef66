"""A Django project, before the guard and with it: real worker, real web server, Django's own sign-in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.examples.patching import added_lines, apply_patch
from tests.examples.project import EXAMPLES, Browser, Project
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

PATCH = EXAMPLES / "django_shop" / "guard.patch"
WEB = ("-m", "waitress", "--listen=127.0.0.1:{port}", "shopsite.wsgi:application")


@dataclass
class Adopted:
    """The shop with the guard, and what was ordered before it had one."""

    project: Project
    address: str
    before: list[dict[str, Any]]

    def superuser(self) -> Browser:
        """The administrator, signed in at Django's admin site."""
        browser = Browser(self.address)
        page = browser.get("/admin/login/").body
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token is not None, page
        form = {"username": "boss", "password": "pw", "next": "/admin/"}
        done = browser.post("/admin/login/", csrfmiddlewaretoken=token[1], **form)
        assert "Log out" in done.body, done.body
        return browser

    def orders(self) -> list[dict[str, Any]]:
        """As customers see them."""
        found: list[dict[str, Any]] = Browser(self.address).get("/orders/").json
        return found


@pytest.fixture(scope="module")
def adopted(make_project: Callable[..., Project]) -> Adopted:
    """The shop runs, takes an order, is stopped, patched and started again."""
    project = make_project(
        "django_shop",
        app="shopsite",
        DJANGO_SECRET_KEY="of the shop",
        SHOP_BROKER="BROKER",
        SHOP_RESULTS="RESULTS",
        DJANGO_SUPERUSER_PASSWORD="pw",
    )
    for words in (["migrate", "-v0"], ["createsuperuser", "--noinput", "--username=boss", "--email=b@x.yz"]):
        done = project.python("manage.py", *words)
        assert done.returncode == 0, done.stderr
    project.worker()
    address = project.web(*WEB)
    assert Browser(address).post("/orders/", item="lamp").status == 202
    eventually(lambda: Browser(address).get("/orders/").json[0]["packed"] == 1, within=20, what="packed")
    before = Browser(address).get("/orders/").json
    project.stop()

    apply_patch(PATCH, project.folder)
    project.worker()
    return Adopted(project, project.web(*WEB), before)


def test_the_guard_takes_less_than_fifteen_lines() -> None:
    assert len(added_lines(PATCH)) < 15


def test_nothing_else_changes_without_a_window(adopted: Adopted) -> None:
    assert adopted.orders() == adopted.before
    assert Browser(adopted.address).get("/nowhere/").status == 404
    checked = adopted.project.maintenance("check")
    assert " 0 failed" in checked, checked


def test_a_whole_window(adopted: Adopted) -> None:
    project, customer, boss = adopted.project, Browser(adopted.address), adopted.superuser()
    project.maintenance("enable", "--reason", "New <shelves>", "--duration", "30m")

    refused = customer.post("/orders/", item="chair")
    assert refused.status == 503
    assert 30 <= int(refused.headers["Retry-After"]) <= 3600
    assert refused.headers["X-Maintenance-Active"] == "true"
    assert refused.json["operation"] == "unknown"
    assert customer.get("/orders/").status == 200
    assert customer.get("/nowhere/").status == 404
    assert boss.get("/admin/").status == 200

    # A superuser passes; his jobs do not. Published after the commit, with when_closed="hold": it waits.
    assert boss.post("/orders/", item="chair").status == 202
    # Published inside the transaction: refused, and the transaction with it.
    undone = boss.post("/returns/", id="1")
    assert undone.status == 503
    assert undone.json["operation"] == "job_creation"
    assert [(order["packed"], order["returned"]) for order in adopted.orders()] == [(1, False), (0, False)]

    counted = project.python("-c", COUNTS)
    assert counted.stdout.split() == ["1"], counted.stderr  # administration goes on
    project.maintenance("disable")
    eventually(lambda: adopted.orders()[-1]["packed"] == 1, within=20, what="the held job")
    assert boss.post("/returns/", id="1").status == 202
    assert adopted.orders()[0]["returned"]


COUNTS = """
import django, shopsite
django.setup()
from orders.tasks import count_stock
print(count_stock.delay().get(timeout=20))
"""
