"""Connections to Redis: short timeouts, no hidden retries, errors in our words.

redis-py retries commands by default, which would run a script twice when only its answer was lost;
every script of ours is safe to repeat, and the callers decide when to.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from guard.core.process_figures import Failed
from guard.errors import StateInvalid, StoreUnavailable
from guard.store.failures import note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["connect", "in_our_words", "lua", "redis_url"]


def redis_url(url: str) -> str:
    """A URL for redis-py, from redis-py's form or from kombu's ``redis+socket://path?virtual_host=0``."""
    parts = urlsplit(url)
    if parts.scheme != "redis+socket":
        return url
    database = parse_qs(parts.query).get("virtual_host", ["0"])[0]
    auth = f"{parts.username or ''}:{parts.password}@" if parts.password else ""
    return f"unix://{auth}{parts.netloc.rpartition('@')[2]}{parts.path}?db={database}"


def connect(
    url: str,
    *,
    timeout: float,
    name: str,
    on_connect: Callable[[Any], None] | None = None,
    decode: bool = True,
) -> Redis:
    """A client. It connects at its first command.

    Args:
        url: as `redis_url` takes it.
        timeout: seconds to connect and to wait for an answer.
        name: what ``CLIENT LIST`` shows.
        on_connect: called with each new connection. redis-py replaces a broken one silently when it
            takes it from its pool, so only this tells that another server may be answering.
        decode: answers are text; False: bytes, for what others have written.
    """

    def connected(connection: Any) -> None:
        connection.on_connect()
        if on_connect is not None:
            on_connect(connection)

    return Redis.from_url(
        redis_url(url),
        socket_connect_timeout=timeout,
        socket_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        client_name=name,
        redis_connect_func=connected,
        decode_responses=decode,
        protocol=2,
        # redis-py would read its own package's metadata for each connection, to tell the server its version:
        # some milliseconds in which no other thread runs, at each try while Redis is away.
        driver_info=None,
    )


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn Redis errors into `StoreUnavailable`. The address and password stay out of the message."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise StateInvalid("what Redis holds for the guard is not text") from error
    except ResponseError as error:
        note(Failed.REDIS)
        if "WRONGTYPE" in str(error):
            raise StateInvalid("a guard key in Redis holds something of another type") from error
        raise StoreUnavailable(f"Redis did not do what was asked ({type(error).__name__})") from error
    except (RedisError, OSError) as error:
        note(Failed.REDIS)
        raise StoreUnavailable(f"Redis did not do what was asked ({type(error).__name__})") from error


@cache
def lua(name: str) -> str:
    """The text of one script in `lua/`."""
    return (Path(__file__).parent / "lua" / f"{name}.lua").read_text("utf-8")
