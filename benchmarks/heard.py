"""What the jobs of a round have said: they push to a list of the broker's Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.eventually import eventually

if TYPE_CHECKING:
    from celery import Celery

__all__ = ["wait_for"]


def wait_for(app: Celery, key: str, number: int) -> list[Any]:
    """What is in the list, when it is this much."""
    with app.connection_for_write() as connection:
        client = connection.default_channel.client
        eventually(lambda: client.llen(key) >= number, within=60, what=key)
        return list(client.lrange(key, 0, number - 1))
