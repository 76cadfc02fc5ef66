"""A server whose file a full disk has damaged comes back."""

from __future__ import annotations

from tests.stress.servers import _KEPT, Servers
from tests.support.require import require_server
from tests.support.valkey import Valkey


def test_an_append_only_file_with_damage_in_the_middle() -> None:
    require_server("redis")
    with Valkey(extra=_KEPT) as server:
        with server.client() as client:
            client.set("before", "1")
        server.crash()
        (file,) = server.directory.glob("appendonlydir/*.incr.aof")
        with file.open("ab") as damaged:
            damaged.write(b"*3\r\n$3\r\nSET\r\n$5\r\nha*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n" * 3)
        Servers.revive(server)
        with server.client() as client:
            assert client.get("before") == "1"
