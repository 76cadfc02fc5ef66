"""docs/upgrading.md, "Removing the guard": plain Celery runs what the guard had in hand, and what is left
is what the page says."""

from __future__ import annotations

import re
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kombu import Producer

from guard.core.headers import (
    BYPASS_HEADER,
    COPY_HEADER,
    FINISHING_HEADER,
    PUBLICATION_HEADER,
)
from tests.contracts.doers import ended, listed_keys, opened, sql_store
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from tests.support.shop import Shop

PAGE = (Path(__file__).parents[2] / "docs" / "upgrading.md").read_text(encoding="utf-8")
MARKED: dict[str, Any] = {
    BYPASS_HEADER: "e30=.e30=",
    FINISHING_HEADER: "a mark of long ago",
    PUBLICATION_HEADER: "15ff0ed5d06189dd7",
    COPY_HEADER: {"park_id": "p", "copy": "c"},
}


def code_blocks(kind: str) -> list[str]:
    """The page's blocks of this language, from its section about removing."""
    section = PAGE.split("## Removing the guard")[1]
    return re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)


def push(shop: Shop, queue: str, task: str, headers: dict[str, Any]) -> str:
    """Publish past every gate, as a queue would hold it from before."""
    task_id = str(uuid.uuid4())
    told = {"task": task, "id": task_id, "lang": "py", "root_id": task_id, "retries": 0, **headers}
    told["timelimit"] = [None, None]
    with shop.app.connection_for_write() as connection:
        Producer(connection).publish(
            [[1], {}, {}],
            exchange="",
            routing_key=queue,
            serializer="json",
            headers=told,
            correlation_id=task_id,
        )
    return task_id


def test_plain_celery_goes_on_and_the_leftovers_are_those_of_the_page(shop: Shop) -> None:
    worker = shop.worker("w1")
    shop.enable()
    waiting = [
        *(shop.send("job", number, when_closed="hold") for number in range(2)),
        *(shop.send("mixed_job", number, when_closed="hold") for number in range(2)),
    ]
    eventually(lambda: len(shop.guard.parked) == 2, what="two jobs to be parked")
    shop.guard.disable(by="tests")
    eventually(lambda: len(shop.guard.parked) == 0, within=15, what="the parked jobs to be given back")
    assert [result.get(timeout=15) for result in waiting] == [0, 1, 0, 1]
    worker.terminate()

    marked = [
        push(shop, "guarded", "shop.job", MARKED),
        push(shop, "mixed", "shop.mixed_job", MARKED),
    ]
    shop.worker("plain", SHOP_UNGUARDED="1")
    eventually(lambda: all(shop.runs()[task_id] for task_id in marked), what="plain Celery to run them")
    assert set(shop.runs().values()) == {1}

    client = shop.guard._parts.stores.plane.client
    left = {str(key) for key in client.scan_iter(match="{guard}:*")}
    assert {str(key) for key in client.scan_iter()} == left, "nothing of the guard's has another prefix"
    patterns = [r"\{guard\}:" + re.sub(r"<[^>]+>", ".+", pattern) for pattern in listed_keys()]
    assert all(any(re.fullmatch(pattern, key) for pattern in patterns) for key in left)
    shop.guard.close()
    forever = {key for key in left if client.ttl(key) == -1}
    named = {f"{{guard}}:{name}" for name in re.findall(r"`\{guard\}:([a-z-]+)`", PAGE)}
    assert forever <= named, "keys that stay for ever are named on the page"


def test_the_statements_of_the_page_leave_nothing_in_the_database(sqlite_url: str) -> None:
    with sql_store(sqlite_url) as store:
        store.migrate()
        opened(store)
        ended(store)
    [block] = code_blocks("sql")
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        connection.executescript(block)
        left = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
    assert [name for name in left if "guard" in name] == []
