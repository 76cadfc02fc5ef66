"""The doers of each port, made alike, so that one suite can run on all of them."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from guard.clock import SystemClock
from guard.core import changes
from guard.core.agents import AgentCard, AgentReport, RunningJob
from guard.core.changes import WindowRequest
from guard.core.headers import ORIGINAL
from guard.core.history import AuditRecord
from guard.core.modes import Mode
from guard.core.parked import ParkedJob
from guard.core.state import GuardState
from guard.store.redis import keys as keys_module
from guard.store.redis.keys import Keys
from guard.store.redis.plane import RedisControlPlane
from guard.store.sql.store import SqlStore
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redis import Redis

    from guard.ports import ControlPlane, DurableStore
    from tests.support.valkey import Valkey

KEYS = Keys("guard")
SECRET = b"a key of sixteen"
STORE_ID = "store-1"
START = 1_700_000_000.25
REQUEST = WindowRequest(mode=Mode.NORMAL, reason="Umzug 🚚", duration=3600, by="ops")
CARD = AgentCard(
    agent_id="agent-1",
    role="worker",
    node="celery@one",
    host="one",
    pid=17,
    pool="prefork",
    slots=4,
    queues=("images", "default"),
    tasks=("tasks.images.optimize",),
    terminable=True,
)
REPORT = AgentReport(
    running=(RunningJob(task_id="t-1", task="tasks.images.optimize", since=START),),
    reserved=3,
    cordoned=("images",),
    lost_slots=1,
    ending=1,
    queues=("default", "images"),
)


@dataclass
class HandClock:
    """A clock that goes on when it is told to."""

    now: float = 1_000.0

    def wall(self) -> float:
        return START + self.now

    def boot(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def first() -> GuardState:
    return GuardState.first(STORE_ID, START)


def closed(after: GuardState, window_id: str = "w-1") -> GuardState:
    return changes.close(after, REQUEST, window_id=window_id, now=after.changed_at + 1)


def at_epoch(epoch: int) -> GuardState:
    return replace(closed(first()), epoch=epoch, changed_at=START + epoch)


def card(agent_id: str) -> AgentCard:
    return replace(CARD, agent_id=agent_id)


def parked_job(task_id: str = "t-1", **changed: object) -> ParkedJob:
    job = ParkedJob(
        park_id=f"park-{task_id}",
        task_id=task_id,
        task="tasks.images.optimize",
        operation="image_processing",
        queue="images",
        retries=0,
        publication=f"pub-{task_id}",
        generation=ORIGINAL,
        parked_at=START,
        window_id="w-1",
        worker="celery@one",
        eta="2026-01-01T00:00:00+00:00",
        properties={"priority": 5, "correlation_id": task_id},
    )
    return replace(job, **changed)  # type: ignore[arg-type]


def record_of(state: GuardState, action: str, **detail: object) -> AuditRecord:
    """A journal line as `guard.orchestrator.changes` writes it."""
    return AuditRecord(
        at=state.changed_at,
        actor=state.by,
        action=action,
        epoch=state.epoch,
        outcome="done",
        detail={"window_id": state.window_id, **detail},
    )


def opened(store: DurableStore, window_id: str = "w-1") -> GuardState:
    """Open a window as the conductor does."""
    old = store.read()
    state = closed(old, window_id)
    detail = {"mode": REQUEST.mode.value, "reason": REQUEST.reason, "duration": REQUEST.duration}
    store.change(old.epoch, state, record_of(state, "enable", **detail))
    return state


def ended(store: DurableStore) -> GuardState:
    """End the open window as the conductor does, parked jobs and all."""
    old = store.read()
    releasing = changes.release(old, by="eve", now=old.changed_at + 60)
    store.change(old.epoch, releasing, record_of(releasing, "disable"))
    over = changes.finish_release(releasing, now=old.changed_at + 61)
    store.change(releasing.epoch, over, record_of(over, "released"))
    return releasing


@dataclass
class Plane:
    """A control plane under test, with a second connection to the same one, and time."""

    one: ControlPlane
    two: ControlPlane
    pass_time: Callable[[float], None]
    forget: Callable[[], None]
    client: Redis | None = field(default=None)


def redis_plane(url: str, *, secret: bytes | None = SECRET, timeout: float = 2.0) -> RedisControlPlane:
    return RedisControlPlane(url, KEYS, secret=secret, timeout=timeout, name="contract")


@contextmanager
def on_redis(server: Valkey) -> Iterator[tuple[str, Redis]]:
    """An empty database, and afterwards the check that every key in it is one that `keys.py` lists."""
    number = server.fresh_db()
    with server.client(number) as client:
        yield server.url(number), client
        assert_keys_listed(client)


@contextmanager
def plane_on(server: Valkey) -> Iterator[Plane]:
    with on_redis(server) as (url, client):
        one, two = redis_plane(url), redis_plane(url)

        def pass_time(seconds: float) -> None:
            before = client.time()
            eventually(lambda: _seconds(client.time()) - _seconds(before) >= seconds, what="time to pass")

        yield Plane(one, two, pass_time, client.flushdb, client)
        one.close()
        two.close()


def _seconds(moment: object) -> float:
    assert isinstance(moment, tuple)
    return int(moment[0]) + int(moment[1]) / 1e6


@contextmanager
def sql_store(url: str, *, auto_migrate: bool = True, timeout: float = 3.0) -> Iterator[SqlStore]:
    store = SqlStore(url, clock=SystemClock(), auto_migrate=auto_migrate, timeout=timeout)
    try:
        yield store
    finally:
        store.engine.dispose()


LISTED = re.compile(r"^    \{ns\}:(.+?)\s+(hash|set|zset|string|list)\s+(none|\d+ \w+)\s")


def listed_keys() -> dict[str, tuple[str, str]]:
    """Pattern of each key in the docstring of keys.py -> type and time to live."""
    found = [LISTED.match(line) for line in (keys_module.__doc__ or "").splitlines()]
    return {match[1]: (match[2], match[3]) for match in found if match}


def assert_keys_listed(client: Redis) -> None:
    """Every key is in the docstring of keys.py with its type, and lives as long as it says."""
    patterns = {
        re.compile(r"\{guard\}:" + re.sub(r"<[^>]+>", ".+", pattern)): kind
        for pattern, kind in listed_keys().items()
    }
    for key in client.scan_iter(count=1000):
        kinds = [kind for pattern, kind in patterns.items() if pattern.fullmatch(str(key))]
        assert kinds, f"key {key} is not listed in guard/store/redis/keys.py"
        real, ttl = client.type(key), int(client.ttl(key))
        wanted, lives = kinds[0]
        assert real == wanted, f"key {key} is a {real}, not a {wanted}"
        if lives == "none":
            assert ttl == -1, f"key {key} is permanent by the list and ends in {ttl} s"
        else:
            number, unit = lives.split()
            longest = int(number) * {"s": 1, "min": 60, "days": 86_400}[unit]
            assert 0 <= ttl <= longest, f"key {key} has a TTL of {ttl} s, by the list {lives}"
