"""Redis: what it says of itself, who is connected, and a snapshot that it is asked to write to its own disk.

The snapshot stays where the server keeps it: nobody but the server can read it there, and copying it over the
network would take what is to be kept from the memory of a server in trouble.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError, ResponseError

from guard.evidence.parts import Missing, Part
from guard.store.redis.client import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from redis import Redis

    from guard.evidence.sink import Sink

__all__ = ["redis_parts"]

_SECONDS = 3.0
_LOOK_EVERY = 0.2


def redis_parts(name: str, address: str) -> list[Part]:
    """The three parts of one server.

    Args:
        address: as `guard.store.redis.client.redis_url` takes it.
    """

    def asking(ask: Callable[[Redis, Sink], Any]) -> Callable[[Sink], str]:
        def collect(sink: Sink) -> str:
            try:
                with connect(address, timeout=_SECONDS, name="guard-evidence") as client:
                    said = ask(client, sink)
            except ResponseError as error:
                raise Missing(f"the server does not let us: {_first_words(error)}") from error
            except (RedisError, OSError) as error:
                raise Missing(f"the server does not answer ({type(error).__name__})") from error
            sink.write(json.dumps(said, indent=2, default=str).encode() + b"\n")
            return str(said.get("note", "")) if isinstance(said, dict) else ""

        return collect

    return [
        Part(name=f"{name}-info", file=f"{name}-info.json", collect=asking(_info)),
        Part(name=f"{name}-clients", file=f"{name}-clients.json", collect=asking(_clients)),
        Part(name=f"{name}-snapshot", file=f"{name}-snapshot.json", collect=asking(_snapshot)),
    ]


def _info(client: Redis, _sink: Sink) -> Any:
    return client.info("all")


def _clients(client: Redis, _sink: Sink) -> Any:
    return client.client_list()


def _snapshot(client: Redis, sink: Sink) -> dict[str, Any]:
    """Ask for one and wait for its end."""
    before = _last_save(client)
    asked = _ask(client, sink)
    while _is_saving(client, before):
        sink.wait(_LOOK_EVERY)
    state = _persistence(client)
    after = _last_save(client)
    status = state.get("rdb_last_bgsave_status")
    if status not in {None, "ok"}:
        raise Missing(f"the server could not write it ({str(status)[:40]}): see its log")
    return {
        "asked": asked,
        "last_save_before": before,
        "last_save_after": after,
        "persistence": state,
        "note": "the snapshot is on the server's own disk, where its configuration says",
    }


def _ask(client: Redis, sink: Sink) -> str:
    """Ask; when another one is under way, which began earlier, wait for that and ask once more."""
    for _ in range(2):
        try:
            return str(_command(client, "BGSAVE"))
        except ResponseError as error:
            if "in progress" not in str(error).lower():
                raise
        while _persistence(client).get("rdb_bgsave_in_progress"):
            sink.wait(_LOOK_EVERY)
    raise Missing("the server was busy with another snapshot, twice")


def _is_saving(client: Redis, before: Any) -> bool:
    state = _persistence(client)
    if "rdb_bgsave_in_progress" in state:
        return bool(state["rdb_bgsave_in_progress"])
    now = _last_save(client)  # INFO is not allowed: seconds are all there is to go by
    return now is not None and now == before


def _last_save(client: Redis) -> Any:
    try:
        return _command(client, "LASTSAVE")
    except ResponseError:
        return None


def _command(client: Any, name: str) -> Any:
    return client.execute_command(name)


def _persistence(client: Redis) -> dict[str, Any]:
    try:
        found: Iterable[tuple[str, Any]] = client.info("persistence").items()
    except ResponseError:
        return {}
    return {name: value for name, value in found if name.startswith("rdb_")}


def _first_words(error: ResponseError) -> str:
    # After the command's name the server repeats what it was sent.
    return " ".join(str(error).split(",")[0].split())[:120]
