"""Errors of the servers that hold sessions, in our words. No key, address or value is in a message."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from guard.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["from_redis"]


@contextmanager
def from_redis() -> Iterator[None]:
    """Turn errors of Redis into `StoreUnavailable`."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreUnavailable(
            f"the Redis of the sessions did not do what was asked ({type(error).__name__})"
        ) from error
