"""One process of many simulated agents: the real scripts and messages, hand-encoded, without the worker.

Each agent has a connection of its own and does on it what `guard.agent` does: it registers with its
card, renews every second ± 20 %, takes pushed records, waits out the fence, and acknowledges.
Simplified: one connection instead of two (RESP3 carries pushes and replies), no durable store, no
signature check, nothing in flight. Reads one line of JSON with its orders; a line "?" asks for totals.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import socket
import sys
import uuid
from collections import deque
from hashlib import sha1
from typing import Any

from guard.core.agents import AgentCard, AgentReport
from guard.gates.page import FENCE_SECONDS
from guard.store.redis.client import lua
from guard.store.redis.codec import card_text, report_text
from guard.store.redis.keys import Keys
from guard.store.redis.plane import FORGET_SILENT_MS

_RENEW, _JITTER, _TIMEOUT = 1.0, 0.2, 0.5
_QUEUES = ("captions", "images")
_TASKS = tuple(f"shop.jobs.task_{number}" for number in range(30))
_REPORT = report_text(AgentReport(cordoned=_QUEUES))


def command(*parts: object) -> bytes:
    """One command as Redis reads it."""
    texts = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"*%d\r\n" % len(texts) + b"".join(b"$%d\r\n%b\r\n" % (len(text), text) for text in texts)


def parse(data: bytes, at: int) -> tuple[Any, int]:
    """One reply and where the next begins. Raises ValueError when it is not all there yet."""
    end = data.index(b"\r\n", at)
    kind, head, at = data[at : at + 1], data[at + 1 : end], end + 2
    if kind in b"$=":
        size = int(head)
        if size < 0:
            return None, at
        if len(data) < at + size + 2:
            raise ValueError("incomplete")
        return data[at : at + size], at + size + 2
    if kind in b"*>~%":
        items = []
        for _ in range(int(head) * (2 if kind == b"%" else 1)):
            item, at = parse(data, at)
            items.append(item)
        return (tuple(items) if kind == b">" else items), at
    if kind == b"-":
        raise SystemExit(f"Redis refused: {head.decode()}")
    return (int(head) if kind == b":" else head), at


class Swarm:
    """What the agents of one process share: encoded commands, records read once, totals."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self.orders = orders
        self.keys = keys = Keys(orders["namespace"])
        renew = (keys.state, keys.agents, keys.seen, keys.registry, keys.reports, keys.acks, keys.waiting)
        self.renew = ("EVALSHA", sha1(lua("renew").encode()).hexdigest(), len(renew), *renew)  # noqa: S324
        acknowledge = (keys.state, keys.acks, keys.waiting, keys.reports, keys.agents)
        self.acknowledge = (
            *("EVALSHA", sha1(lua("acknowledge").encode()).hexdigest()),  # noqa: S324
            *(len(acknowledge), *acknowledge),
        )
        self.totals = {"renewals": 0, "late": 0, "acknowledged": 0}
        self._records: dict[bytes, tuple[int, bool]] = {}

    def read(self, record: bytes) -> tuple[int, bool]:
        """Epoch of a record, and whether it opens the gate."""
        if record not in self._records:
            fields = json.loads(record)
            self._records[record] = fields["epoch"], fields["phase"] in {"inactive", "releasing"}
        return self._records[record]


class SimulatedAgent(asyncio.Protocol):
    """One agent on one connection. Replies come in the order of what was asked."""

    def __init__(self, swarm: Swarm, number: int) -> None:
        self._swarm = swarm
        self._loop = asyncio.get_running_loop()
        self._id = str(uuid.uuid4())
        self._card = AgentCard(
            agent_id=self._id,
            role="worker",
            node=f"worker-{number}@simulated",
            host="simulated",
            pid=number,
            pool="prefork",
            slots=4,
            queues=_QUEUES,
            tasks=_TASKS,
            terminable=True,
        )
        self._renew_open = self._renewal_with("", "")
        self._renew_closed = self._renewal_with("", _REPORT)
        self._data = b""
        self._epoch, self._open, self._acknowledged = -1, True, False
        self._asked: deque[float] = deque()
        self.registered = self._loop.create_future()

    def connection_made(self, transport: Any) -> None:
        """Introduce ourselves, subscribe, register."""
        swarm, self._transport = self._swarm, transport
        transport.write(
            command("HELLO", 3, "SETNAME", f"guard-worker:{self._card.pid}")
            + command("SELECT", swarm.orders["db"])
            + command("SUBSCRIBE", swarm.keys.wake)
            + self._renewal_with(card_text(self._card), "")
        )
        self._asked.append(self._loop.time())

    def data_received(self, data: bytes) -> None:
        """Take every whole reply."""
        data, at = self._data + data, 0
        while at < len(data):
            try:
                reply, at = parse(data, at)
            except ValueError:
                break
            self._take(reply)
        self._data = data[at:]

    def _take(self, reply: Any) -> None:
        if isinstance(reply, tuple):
            if reply[0] == b"message":
                epoch, opens = self._swarm.read(reply[2])
                # A push may close at once; to open, the agent asks.
                self._renew() if opens else self._adopt(epoch, opens)
        elif isinstance(reply, list) and len(reply) == 2:
            self._swarm.totals["renewals"] += 1
            self._swarm.totals["late"] += self._loop.time() - self._asked.popleft() > _TIMEOUT
            self._adopt(*self._swarm.read(reply[0]))
            if not self.registered.done():
                self.registered.set_result(None)
                self._renew_later()
        elif isinstance(reply, int):
            self._swarm.totals["acknowledged"] += 1
            self._acknowledged = reply >= 0

    def _adopt(self, epoch: int, opens: bool) -> None:
        if epoch > self._epoch:
            self._epoch, self._open, self._acknowledged = epoch, opens, False
            self._loop.call_later(FENCE_SECONDS, self._acknowledge, epoch)

    def _acknowledge(self, epoch: int) -> None:
        if epoch == self._epoch:
            swarm = self._swarm
            args = (self._id, epoch, _REPORT, swarm.keys.acknowledged)
            self._transport.write(command(*swarm.acknowledge, *args))

    def _renewal_with(self, card: str, report: str) -> bytes:
        swarm = self._swarm
        return command(*swarm.renew, self._id, card, report, swarm.orders["server"], FORGET_SILENT_MS)

    def _renew(self) -> None:
        self._asked.append(self._loop.time())
        closed = not self._open and self._acknowledged
        self._transport.write(self._renew_closed if closed else self._renew_open)

    def _renew_later(self) -> None:
        self._loop.call_later(_RENEW + random.uniform(-_JITTER, _JITTER) * _RENEW, self._renew_in_turn)

    def _renew_in_turn(self) -> None:
        self._renew()
        self._renew_later()


async def serve() -> None:
    """Start the agents, say "ready", and answer until the input ends."""
    orders = json.loads(sys.stdin.readline())
    swarm, loop = Swarm(orders), asyncio.get_running_loop()
    agents = []
    for number in range(orders["first"], orders["first"] + orders["agents"]):
        # A full backlog of a unix socket makes a non-blocking connect fail, so this one blocks.
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(orders["socket"])
        sock.setblocking(False)
        _, agent = await loop.create_connection(lambda n=number: SimulatedAgent(swarm, n), sock=sock)
        agents.append(agent)
        await agent.registered
    print("ready", flush=True)
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while await lines.readline():
        print(json.dumps(swarm.totals), flush=True)


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(serve())
