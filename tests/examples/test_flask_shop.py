"""A foreign Flask application, before the guard and with it: real worker, real web server."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.examples.patching import added_lines, apply_patch
from tests.examples.project import EXAMPLES, Browser, Project
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

PATCH = EXAMPLES / "flask_shop" / "guard.patch"
WEB = ("-m", "waitress", "--listen=127.0.0.1:{port}", "make_celery:flask_app")


@dataclass
class Adopted:
    """The shop with the guard, and what was ordered before it had one."""

    project: Project
    address: str
    before: list[dict[str, object]]
    schema_before: dict[str, str]

    def customer(self, name: str = "ann") -> Browser:
        """Somebody who has signed in."""
        browser = Browser(self.address)
        assert browser.post("/login", name=name, password="pw").status == 200
        return browser

    def packed(self) -> list[int]:
        """How often each order was packed."""
        return [order["packed"] for order in Browser(self.address).get("/orders").json]


def schema_of(project: Project) -> dict[str, str]:
    """The tables of the shop's own database."""
    with closing(sqlite3.connect(project.folder / "shop.db")) as database:
        return dict(database.execute("select name, sql from sqlite_master where type = 'table'"))


@pytest.fixture(scope="module")
def adopted(make_project: Callable[..., Project]) -> Adopted:
    """The shop runs, takes an order, is stopped, patched and started again."""
    project = make_project(
        "flask_shop",
        app="make_celery",
        SECRET_KEY="of the shop",
        SHOP_BROKER="BROKER",
        SHOP_RESULTS="RESULTS",
        GUARD_SESSION_PREFIX="",
    )
    project.environ["SHOP_DATABASE"] = f"sqlite:///{project.folder / 'shop.db'}"
    project.worker()
    address = project.web(*WEB)
    for name in ("ann", "boss"):
        assert Browser(address).post("/register", name=name, password="pw").status == 201
    ann = Browser(address)
    assert ann.post("/login", name="ann", password="pw").status == 200
    assert ann.post("/orders", item="lamp").status == 202
    eventually(lambda: ann.get("/orders").json[0]["packed"] == 1, within=20, what="the order packed")
    before, schema = ann.get("/orders").json, schema_of(project)
    project.stop()
    with closing(sqlite3.connect(project.folder / "shop.db")) as database, database:
        database.execute("update user set is_manager = 1 where name = 'boss'")

    apply_patch(PATCH, project.folder)
    project.worker()
    return Adopted(project, project.web(*WEB), before, schema)


def test_the_guard_takes_less_than_fifteen_lines() -> None:
    assert len(added_lines(PATCH)) < 15


def test_nothing_else_changes_without_a_window(adopted: Adopted) -> None:
    assert schema_of(adopted.project) == adopted.schema_before
    assert Browser(adopted.address).get("/orders").json == adopted.before
    checked = adopted.project.maintenance("check")
    assert " 0 failed" in checked, checked


def test_a_whole_window(adopted: Adopted) -> None:
    project, ann, boss = adopted.project, adopted.customer(), adopted.customer("boss")
    known = len(adopted.packed())
    opened = project.maintenance("enable", "--reason", "New shelves", "--duration", "30m")
    assert "every worker acknowledged" in opened or "by time" in opened, opened

    refused = ann.post("/orders", item="chair")
    assert refused.status == 503
    assert 30 <= int(refused.headers["Retry-After"]) <= 3600
    assert refused.json["operation"] == "job_creation"
    assert boss.post("/orders", item="chair").status == 503  # an admin makes no jobs either
    assert Browser(adopted.address).get("/orders").status == 200
    assert len(adopted.packed()) == known  # refused before the view: nothing half done in the shop's tables

    said = project.python("-c", SENDS)
    assert said.stdout.split() == ["refused", "held", "shop"], said.stdout + said.stderr
    project.maintenance("disable")
    eventually(lambda: adopted.packed()[0] == 2, within=20, what="the held job")
    ann = adopted.customer()
    assert ann.post("/orders", item="chair").status == 202
    eventually(lambda: adopted.packed()[-1] == 1, within=20, what="the new order packed")


SENDS = """
import guard
from make_celery import celery_app, flask_app
from shop.tasks import pack, ping
try:
    pack.delay(1)
except guard.MaintenanceActive as refused:
    print("refused")
held = pack.apply_async((1,), when_closed="hold")
print("held")
print(ping.delay().get(timeout=20))
"""
