"""Ending the sessions in Redis, and what other clients notice of it, beside the guide's KEYS and Lua."""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis import Redis
from sqlalchemy import create_engine, text

from benchmarks.figures import Figure, Result, at_most
from benchmarks.fleet import Fleet
from benchmarks.numbers import percentile
from guard.core.sessions import GENERATION_FIELD
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guard import Guard

__all__ = ["measure"]

_PREFIX = "vedfolnir:session:"
_USERS, _ADMINS = 10_000, 100
_QUICK, _WHOLE = 20_000, 1_000_000
_QUIET_SECONDS = 5.0
_LONGEST_STALL_MS = 5.0
_GUIDE = """
local keys = redis.call('keys', 'vedfolnir:session:*')
local expired = 0
for i=1,#keys do
  if redis.call('ttl', keys[i]) == -1 then
    redis.call('del', keys[i])
    expired = expired + 1
  end
end
return expired
"""
"""operational-procedures.md, "Redis Optimization", as it stands."""


@dataclass
class Seen:
    """What the other client waited for, in ms, while something was done in `seconds`; and the longest single
    command, in ms by the server's own account."""

    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0
    command: float = 0.0

    @property
    def longest(self) -> float:
        """The longest wait."""
        return max(self.waits)


def measure(*, quick: bool) -> Result:
    """The same sessions twice: ended by the guard, and by the guide's script. BENCH_SESSIONS: how many."""
    number = int(os.environ.get("BENCH_SESSIONS", _QUICK if quick else _WHOLE))
    with Fleet("--slowlog-log-slower-than", "200", "--slowlog-max-len", "20000") as fleet:
        arm = fleet.arm(0, guarded=True)
        _, guard = arm.app()
        assert guard is not None
        _users(arm.environ["DATABASE_URL"])
        alone = _server_alone(fleet)
        # seconds for the script: it answers nobody until it is done
        with Redis.from_url(fleet.valkey.url(0), socket_timeout=600) as client:
            _fill(client, number)
            with _beside(fleet, "quiet") as quiet:
                time.sleep(_QUIET_SECONDS)
            client.slowlog_reset()
            with _beside(fleet, "guard") as ours:
                done = _end(guard)
            ours.seconds, ours.command = done, _longest_command(client)
            left: Any = client.dbsize()
            _fill(client, number)
            client.slowlog_reset()
            with _beside(fleet, "guide") as theirs:
                client.eval(_GUIDE, 0)
            theirs.command = _longest_command(client)
    return Result(
        title=f"Ending {number:,} sessions in Redis",
        figures=_figures(number, quiet, ours, theirs),
        notes=[
            "one pass: roles of 10,000 users from SQLite, 1 % of the sessions are admins' and stay",
            "other client: a process of its own that asks PING and waits 0.2 ms, all the while",
            "beside: the guide's EVAL with KEYS; the keys have no time to live, or it would delete none",
            f"the guard left {left} keys: admins' sessions and its own",
            f"the server has {'a processor of its own' if alone else 'to share its processor'}",
            f"longest stall with nothing going on: {quiet.longest:.1f} ms, so much may be the machine's own",
            "the guide's script deletes the admins' sessions too, and production servers disable it",
        ],
        raw={
            name: {"seconds": seen.seconds, "longest_ms": seen.longest, "pings": len(seen.waits)}
            for name, seen in (("quiet", quiet), ("guard", ours), ("guide", theirs))
        },
    )


def _figures(number: int, quiet: Seen, ours: Seen, theirs: Seen) -> list[Figure]:
    script = "KEYS and Lua"
    rates = number / ours.seconds, number / theirs.seconds
    return [
        Figure(
            name="sessions per second",
            value=rates[0],
            unit="/s",
            beside=rates[1],
            beside_is=script,
            ratio=rates[0] / rates[1],
        ),
        Figure(
            name="longest stall of another client",
            value=ours.longest,
            unit="ms",
            beside=theirs.longest,
            beside_is=script,
            ratio=ours.longest / theirs.longest,
            target=at_most(_LONGEST_STALL_MS),
            # What the machine alone makes a client wait for cannot be told from what we do.
            interval=(max(0.0, ours.longest - quiet.longest), ours.longest),
        ),
        Figure(
            name="longest command, by the server",
            value=ours.command,
            unit="ms",
            beside=theirs.command,
            beside_is=script,
        ),
        Figure(
            name="stall of another client, p99.9",
            value=percentile(ours.waits, 0.999),
            unit="ms",
            beside=percentile(quiet.waits, 0.999),
            beside_is="nothing going on",
        ),
    ]


def _server_alone(fleet: Fleet) -> bool:
    """Give the server one processor and everybody else the others, as if they were on other machines."""
    own, *others = sorted(os.sched_getaffinity(0))
    if not others:
        return False
    os.sched_setaffinity(fleet.valkey.process.pid, {own})
    for thread in (Path("/proc") / str(fleet.valkey.process.pid) / "task").iterdir():
        os.sched_setaffinity(int(thread.name), {own})
    os.sched_setaffinity(0, set(others))  # inherited by the other client
    return True


def _longest_command(client: Redis) -> float:
    """In ms; 0 when none took 0.2 ms."""
    entries: Any = client.slowlog_get(20_000)
    return max((entry["duration"] for entry in entries), default=0) / 1000


def _end(guard: Guard) -> float:
    done = guard.sessions.invalidate(by="benchmark")
    if not done.is_settled or not done.ended:
        raise SystemExit(f"the sessions were not ended: {done}")
    return done.seconds


@contextmanager
def _beside(fleet: Fleet, name: str) -> Iterator[Seen]:
    """Have the other client ask all the while."""
    stop, out = fleet.folder / f"{name}.stop", fleet.folder / f"{name}.json"
    argv = [sys.executable, "-m", "benchmarks.pinging", str(fleet.valkey.socket), str(stop), str(out)]
    fleet.run(f"pinging-{name}", argv, {})
    eventually(out.with_suffix(".ready").exists, within=20, what="the other client")
    seen = Seen()
    begun = time.perf_counter()
    yield seen
    seen.seconds = time.perf_counter() - begun
    stop.touch()
    eventually(out.exists, within=30, what="what the other client saw")
    seen.waits = [wait * 1000 for wait in json.loads(out.read_text("utf-8"))]


def _users(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE users (id INTEGER PRIMARY KEY, role VARCHAR(20))"))
        rows = [
            {"id": user_id, "role": "ADMIN" if user_id <= _ADMINS else "VIEWER"}
            for user_id in range(1, _USERS + 1)
        ]
        connection.execute(text("INSERT INTO users VALUES (:id, :role)"), rows)
    engine.dispose()


def _fill(client: Redis, number: int) -> None:
    """Put sessions there as the application writes them."""
    now = datetime.now(UTC).isoformat()
    for first in range(0, number, 10_000):
        pipe = client.pipeline(transaction=False)
        for place in range(first, min(first + 10_000, number)):
            session_id = str(uuid.uuid4())
            pipe.set(
                _PREFIX + session_id,
                f'{{"user_id": {place % _USERS + 1}, "platform_connection_id": null, "created_at": "{now}", '
                f'"session_id": "{session_id}", "{GENERATION_FIELD}": 0, "_last_updated": "{now}"}}',
            )
        pipe.execute()
