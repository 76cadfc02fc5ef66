"""A TCP proxy with faults that can be switched while connections live, as toxiproxy has them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from pathlib import Path
from typing import Self

CHUNK = 65536
HELD_BACK = 0.02


class Toxic:
    """Listens on 127.0.0.1:`port` and passes bytes to `upstream`: a (host, port) or a unix socket's path.

    Switches, to be set at any time: `latency` seconds per chunk and direction; `rate` bytes per second;
    `blackhole` takes bytes and holds them back; `cut_after` bytes in one direction, then a reset;
    `down` resets all connections and every new one. The loop runs in a thread of its own, which only
    reads the switches.
    """

    def __init__(self, upstream: tuple[str, int] | Path) -> None:
        self.upstream = upstream
        self.latency = 0.0
        self.rate = 0
        self.blackhole = False
        self.cut_after: int | None = None
        self.port = 0
        self._down = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="toxic", daemon=True)

    def start(self) -> Self:
        """Open the port."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)
        return self

    @property
    def down(self) -> bool:
        """Whether everybody is turned away."""
        return self._down

    @down.setter
    def down(self, value: bool) -> None:
        self._down = value
        if value:
            self.reset_all()

    def reset_all(self) -> None:
        """Reset the connections of this moment; new ones pass. Returns when it is done."""
        asyncio.run_coroutine_threadsafe(self._reset_these(self._writers), self._loop).result(5)

    def close(self) -> None:
        """Close the port and all connections."""
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._down:
            _reset(writer)
            return
        try:
            up_reader, up_writer = await self._connect()
        except OSError:
            _reset(writer)
            return
        both = {writer, up_writer}
        self._writers |= both
        ways = ((reader, up_writer), (up_reader, writer))
        pumps = [asyncio.create_task(self._pump(*way, both)) for way in ways]
        try:
            # when one direction ends, the other has nobody to talk to
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            self._writers -= both
            for one in both:
                one.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.upstream, Path):
            return await asyncio.open_unix_connection(str(self.upstream))
        return await asyncio.open_connection(*self.upstream)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, both: set[asyncio.StreamWriter]
    ) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                while self.blackhole:  # noqa: ASYNC110 - a switch set from another thread, not an event
                    await asyncio.sleep(HELD_BACK)
                await asyncio.sleep(self.latency + (len(data) / self.rate if self.rate else 0.0))
                passed += len(data)
                if self.cut_after is not None and passed > self.cut_after:
                    await self._reset_these(both)
                    return
                writer.write(data)
                await writer.drain()

    async def _reset_these(self, writers: set[asyncio.StreamWriter]) -> None:
        for writer in list(writers):
            _reset(writer)
        await asyncio.sleep(0)  # the loop closes an aborted socket in its next round

    async def _shut(self) -> None:
        self._server.close()
        await self._reset_these(self._writers)
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # as above


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset (RST) instead of an orderly end, dropping what was not sent yet."""
    linger = struct.pack("ii", 1, 0)
    with contextlib.suppress(OSError):  # the other side may have closed it already
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
