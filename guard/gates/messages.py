"""What the gates read from a message, before anything of it is executed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guard.gates.classify import CARRIERS

if TYPE_CHECKING:
    from kombu.message import Message

    from guard.gates.inner_celery import Consumer

__all__ = ["job_of", "queue_of", "was_delivered_before"]


def job_of(message: Message) -> tuple[str, str, int, Any, Any]:
    """Task id, task name, retries, args and kwargs.

    Arguments are decoded only for built-in tasks that carry another one; else they are empty.
    """
    headers = message.headers
    if "task" not in headers:  # message protocol 1: all is in the body
        body = message.payload
        return (
            body["id"],
            body["task"],
            int(body.get("retries") or 0),
            body.get("args") or (),
            body.get("kwargs") or {},
        )
    args: Any = ()
    kwargs: Any = {}
    if headers["task"] in CARRIERS:
        args, kwargs, _ = message.payload
    return headers["id"], headers["task"], int(headers.get("retries") or 0), args, kwargs


def queue_of(message: Message, consumer: Consumer) -> str:
    """The queue that a message came from.

    AMQP says which consumer tag it was for. Virtual transports (Redis) say exchange and routing key;
    of the queues consumed from, the one bound so.
    """
    delivery = message.delivery_info or {}
    task_consumer = consumer.task_consumer
    tag = delivery.get("consumer_tag")
    if tag is not None:
        for name, active_tag in task_consumer._active_tags.items():  # noqa: SLF001 - kombu has no public map
            if active_tag == tag:
                return str(name)
    exchange, routing_key = delivery.get("exchange") or "", delivery.get("routing_key") or ""
    queues = consumer.app.amqp.queues
    if not exchange or (routing_key in queues and queues[routing_key].exchange.name in {exchange, ""}):
        return str(routing_key)
    for queue in queues.values():
        if queue.exchange.name == exchange and queue.routing_key == routing_key:
            return str(queue.name)
    return str(routing_key)


def was_delivered_before(message: Message) -> bool:
    """Whether the broker says that it delivers this message again."""
    delivery = message.delivery_info or {}
    return bool(delivery.get("redelivered") or message.headers.get("redelivered"))
