"""A broker like RabbitMQ: confirmed publishing, acknowledged deliveries, redelivery when a connection ends.

It keeps what it has confirmed (A5). Acknowledgements travel without an answer, and are lost with their
connection.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from guard.fleet.broker import Broker
from tests.simulator.hub import Killed, hub
from tests.simulator.stand_ins import hiccup

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.hub import Process
    from tests.simulator.world import World

__all__ = ["BrokerClient", "BrokerDown", "BrokerServer", "Line", "Message"]

_TIMEOUT = 1.0


class BrokerDown(OSError):
    """The broker does not answer, or the connection broke."""


class Stored:
    """A message in a queue."""

    __slots__ = ("body", "headers", "number", "properties", "redelivered")

    def __init__(self, number: int, body: Any, headers: dict[str, Any], properties: dict[str, Any]) -> None:
        self.number = number
        self.body = body
        self.headers = headers
        self.properties = properties
        self.redelivered = False


class Line:
    """One connection, as the broker sees it."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.alive = True
        self.unacked: dict[int, tuple[str, Stored]] = {}
        self.consumes: set[str] = set()
        self.prefetch = 0
        self.deliver: Callable[[Message], None] | None = None


class BrokerServer:
    """Queues and connections."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.queues: dict[str, deque[Stored]] = {}
        self.lines: list[Line] = []
        self.away = False
        self._numbers = 0
        self._tags = 0

    def queue(self, name: str) -> deque[Stored]:
        queue = self.queues.get(name)
        if queue is None:
            queue = self.queues[name] = deque()
        return queue

    def put(self, name: str, body: Any, headers: dict[str, Any], properties: dict[str, Any]) -> Stored:
        self._numbers += 1
        stored = Stored(self._numbers, body, headers, properties)
        self.queue(name).append(stored)
        self._world.log("stored", name, stored.number, headers["id"])
        self.pump()
        return stored

    def take(self, line: Line, name: str) -> Message | None:
        queue = self.queue(name)
        if not queue:
            return None
        stored = queue.popleft()
        self._tags += 1
        line.unacked[self._tags] = (name, stored)
        return Message(self, line, self._tags, name, stored)

    def pump(self) -> None:
        """Hand over what consumers have room for."""
        now = hub()
        for line in self.lines:
            if line.deliver is None or not line.alive:
                continue
            for name in sorted(line.consumes):
                while len(line.unacked) < line.prefetch and line.alive:
                    message = self.take(line, name)
                    if message is None:
                        break
                    if message.delivery_info["redelivered"]:
                        self._world.fired["a message was delivered again"] += 1
                    self._world.log("delivered", line.process.name, message.tag, message.stored.number)
                    now.at(
                        now.now + self._world.latency(),
                        lambda line=line, message=message: _arrive(line, message),
                    )
        if len(self.lines) > 1:
            self.lines.append(self.lines.pop(0))

    def settle(self, line: Line, tag: int, *, requeue: bool) -> None:
        """An acknowledgement, or a rejection, has arrived."""
        if not line.alive or tag not in line.unacked:
            return
        name, stored = line.unacked.pop(tag)
        if requeue:
            stored.redelivered = True
            self.queue(name).appendleft(stored)
        self._world.log("requeued" if requeue else "acked", tag, stored.number, stored.headers["id"], name)
        self.pump()

    def cut(self, line: Line) -> None:
        """A connection ends: what it had and did not acknowledge comes back."""
        if not line.alive:
            return
        line.alive = False
        if line in self.lines:
            self.lines.remove(line)
        for tag in sorted(line.unacked, reverse=True):
            name, stored = line.unacked[tag]
            stored.redelivered = True
            self.queue(name).appendleft(stored)
            self._world.log("came back", tag, stored.number, stored.headers["id"])
        line.unacked.clear()
        self.pump()

    def connect(self, process: Process) -> Line:
        line = Line(process)
        self.lines.append(line)
        return line

    def stop(self) -> None:
        self.away = True
        for line in list(self.lines):
            self.cut(line)


def _arrive(line: Line, message: Message) -> None:
    if line.alive and line.process.alive and line.deliver is not None:
        line.deliver(message)


class Message:
    """`kombu.message.Message` of one delivery."""

    def __init__(self, server: BrokerServer, line: Line, tag: int, queue: str, stored: Stored) -> None:
        self._server = server
        self._line = line
        self.tag = tag
        self.stored = stored
        self.body = self.payload = stored.body
        self.headers = stored.headers
        self.properties = stored.properties
        self.content_type, self.content_encoding = "application/json", "utf-8"
        self.acknowledged = False
        self.channel = None
        self.delivery_info = {
            "exchange": "",
            "routing_key": queue,
            "consumer_tag": f"tag-{queue}",
            "redelivered": stored.redelivered,
        }

    def ack(self) -> None:
        hiccup("ack>")
        self._send(requeue=False)
        hiccup("ack<")

    def requeue(self) -> None:
        self._send(requeue=True)

    def _send(self, *, requeue: bool) -> None:
        if not self._line.process.alive:
            raise Killed
        self.acknowledged = True
        if not self._line.alive:
            world = self._server._world
            world.fired["an acknowledgement was lost with its connection"] += 1
            world.log("ack lost", self.tag, self.stored.number, self.headers["id"])
            raise BrokerDown
        now = hub()
        now.at(
            now.now + self._server._world.latency(),
            lambda: self._server.settle(self._line, self.tag, requeue=requeue),
        )


class _Declared:
    def __init__(self, message_count: int) -> None:
        self.message_count = message_count


class _Queue:
    """`kombu.Queue`, bound to a channel or not."""

    def __init__(self, name: str, channel: _Connection | None = None) -> None:
        self.name = name
        self._channel = channel

    def __call__(self, channel: _Connection) -> _Queue:
        return _Queue(self.name, channel)

    def declare(self) -> None:
        """It is there."""

    def queue_declare(self, *, nowait: bool) -> _Declared:
        del nowait
        assert self._channel is not None
        return _Declared(self._channel.length(self.name))

    def get(self, *, no_ack: bool) -> Message | None:
        del no_ack
        assert self._channel is not None
        return self._channel.get(self.name)


class _Connection:
    """`kombu.Connection`, its channel and its producer in one."""

    connection_errors = channel_errors = (BrokerDown,)

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process
        self._line: Line | None = None
        self.transport = self

    driver_type = "amqp"

    @property
    def default_channel(self) -> _Connection:
        self._reach()
        return self

    def Producer(self, serializer: None) -> _Connection:  # noqa: N802 - kombu's name
        return self

    def release(self) -> None:
        if self._line is not None:
            line, self._line = self._line, None
            self._world.broker.cut(line)

    def _reach(self) -> Line:
        now, world = hub(), self._world
        if not self._process.alive:
            raise Killed
        now.sleep(world.latency())
        if world.broker.away:
            world.fired["the broker did not answer"] += 1
            raise BrokerDown
        if self._line is None or not self._line.alive:
            self._line = world.broker.connect(self._process)
        return self._line

    def length(self, name: str) -> int:
        self._reach()
        return len(self._world.broker.queue(name))

    def get(self, name: str) -> Message | None:
        line = self._line
        if line is None or not line.alive:
            raise BrokerDown
        hub().sleep(self._world.latency())
        if not line.alive or self._world.broker.away:
            raise BrokerDown
        message = self._world.broker.take(line, name)
        hiccup("parked.get<")
        return message

    def publish(self, body: Any, *, retry: bool = False, **options: Any) -> None:
        """Publish with confirmation; with `retry` twice more, as kombu does: that may double a message."""
        for attempt in range(3 if retry else 1):
            try:
                self._publish(body, **options)
            except BrokerDown:
                if not retry or attempt == 2:
                    raise
                hub().sleep(0.05)
            else:
                return

    def _publish(self, body: Any, *, routing_key: str, headers: dict[str, Any], **rest: Any) -> None:
        now, world = hub(), self._world
        parks = routing_key == world.parked
        hiccup("park.publish>" if parks else "give back.publish>")
        line = self._reach()
        fault = world.fault("broker")
        if fault in {"request lost", "late"}:
            world.fired["broker: a message was lost on its way"] += 1
            now.sleep(_TIMEOUT)
            self._break(line)
        if not line.alive or world.broker.away:
            raise BrokerDown
        properties = {
            key: value for key, value in rest.items() if key in {"correlation_id", "priority"} and value
        }
        stored = world.broker.put(routing_key, body, headers, properties)
        if parks:
            world.log("parked copy", stored.number, headers["id"])
        elif "guard_copy" in headers:
            world.log("given back", stored.number, headers["id"])
        hiccup("park.publish<" if parks else "give back.publish<")
        if fault == "answer lost":
            world.fired["broker: a confirmation was lost"] += 1
            now.sleep(_TIMEOUT)
            self._break(line)
        now.sleep(world.latency())
        if not line.alive:
            raise BrokerDown

    def _break(self, line: Line) -> None:
        self._world.broker.cut(line)
        raise BrokerDown


class BrokerClient(Broker):
    """The guard's own connection to the broker, in one process."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._process = process
        super().__init__(None)  # type: ignore[arg-type]

    def queue(self, name: str) -> Any:
        return _Queue(name)

    def _fresh_connection(self) -> Any:
        return _Connection(self._world, self._process)

    def close(self) -> None:
        with suppress(Killed):
            super().close()
