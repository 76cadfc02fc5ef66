"""Wake-ups by pub/sub. A lost one costs at most the time to the next renewal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.errors import StateInvalid, StoreUnavailable
from guard.store.redis.client import connect, in_our_words

if TYPE_CHECKING:
    from redis import Redis
    from redis.client import PubSub

__all__ = ["RedisWakeUp"]


class RedisWakeUp:
    """One subscription, made at the first wait and again after it broke.

    After a break it reports itself unavailable until `RETRY_WAITS` waits have passed, so that a Redis
    that is away does not cost a connection attempt per wait.
    """

    RETRY_WAITS = 4

    def __init__(self, url: str, channel: str, *, timeout: float, name: str) -> None:
        self._url = url
        self._channel = channel
        self._timeout = timeout
        self._name = name
        self._client: Redis | None = None
        self._subscription: PubSub | None = None
        self._skip = 0

    def wait(self, seconds: float) -> str | None:
        if self._skip:
            self._skip -= 1
            raise StoreUnavailable("Redis does not push wake-ups at the moment")
        try:
            with in_our_words():
                message = self._listen().get_message(
                    ignore_subscribe_messages=True, timeout=max(seconds, 0.0001)
                )
        except StateInvalid:
            self.close()  # a push that is no text; redis-py has lost its place in the stream
            return None
        except StoreUnavailable:
            self.close()
            self._skip = self.RETRY_WAITS
            raise
        return str(message["data"]) if message and message["type"] == "message" else None

    def subscribe(self) -> None:
        """Subscribe now rather than at the first wait. Raises StoreUnavailable."""
        with in_our_words():
            self._listen()

    def close(self) -> None:
        if self._subscription is not None:
            subscription, self._subscription = self._subscription, None
            subscription.close()
        if self._client is not None:
            client, self._client = self._client, None
            client.connection_pool.disconnect()

    def _listen(self) -> PubSub:
        """The subscription, confirmed by the server: what is pushed from now on is heard."""
        if self._subscription is None:
            # Kept, or redis-py closes the pool, and the subscription with it, when it is collected.
            self._client = connect(self._url, timeout=self._timeout, name=self._name)
            subscription = self._client.pubsub()  # type: ignore[no-untyped-call]
            subscription.subscribe(self._channel)
            if subscription.get_message(timeout=self._timeout) is None:
                raise StoreUnavailable("Redis did not confirm the subscription in time")
            self._subscription = subscription
        return self._subscription
