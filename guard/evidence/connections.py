"""Every network connection of this machine that we may see."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from guard.evidence.parts import Missing, Part
from guard.evidence.processes import psutil

if TYPE_CHECKING:
    from guard.evidence.sink import Sink

__all__ = ["connections_part"]


def connections_part() -> Part:
    """One connection or listener per line. Whose it is, only root sees of others' processes."""
    return Part(name="connections", file="connections.jsonl", collect=_collect)


def _collect(sink: Sink) -> str:
    import json

    library = psutil()
    try:
        found = library.net_connections(kind="inet")
    except library.AccessDenied as error:
        raise Missing("this system shows connections to root alone: run it with sudo") from error
    for one in found:
        facts: dict[str, Any] = {
            "type": one.type.name,
            "local": _place(one.laddr),
            "remote": _place(one.raddr),
            "status": one.status,
            "pid": one.pid,
        }
        sink.write(json.dumps(facts).encode() + b"\n")
    return "" if os.geteuid() == 0 else "not root: of others' connections their processes are unknown"


def _place(address: Any) -> str | None:
    return f"{address.ip} {address.port}" if address else None
