"""What the gates read from a message, before anything of it is executed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.core.headers import COPY_HEADER, ORIGINAL, PUBLICATION_HEADER
from guard.core.lanes import is_lane, queue_of
from guard.gates.classify import CARRIERS

if TYPE_CHECKING:
    from kombu.message import Message

    from guard.gates.inner_celery import Consumer

__all__ = ["QueueNames", "generation_of", "in_lane", "job_of", "publication_of", "was_delivered_before"]


def job_of(message: Message) -> tuple[str, str, int, Any, Any]:
    """Task id, task name, retries, args and kwargs.

    Arguments are decoded only for built-in tasks that carry another one; else they are empty. Anybody may
    publish: but for the name, by which Celery found the task, a part that is none is taken for left out. A
    job without an id is parked all the same, where it stays and is told of.
    """
    said = message.headers
    args: Any = ()
    kwargs: Any = {}
    if "task" not in said:  # message protocol 1: all is in the body
        said = message.payload
        args, kwargs = said.get("args"), said.get("kwargs")
    elif said["task"] in CARRIERS:
        body = message.payload
        args, kwargs = body[:2] if isinstance(body, (list, tuple)) and len(body) >= 2 else ((), {})
    task_id, retries = said.get("id"), said.get("retries")
    return (
        task_id if isinstance(task_id, str) else "",
        said["task"],
        retries if isinstance(retries, int) and retries > 0 else 0,
        args if isinstance(args, (list, tuple)) else (),
        kwargs if isinstance(kwargs, dict) else {},
    )


class QueueNames:
    """From which queue of a consumer a message came.

    AMQP says the consumer tag, which must be remembered: a queue that was just cordoned has lost its
    tag, and what was prefetched from it still arrives. Virtual transports (Redis) say exchange and
    routing key, which the transport's own binding table turns into a queue.
    """

    def __init__(self) -> None:
        self._tags: dict[str, str] = {}

    def remember(self, consumer: Consumer) -> None:
        """Take note of the tags of a consumer, before one of its queues is cancelled."""
        if consumer.task_consumer is not None:
            active = consumer.task_consumer._active_tags  # noqa: SLF001 - kombu has no public map
            self._tags.update({tag: name for name, tag in active.items()})

    def of(self, message: Message, consumer: Consumer) -> str:
        """The queue's name, also for a message that came by the lane beside it; the routing key when nothing
        better is known."""
        return queue_of(self._of(message, consumer))

    def _of(self, message: Message, consumer: Consumer) -> str:
        delivery = message.delivery_info or {}
        exchange, routing_key = delivery.get("exchange") or "", str(delivery.get("routing_key") or "")
        tag = delivery.get("consumer_tag")
        if tag is not None:
            if tag not in self._tags:
                self.remember(consumer)
            return self._tags.get(tag, routing_key)
        lookup = getattr(message.channel, "_lookup", None)
        if not exchange or lookup is None:
            return routing_key
        consumed = consumer.app.amqp.queues.consume_from
        bound = [str(name) for name in lookup(exchange, routing_key) if name in consumed]
        return bound[0] if bound else routing_key


def in_lane(message: Message) -> bool:
    """Whether a message came by a lane: those are reached by the default exchange only, under their names."""
    return is_lane(str((message.delivery_info or {}).get("routing_key") or ""))


def publication_of(message: Message) -> str:
    """What names this publication: the publish gate's header, else the tag that Redis keeps for a message
    over all its deliveries, else nothing (a publisher without a guard on AMQP)."""
    stamped = message.headers.get(PUBLICATION_HEADER)
    if isinstance(stamped, str):
        return stamped
    tag = message.properties.get("delivery_tag")
    return tag if isinstance(tag, str) else ""


def generation_of(message: Message) -> str:
    """Which generation of its job a message is: the original, or the copy of a release."""
    released = message.headers.get(COPY_HEADER)
    return str(released.get("copy")) if isinstance(released, dict) else ORIGINAL


def was_delivered_before(message: Message) -> bool:
    """Whether the broker says that it delivers this message again."""
    delivery = message.delivery_info or {}
    return bool(delivery.get("redelivered") or message.headers.get("redelivered"))
